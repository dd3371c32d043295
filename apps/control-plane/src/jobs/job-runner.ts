/**
 * Runs jobs: per participating server a list of named, idempotent steps, servers side by side.
 *
 * J1 A step is recorded before it runs; its result is recorded with its end.
 * J2 After a restart a server goes on at the first step that has no end; steps that ended do not run again.
 * J3 After `close` nothing is written any more: what was running counts as cut off, like in a crash.
 * J4 A job ends COMPLETED whatever became of its servers; a server's failure is its own.
 */

import type { JobLogEvent } from '@landfall/model';
import { type Clock, describeError, type Logger, OperationError } from '@landfall/runtime';
import { openResult, sealResult } from '../identity/script-secrets.ts';
import type { SecretVault } from '../identity/secret-vault.ts';
import { beginStep, endStep, listSteps } from '../store/job-steps.ts';
import {
  appendJobLog,
  findJob,
  type JobRecord,
  listJobServers,
  listUnfinishedJobs,
  setJobStatus,
} from '../store/jobs.ts';
import type { Store } from '../store/store.ts';
import { isStoreAway, STORE_AWAY_PAUSE_MS } from '../store/store-away.ts';

/** What the steps of one server have found so far: the results of all ended steps together. */
export type StepState = Readonly<Record<string, unknown>>;

export interface StepRun {
  readonly job: JobRecord;
  readonly sourceServerId: string;
  readonly signal: AbortSignal;
  /** Adds to the job's log, once per event and server however often the step runs. */
  log(event: JobLogEvent, eventData?: Readonly<Record<string, unknown>>): Promise<void>;
}

export interface Step<State extends object> {
  readonly name: string;
  run(run: StepRun, state: Partial<State>): Promise<Partial<State>>;
}

export interface JobPlan<State extends object> {
  readonly steps: readonly Step<State>[];
  /** All steps ended well. Idempotent. */
  succeed(run: StepRun, state: Partial<State>): Promise<void>;
  /** A step failed for good. Idempotent. */
  fail(run: StepRun, state: Partial<State>, failure: StepFailure): Promise<void>;
}

export interface StepFailure {
  readonly step: string;
  readonly rawError: string;
}

/** A plan whose state type only its own steps know. */
export interface RunnablePlan {
  /** In the order in which they run. */
  readonly stepNames: readonly string[];
  run(run: StepRun, progress: StepProgress): Promise<void>;
}

interface StepProgress {
  readonly ended: ReadonlyMap<string, { readonly failed: boolean; readonly result: StepState }>;
  begin(name: string): Promise<void>;
  end(name: string, status: 'DONE' | 'FAILED', result: object): Promise<void>;
}

export interface JobRunner {
  /** Runs a job that is in the store; returns at once. */
  start(jobId: string): void;
  /** Starts every job that a former process left unfinished. */
  resume(): Promise<void>;
  /** Cuts off everything that runs. */
  close(): Promise<void>;
}

export interface JobRunnerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  /** Of what steps keep of scripts (I9). */
  readonly vault: SecretVault;
  readonly planFor: (job: JobRecord) => RunnablePlan;
}

export function createJobRunner(options: JobRunnerOptions): JobRunner {
  const closing = new AbortController();
  const running = new Map<string, Promise<void>>();
  const start = (jobId: string) => {
    if (running.has(jobId) || closing.signal.aborted) return;
    const work = runToEnd(options, jobId, closing.signal)
      .catch((error: unknown) => {
        if (!closing.signal.aborted) options.log.error('job-broken', { jobId, error });
      })
      .finally(() => running.delete(jobId));
    running.set(jobId, work);
  };
  return {
    start,
    resume: async () => {
      for (const job of await listUnfinishedJobs(options.store.db)) start(job.jobId);
    },
    close: async () => {
      closing.abort(
        new OperationError('SHUTTING_DOWN', 'the control plane is stopping', { retryable: true }),
      );
      await Promise.all(running.values());
    },
  };
}

/** A store that is away is waited for; then the job goes on as after a crash (J2). */
async function runToEnd(options: JobRunnerOptions, jobId: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      return await runJob(options, jobId, signal);
    } catch (error) {
      if (signal.aborted || !isStoreAway(error)) throw error;
      options.log.warn('job-interrupted', { jobId, error });
    }
    await options.clock.sleep(STORE_AWAY_PAUSE_MS, signal);
  }
}

async function runJob(options: JobRunnerOptions, jobId: string, signal: AbortSignal): Promise<void> {
  const { store, clock } = options;
  const job = await findJob(store.db, jobId);
  if (job === undefined || job.status === 'COMPLETED') return;
  await store.transaction((tx) => setJobStatus(tx, jobId, { status: 'STARTED' }));
  const servers = await listJobServers(store.db, jobId);
  const plan = options.planFor(job);
  const settled = await Promise.allSettled(
    servers.map((server) => runServer(options, { job, plan, signal }, server.sourceServerId)),
  );
  if (signal.aborted) return;
  // Only now: no server of a job that is run again may still be running.
  const failure = settled.find((one) => one.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
  await store.transaction(async (tx) => {
    const endedAtMs = clock.nowMs();
    await appendJobLog(tx, {
      jobId,
      onceKey: 'JOB_END',
      loggedAtMs: endedAtMs,
      event: 'JOB_END',
      eventData: {},
    });
    await setJobStatus(tx, jobId, { status: 'COMPLETED', endedAtMs });
  });
}

interface ServerWork {
  readonly job: JobRecord;
  readonly plan: RunnablePlan;
  readonly signal: AbortSignal;
}

async function runServer(options: JobRunnerOptions, work: ServerWork, sourceServerId: string): Promise<void> {
  const { store, clock, vault } = options;
  const { jobId } = work.job;
  const keyOf = (name: string) => ({ jobId, sourceServerId, name });
  const steps = await listSteps(store.db, jobId, sourceServerId);
  const ended = steps.filter((step) => step.status !== 'STARTED');
  const whenOpen = async (write: () => Promise<void>) => {
    work.signal.throwIfAborted();
    await write();
  };
  const progress: StepProgress = {
    ended: new Map(
      ended.map(({ name, status, result }) => [
        name,
        { failed: status === 'FAILED', result: openResult(vault, keyOf(name), result) },
      ]),
    ),
    begin: (name) => whenOpen(() => beginStep(store.db, keyOf(name), clock.nowMs())),
    end: (name, status, found) =>
      whenOpen(() => {
        const result = status === 'FAILED' ? found : sealResult(vault, keyOf(name), found);
        return endStep(store.db, keyOf(name), { status, result, nowMs: clock.nowMs() });
      }),
  };
  await work.plan.run(stepRun(options, work, sourceServerId), progress);
}

function stepRun({ store, clock }: JobRunnerOptions, work: ServerWork, sourceServerId: string): StepRun {
  const { job, signal } = work;
  return {
    job,
    sourceServerId,
    signal,
    log: async (event, eventData = {}) => {
      signal.throwIfAborted();
      const entry = {
        jobId: job.jobId,
        onceKey: `${event} ${sourceServerId}`,
        loggedAtMs: clock.nowMs(),
        event,
        eventData: { sourceServerID: sourceServerId, ...eventData },
      };
      await store.transaction((tx) => appendJobLog(tx, entry));
    },
  };
}

/** Hides a plan's state type behind the order of its steps. */
export function runnablePlan<State extends object>(plan: JobPlan<State>): RunnablePlan {
  return {
    stepNames: plan.steps.map(({ name }) => name),
    run: async (run, progress) => {
      let state: Partial<State> = {};
      for (const step of plan.steps) {
        const failure = await runStep(step, { run, progress, state });
        if ('failed' in failure) return plan.fail(run, state, failure.failed);
        state = { ...state, ...failure.found };
      }
      await plan.succeed(run, state);
    },
  };
}

type StepOutcome<State extends object> =
  | { readonly found: Partial<State> }
  | { readonly failed: StepFailure };

interface StepWork<State extends object> {
  readonly run: StepRun;
  readonly progress: StepProgress;
  readonly state: Partial<State>;
}

async function runStep<State extends object>(
  step: Step<State>,
  { run, progress, state }: StepWork<State>,
): Promise<StepOutcome<State>> {
  const before = progress.ended.get(step.name);
  if (before?.failed) return { failed: before.result as unknown as StepFailure };
  if (before !== undefined) return { found: before.result as Partial<State> };
  await progress.begin(step.name);
  try {
    const found = await step.run(run, state);
    await progress.end(step.name, 'DONE', found);
    return { found };
  } catch (error) {
    run.signal.throwIfAborted();
    if (isStoreAway(error)) throw error;
    const failed = { step: step.name, rawError: describeError(error) };
    await progress.end(step.name, 'FAILED', failed);
    return { failed };
  }
}
