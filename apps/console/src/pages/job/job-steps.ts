/**
 * How far a job has come with a server, from the job's log: the API tells events, people think in steps.
 * Pure.  S1  A step is under way from its beginning until its end, its failure, or the failure of the
 * launch. S2  After a failure nothing more is done for the server: what was to come is left out. S3  What
 * a launch does without is not its failure: an older machine that cannot be ended yet, or an older point
 * where no new one could be taken. Such a step is done, with a remark. S4  What takes no time to speak of,
 * choosing a launch host and working out the machine, is a step only where it failed.
 */
import type { Mgn } from '@landfall/api/types';
import { JOB_LOG_EVENTS } from '@landfall/model';

export const JOB_STEPS = [
  'PLAN',
  'BOOT_PROOF',
  'CLEANUP',
  'SNAPSHOT',
  'SPECIFICATION',
  'CONVERSION',
  'LAUNCH',
  'POST_LAUNCH',
] as const;
export type JobStepName = (typeof JOB_STEPS)[number];
export type JobStepStatus = 'AHEAD' | 'UNDER_WAY' | 'DONE' | 'FAILED' | 'LEFT_OUT';

export interface JobStep {
  readonly name: JobStepName;
  readonly status: JobStepStatus;
  readonly beganMs?: number;
  readonly endedMs?: number;
  /** What went wrong, or what is to be known though nothing did. */
  readonly remark?: string;
}

export interface JobProgress {
  readonly job: Mgn.Job;
  readonly log: readonly Mgn.JobLog[];
}

type LogEvent = (typeof JOB_LOG_EVENTS)[number];

/** Names of newer releases are none of ours; ours are more than the public API's. */
export function eventOf({ event }: Mgn.JobLog): LogEvent | undefined {
  const name: string | undefined = event;
  return JOB_LOG_EVENTS.find((one) => one === name);
}

export function stepsOf({ job, log }: JobProgress, sourceServerID: string): readonly JobStep[] {
  const own = log.filter(({ eventData }) => eventData?.sourceServerID === sourceServerID);
  const participant = job.participatingServers?.find((one) => one.sourceServerID === sourceServerID);
  const steps: JobStep[] = [];
  for (const name of planOf(job, own, participant)) {
    const isOver = steps.some(({ status }) => status === 'FAILED');
    const step = stepOf(name, { job, own, participant });
    steps.push(isOver ? { name, status: 'LEFT_OUT' } : step);
  }
  return withFailureWithoutStep(steps, own);
}

/** Of the steps after the plan; each says that it begins, but for a proof that could not. */
const BEGUN = ['BOOT_PROOF_START', 'BOOT_PROOF_FAIL', 'CLEANUP_START', 'SNAPSHOT_START'] as const;

/** What every launch does, and what this one does besides. */
function planOf(
  { type }: Mgn.Job,
  own: readonly Mgn.JobLog[],
  participant: Mgn.ParticipatingServer | undefined,
): readonly JobStepName[] {
  if (type === 'TERMINATE') return ['CLEANUP'];
  const has = (...events: readonly LogEvent[]) =>
    own.some((entry) => events.some((event) => eventOf(entry) === event));
  const hasFailed = has('LAUNCH_FAILED');
  return JOB_STEPS.filter((name) => {
    if (name === 'PLAN') return hasFailed && !has(...BEGUN);
    if (name === 'SPECIFICATION') return hasFailed && has('SNAPSHOT_END') && !has('CONVERSION_START');
    if (name === 'BOOT_PROOF') return has('BOOT_PROOF_START', 'BOOT_PROOF_FAIL');
    if (name === 'CLEANUP') return has('CLEANUP_START');
    return name !== 'POST_LAUNCH' || participant?.postLaunchActionsStatus !== undefined;
  });
}

interface ServerFacts {
  readonly job: Mgn.Job;
  readonly own: readonly Mgn.JobLog[];
  readonly participant: Mgn.ParticipatingServer | undefined;
}

function stepOf(name: JobStepName, { job, own, participant }: ServerFacts): JobStep {
  // S4: which of them failed is told by what was begun (`withFailureWithoutStep`).
  if (name === 'PLAN' || name === 'SPECIFICATION') return { name, status: 'AHEAD' };
  if (name === 'LAUNCH') return launchStep(own, participant);
  if (name === 'POST_LAUNCH') return postLaunchStep(participant);
  const find = (suffix: string) => own.find((entry) => eventOf(entry) === `${name}_${suffix}`);
  const [start, end, fail] = [find('START'), find('END'), find('FAIL')];
  // S3
  const goesOn =
    (name === 'CLEANUP' && job.type === 'LAUNCH') ||
    (name === 'SNAPSHOT' && own.some((entry) => eventOf(entry) === 'USING_PREVIOUS_SNAPSHOT'));
  const isDone = end !== undefined || (fail !== undefined && name === 'CLEANUP');
  const hasFailed = fail !== undefined && !goesOn;
  const status = hasFailed ? 'FAILED' : isDone ? 'DONE' : start === undefined ? 'AHEAD' : 'UNDER_WAY';
  return stepWith(name, status, {
    start,
    end: end ?? (status === 'UNDER_WAY' ? undefined : fail),
    told: fail,
  });
}

function launchStep(own: readonly Mgn.JobLog[], participant: Mgn.ParticipatingServer | undefined): JobStep {
  const start = own.find((entry) => eventOf(entry) === 'LAUNCH_START');
  const fail = own.find((entry) => eventOf(entry) === 'LAUNCH_FAILED');
  if (start === undefined) return { name: 'LAUNCH', status: 'AHEAD' };
  if (fail !== undefined && !hasBegunActions(participant))
    return stepWith('LAUNCH', 'FAILED', { start, end: fail, told: fail });
  const isDone = participant?.launchStatus === 'LAUNCHED' || hasBegunActions(participant);
  return stepWith('LAUNCH', isDone ? 'DONE' : 'UNDER_WAY', { start, told: start });
}

function hasBegunActions(participant: Mgn.ParticipatingServer | undefined): boolean {
  return participant?.postLaunchActionsStatus?.ssmAgentDiscoveryDatetime !== undefined;
}

function postLaunchStep(participant: Mgn.ParticipatingServer | undefined): JobStep {
  const { ssmAgentDiscoveryDatetime: began, postLaunchActionsLaunchStatusList: actions = [] } =
    participant?.postLaunchActionsStatus ?? {};
  const failed = actions.find(({ executionStatus }) => executionStatus === 'FAILED');
  const isDone = participant?.launchStatus === 'LAUNCHED';
  const hasFailed = participant?.launchStatus === 'FAILED';
  const status = hasFailed
    ? 'FAILED'
    : isDone
      ? 'DONE'
      : hasBegunActions(participant)
        ? 'UNDER_WAY'
        : 'AHEAD';
  return {
    name: 'POST_LAUNCH',
    status,
    ...(began === undefined ? {} : { beganMs: Date.parse(began) }),
    ...(failed?.failureReason === undefined ? {} : { remark: failed.failureReason }),
  };
}

/** A launch can fail between two steps, or before the first: then it is the next one that was not begun. */
function withFailureWithoutStep(steps: readonly JobStep[], own: readonly Mgn.JobLog[]): readonly JobStep[] {
  const fail = own.find((entry) => eventOf(entry) === 'LAUNCH_FAILED');
  if (fail === undefined || steps.some(({ status }) => status === 'FAILED')) return steps;
  const at = steps.findIndex(({ status }) => status === 'UNDER_WAY' || status === 'AHEAD');
  return steps.map((step, index) => {
    if (index < at) return step;
    if (index > at) return { name: step.name, status: 'LEFT_OUT' };
    return { ...step, ...stepWith(step.name, 'FAILED', { end: fail, told: fail }) };
  });
}

interface Marks {
  readonly start?: Mgn.JobLog | undefined;
  readonly end?: Mgn.JobLog | undefined;
  readonly told?: Mgn.JobLog | undefined;
}

function stepWith(name: JobStepName, status: JobStepStatus, { start, end, told }: Marks): JobStep {
  const remark = told?.eventData?.rawError;
  return {
    name,
    status,
    ...(start?.logDateTime === undefined ? {} : { beganMs: Date.parse(start.logDateTime) }),
    ...(end?.logDateTime === undefined ? {} : { endedMs: Date.parse(end.logDateTime) }),
    ...(remark === undefined ? {} : { remark }),
  };
}

export interface JobFailure {
  readonly sourceServerID: string;
  readonly step: JobStepName | undefined;
  readonly rawError: string;
  readonly earlierMachine: EarlierMachine;
}

/** What became of the machine that the server had before: a launch ends it, and may fail after that. */
export type EarlierMachine = 'UNTOUCHED' | 'ENDED' | 'NOT_ENDED';

/** Of each server that failed, the step it failed in and why. */
export function failuresOf(progress: JobProgress): readonly JobFailure[] {
  const { participatingServers = [] } = progress.job;
  const failed = participatingServers.filter(({ launchStatus }) => launchStatus === 'FAILED');
  return failed.map(({ sourceServerID }) => {
    const steps = stepsOf(progress, sourceServerID);
    const step = steps.find(({ status }) => status === 'FAILED');
    // A post-launch action tells what it said; the launch tells the code, too.
    const told = progress.log.find(
      (entry) => eventOf(entry) === 'LAUNCH_FAILED' && entry.eventData?.sourceServerID === sourceServerID,
    );
    const rawError = told?.eventData?.rawError ?? step?.remark ?? '';
    return { sourceServerID, step: step?.name, rawError, earlierMachine: earlierMachineOf(steps) };
  });
}

function earlierMachineOf(steps: readonly JobStep[]): EarlierMachine {
  const cleanup = steps.find(({ name }) => name === 'CLEANUP');
  if (cleanup === undefined || cleanup.status === 'LEFT_OUT') return 'UNTOUCHED';
  return cleanup.status === 'DONE' && cleanup.remark === undefined ? 'ENDED' : 'NOT_ENDED';
}

/** What is done for a server now: the step under way, or the next. */
export function currentStep(steps: readonly JobStep[]): JobStepName | undefined {
  const open = steps.find(({ status }) => status === 'UNDER_WAY' || status === 'FAILED');
  return (open ?? steps.find(({ status }) => status === 'AHEAD'))?.name;
}
