/**
 * What is asked for and takes its time: verify, scrub, compact. One of each at a time for a server; asking
 * again tells of the one that is running. What came of it is kept in memory until the next one.
 */
import { type JournalGroup, JournalScrub, type ScrubStatus } from '@landfall/journal';
import type { JournalTaskFacts, JournalTaskName } from '@landfall/model';
import { type Clock, describeError, type Logger, OperationError } from '@landfall/runtime';
import { scrubFacts } from './scrub-facts.ts';

export interface TaskServer {
  readonly sourceServerId: string;
  readonly group: Pick<JournalGroup, 'scrub' | 'maintain' | 'bytesOnDisk' | 'isOpen'>;
  readonly scrub: Pick<JournalScrub, 'status' | 'isInPass'>;
}

export interface JournalTasksOptions {
  /** Points that machines read from: they stay. */
  readonly exportedEpochs: (sourceServerId: string) => Iterable<number>;
  /** Errors: OPTION_INVALID when journals are not scrubbed at all. */
  readonly beginScrub: (sourceServerId: string) => void;
  readonly logger: Logger;
  readonly clock: Clock;
}

const BETWEEN_STEPS_MS = 1;

interface RunningTask {
  facts(): JournalTaskFacts;
}

type Progress = Omit<JournalTaskFacts, 'task' | 'state' | 'startedAtMs' | 'endedAtMs' | 'reason'>;

const NOTHING_YET: Progress = {
  ...{ bytesDone: 0, bytesTotal: 0, damageCount: 0, damages: [] },
  ...{ bytesBefore: 0, bytesNow: 0, droppedPoints: 0 },
};

export class JournalTasks {
  readonly #options: JournalTasksOptions;
  readonly #tasks = new Map<string, RunningTask>();

  constructor(options: JournalTasksOptions) {
    this.#options = options;
  }

  start(server: TaskServer, task: JournalTaskName): JournalTaskFacts {
    const running = this.describe(server.sourceServerId, task);
    if (running?.state === 'RUNNING') return running;
    const started = task === 'SCRUB' ? this.#startScrub(server) : this.#startWork(server, task);
    this.#tasks.set(keyOf(server.sourceServerId, task), started);
    return started.facts();
  }

  describe(sourceServerId: string, task: JournalTaskName): JournalTaskFacts | undefined {
    return this.#tasks.get(keyOf(sourceServerId, task))?.facts();
  }

  #startWork(server: TaskServer, task: 'VERIFY' | 'COMPACT'): RunningTask {
    const { clock, logger } = this.#options;
    const { sourceServerId } = server;
    const startedAtMs = clock.nowMs();
    let facts: JournalTaskFacts = {
      ...NOTHING_YET,
      ...{ task, state: 'RUNNING', startedAtMs, endedAtMs: null },
    };
    const tell = (progress: Partial<Progress>) => {
      facts = { ...facts, ...progress };
    };
    const end = (change: Pick<JournalTaskFacts, 'state'> & { readonly reason?: string }) => {
      facts = { ...facts, ...change, endedAtMs: clock.nowMs() };
      logger.info('journal-task-ended', { sourceServerId, task, state: facts.state });
    };
    const work = task === 'VERIFY' ? this.#verify(server, tell) : this.#compact(server, tell);
    work.then(
      () => end({ state: 'COMPLETE' }),
      (error: unknown) => end({ state: 'FAILED', reason: describeError(error) }),
    );
    return { facts: () => facts };
  }

  /** A pass of its own: the scrub that goes on all the time keeps its place. */
  async #verify({ group }: TaskServer, tell: (progress: Partial<Progress>) => void): Promise<void> {
    const { logger, clock } = this.#options;
    await verifyJournal(group, { logger, clock, onProgress: (status) => tell(damageOf(status)) });
  }

  async #compact(server: TaskServer, tell: (progress: Partial<Progress>) => void): Promise<void> {
    const { sourceServerId, group } = server;
    const bytesBefore = await group.bytesOnDisk();
    tell({ bytesBefore, bytesNow: bytesBefore });
    const held = () => new Set(this.#options.exportedEpochs(sourceServerId));
    let droppedPoints = 0;
    for (let hasMore = true; hasMore; ) {
      checkOpen(group);
      const step = await group.maintain(held, true);
      // A journal that was closed has nothing more to do, which is not that it was done.
      checkOpen(group);
      hasMore = step.hasMore;
      droppedPoints += step.droppedPoints;
      const changed = step.did === 'REPLACED' || step.did === 'ADVANCED' || !hasMore;
      tell({ droppedPoints, ...(changed ? { bytesNow: await group.bytesOnDisk() } : {}) });
      // Steps that only look at segments wait for nothing: others would get no turn.
      if (hasMore) await this.#options.clock.sleep(BETWEEN_STEPS_MS);
    }
  }

  #startScrub({ sourceServerId, scrub }: TaskServer): RunningTask {
    this.#options.beginScrub(sourceServerId);
    const startedAtMs = this.#options.clock.nowMs();
    const { passes } = scrub.status;
    return {
      facts: () => {
        const { status } = scrub;
        const ended = status.passes > passes;
        const hasBegun = ended || scrub.isInPass;
        const progress = damageOf(hasBegun ? status : { ...status, bytesDone: 0 });
        const endedAtMs = ended ? status.passEndedAtMs : null;
        const state = ended ? 'COMPLETE' : 'RUNNING';
        return { ...NOTHING_YET, ...progress, task: 'SCRUB', state, startedAtMs, endedAtMs };
      },
    };
  }
}

export interface VerifyOptions {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly onProgress: (status: ScrubStatus) => void;
}

/** Reads everything once. Errors: JOURNAL_STORAGE_FAILED, JOURNAL_CLOSED. */
export async function verifyJournal(
  group: Pick<JournalGroup, 'scrub' | 'isOpen'>,
  { logger, clock, onProgress }: VerifyOptions,
): Promise<ScrubStatus> {
  const scrub = new JournalScrub({ logger, keepsRecord: false });
  for (let ended = false; !ended; ) {
    checkOpen(group);
    ended = (await group.scrub((journal) => scrub.step(journal, clock.nowMs()))).endsPass;
    onProgress(scrub.status);
  }
  return scrub.status;
}

function damageOf(
  status: ScrubStatus,
): Pick<Progress, 'bytesDone' | 'bytesTotal' | 'damageCount' | 'damages'> {
  const { bytesDone, bytesTotal, damageCount, damages } = scrubFacts(status);
  return { bytesDone, bytesTotal, damageCount, damages };
}

function checkOpen(group: Pick<JournalGroup, 'isOpen'>): void {
  if (group.isOpen()) return;
  throw new OperationError('JOURNAL_CLOSED', 'the journal was closed meanwhile', {
    hint: 'begin anew when the replication server has it open again',
    retryable: true,
  });
}

function keyOf(sourceServerId: string, task: JournalTaskName): string {
  return `${sourceServerId} ${task}`;
}
