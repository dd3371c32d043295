/** StartTest, StartCutover, TerminateTargetInstances, and StartLaunch from any recovery point. */
import { ApiError, type Handlers, type Mgn } from '@landfall/api';
import type { PointSelector } from '@landfall/model';
import { publicId } from '@landfall/runtime';
import { isReplicating, viewServer, withReplication } from '../channel/observe-replication.ts';
import type { LifeCycleEvent } from '../lifecycle/life-cycle.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';
import { appendJobLog, insertJob, type JobRecord } from '../store/jobs.ts';
import { listMachinesOf } from '../store/machines.ts';
import type { Queries } from '../store/schema.ts';
import { findServer, saveServer } from '../store/source-servers.ts';
import { conflict, refuseBusy, requireServer, withEvent } from './change-source-server.ts';
import { refuseBeyondJobLimits } from './job-limits.ts';
import { showJob } from './job-view.ts';
import { selectPoint } from './point-selector.ts';

type MgnLaunches = Pick<Handlers<'mgn', Service>, 'StartTest' | 'StartCutover' | 'TerminateTargetInstances'>;
type LandfallLaunches = Pick<Handlers<'landfall', Service>, 'StartLaunch'>;

const LATEST: PointSelector = { kind: 'LATEST' };

export const launchOperations: MgnLaunches = {
  StartTest: (input, service) => startLaunch(service, { ...input, initiatedBy: 'START_TEST', at: LATEST }),
  StartCutover: (input, service) =>
    startLaunch(service, { ...input, initiatedBy: 'START_CUTOVER', at: LATEST }),
  TerminateTargetInstances: (input, service) =>
    startJob(service, { ...input, type: 'TERMINATE', initiatedBy: 'TERMINATE', at: LATEST }, terminable),
};

export const startLaunchOperation: LandfallLaunches = {
  StartLaunch: async (input, service) => {
    const server = await requireServer(service.store.db, input.sourceServerID);
    const initiatedBy = input.purpose === 'TEST' ? 'START_TEST' : 'START_CUTOVER';
    const at = await selectPoint(service, server, input.at);
    const isUnproved = input.unproved === true;
    return startLaunch(service, { sourceServerIDs: [input.sourceServerID], initiatedBy, at, isUnproved });
  },
};

interface LaunchRequest {
  readonly sourceServerIDs: readonly string[];
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly initiatedBy: 'START_TEST' | 'START_CUTOVER';
  readonly at: PointSelector;
  /** Without a proof of boot before a cutover. */
  readonly isUnproved?: boolean;
}

type JobRequest = Omit<LaunchRequest, 'initiatedBy'> & Pick<JobRecord, 'type' | 'initiatedBy'>;

/** The server as the job's beginning leaves it, or a ConflictException. */
type Admission = (
  service: Service,
  server: SourceServerRecord,
  job: JobRecord,
  tx: Queries,
) => SourceServerRecord | Promise<SourceServerRecord>;

function startLaunch(service: Service, request: LaunchRequest): Promise<{ readonly job: Mgn.Job }> {
  return startJob(service, { ...request, type: 'LAUNCH' }, launchable);
}

async function startJob(
  service: Service,
  request: JobRequest,
  admit: Admission,
): Promise<{ readonly job: Mgn.Job }> {
  const ids = uniqueIds(request.sourceServerIDs);
  const job = newJob(service, request);
  const shown = await service.store.transaction(async (tx) => {
    const servers = await Promise.all(ids.map((id) => requireParticipant(tx, id)));
    await refuseBusy(tx, ids);
    await refuseBeyondJobLimits(tx, ids.length);
    for (const server of servers) await saveServer(tx, await admit(service, server, job, tx));
    await insertJob(tx, job, ids);
    const { jobId, createdAtMs } = job;
    const entry = { jobId, onceKey: 'JOB_START', loggedAtMs: createdAtMs, eventData: {} };
    await appendJobLog(tx, { ...entry, event: 'JOB_START' });
    return showJob(service, tx, job);
  });
  service.log.info('job-started', { jobId: job.jobId, initiatedBy: job.initiatedBy, servers: ids.length });
  service.jobs.start(job.jobId);
  return { job: shown };
}

function newJob(
  { clock, random }: Service,
  { type, initiatedBy, at, isUnproved, tags = {} }: JobRequest,
): JobRecord {
  const jobId = publicId('mgnjob-', random);
  return {
    jobId,
    type,
    initiatedBy,
    status: 'PENDING',
    createdAtMs: clock.nowMs(),
    endedAtMs: null,
    tags,
    at,
    isUnproved,
  };
}

/** The record may lag behind the reports by a moment: what they say counts. */
const launchable: Admission = (service, recorded, job) => {
  const server = isReplicating(recorded) ? withReplication(service, recorded) : recorded;
  const event: LifeCycleEvent = job.initiatedBy === 'START_CUTOVER' ? 'START_CUTOVER' : 'START_TEST';
  const facts = { nowMs: service.clock.nowMs(), jobId: job.jobId };
  const next = withEvent(server, event, facts);
  if (viewServer(service, server).lagMs === null) {
    throw conflict(server, 'it has no recovery point to launch from yet; wait until lagDuration is shown');
  }
  return next;
};

const terminable: Admission = async (service, server, _job, tx) => {
  const machines = await listMachinesOf(tx, server.sourceServerId);
  const isHeld = machines.some((machine) => machine.onHost || machine.exportOpen);
  if (server.launched === null && !isHeld) throw conflict(server, 'no machine was launched from it');
  return withEvent(server, 'TERMINATE', { nowMs: service.clock.nowMs() });
};

/** The modelled errors of these operations have no 404. */
async function requireParticipant(tx: Queries, sourceServerId: string): Promise<SourceServerRecord> {
  const server = await findServer(tx, sourceServerId);
  if (server !== undefined) return server;
  throw ApiError.validation(`There is no source server ${sourceServerId}.`);
}

function uniqueIds(ids: readonly string[]): readonly string[] {
  if (new Set(ids).size === ids.length) return ids;
  throw ApiError.validation('A source server is named twice in sourceServerIDs.');
}
