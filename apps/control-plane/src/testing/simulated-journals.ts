/** Journals as a simulated replication server tells of them: small, growing slowly, and verified at once. */
import type { CommandHandlers, JournalCommands, ReplicationServerConfiguration } from '@landfall/channel';
import type { JournalSpace, JournalTaskFacts, SpaceForecast } from '@landfall/model';
import { GIB, MIB } from '@landfall/runtime';

type Handlers = Omit<Pick<CommandHandlers<'replication-server'>, keyof JournalCommands>, 'previewRetention'>;

export const SIMULATED_SPACE: JournalSpace = {
  measuredAtMs: 1_700_000_000_000,
  totalBytes: 4 * GIB,
  baseBytes: 2 * GIB,
  tableBytes: MIB,
  newestBytes: GIB / 2,
  tiers: [
    { everyMs: 0, forMs: 3_600_000, points: 100, bytes: GIB, costBytes: GIB / 4 },
    { everyMs: 1000, forMs: 86_400_000, points: 10, bytes: GIB / 4, costBytes: GIB / 8 },
  ],
  marked: { points: 1, bytes: GIB / 8, costBytes: GIB / 16 },
  passing: { points: 0, bytes: 0 },
  reclaimableBytes: GIB / 8,
  heldBytes: 0,
  openBytes: 0,
  otherBytes: 0,
  historyMs: 7_200_000,
  diskBytes: 8 * GIB,
};

const FORECAST: SpaceForecast = {
  verdict: 'FILLS',
  measuredMs: 3_600_000,
  neededMs: null,
  growthBytesPerDay: GIB,
  roomBytes: 3 * GIB,
  earliestMs: 2 * 86_400_000,
  likelyMs: 3 * 86_400_000,
  latestMs: null,
  boundBytes: null,
  explanation: 'at its limit in 3 days (2 days to never) at the churn of the last 60 minutes',
};

const NOTHING: Omit<JournalTaskFacts, 'task'> = {
  ...{ state: 'RUNNING', startedAtMs: 1_700_000_000_000, endedAtMs: null, bytesDone: 0, bytesTotal: GIB },
  ...{ damageCount: 0, damages: [], bytesBefore: 0, bytesNow: 0, droppedPoints: 0 },
};

interface Site {
  readonly configuration: ReplicationServerConfiguration;
  /** Of these servers. */
  readonly damagedJournals: ReadonlySet<string>;
}

/** What runs is complete when it is asked about. */
export function simulatedJournals(site: Site): Handlers {
  const limitOf = (id: string) =>
    site.configuration.servers.find(({ sourceServerId }) => sourceServerId === id)?.journalLimitBytes;
  const tasks = new Map<string, JournalTaskFacts>();
  return {
    describeJournal: async ({ sourceServerId }) => {
      const limitBytes = limitOf(sourceServerId);
      const volume = { totalBytes: 100 * GIB, freeBytes: 90 * GIB, forecast: FORECAST };
      const limited = limitBytes === undefined ? {} : { limitBytes };
      return { space: SIMULATED_SPACE, forecast: FORECAST, volume, ...limited };
    },
    startJournalTask: async ({ sourceServerId, task }) => {
      const started = { ...NOTHING, task };
      tasks.set(`${sourceServerId} ${task}`, started);
      return started;
    },
    describeJournalTask: async ({ sourceServerId, task }) => {
      const started = tasks.get(`${sourceServerId} ${task}`);
      if (started === undefined) return {};
      const what = { kind: 'EXTENT', path: 'disk-0/segments/0001', positionBytes: 64, what: 'torn' } as const;
      const damages = site.damagedJournals.has(sourceServerId)
        ? [{ ...what, diskId: 'disk-0', isInNewest: true }]
        : [];
      const ended = { state: 'COMPLETE', endedAtMs: NOTHING.startedAtMs + 5000, bytesDone: GIB } as const;
      return { task: { ...started, ...ended, damages, damageCount: damages.length } };
    },
  };
}
