/** Journals: what they take, their limits, and what is asked of the replication server that keeps them. */
import { ApiError, type Handlers, isoDateTime, type Landfall } from '@landfall/api';
import type { JournalFacts } from '@landfall/channel';
import type { JournalSpace, JournalTaskFacts, SpaceForecast } from '@landfall/model';
import { assert } from '@landfall/runtime';
import type { Service } from '../service.ts';
import { changeServer } from '../store/source-servers.ts';
import { askProgram } from './ask-program.ts';
import { requireServer } from './change-source-server.ts';
import { showDamage } from './scrub-view.ts';

type Operations = Pick<
  Handlers<'landfall', Service>,
  'DescribeJournal' | 'UpdateJournalLimit' | 'StartJournalTask' | 'DescribeJournalTask'
>;

export const journalOperations: Operations = {
  DescribeJournal: async ({ sourceServerID }, service) => {
    const { sourceServerId, to } = await keeperOf(service, sourceServerID);
    const facts = await askProgram(service, to, 'describeJournal', { sourceServerId });
    return { sourceServerID, ...showJournal(facts) };
  },

  /** The replication server hears of it with its next report. */
  UpdateJournalLimit: async ({ sourceServerID, limitBytes }, { store }) => {
    const server = await store.transaction(async (tx) => {
      await requireServer(tx, sourceServerID);
      const changed = await changeServer(tx, sourceServerID, ({ journalLimitBytes: _, ...current }) => ({
        ...current,
        ...(limitBytes === undefined ? {} : { journalLimitBytes: limitBytes }),
      }));
      assert(changed !== undefined, 'S2: what was found in the transaction is still there');
      return changed;
    });
    return { limitBytes: server.journalLimitBytes };
  },

  StartJournalTask: async ({ sourceServerID, task }, service) => {
    const { sourceServerId, to } = await keeperOf(service, sourceServerID);
    return { task: showTask(await askProgram(service, to, 'startJournalTask', { sourceServerId, task })) };
  },

  DescribeJournalTask: async ({ sourceServerID, task }, service) => {
    const { sourceServerId, to } = await keeperOf(service, sourceServerID);
    const output = await askProgram(service, to, 'describeJournalTask', { sourceServerId, task });
    return { task: output.task === undefined ? undefined : showTask(output.task) };
  },
};

async function keeperOf(service: Service, sourceServerID: string) {
  const { sourceServerId, replicationServerId } = await requireServer(service.store.db, sourceServerID);
  if (replicationServerId !== null)
    return { sourceServerId, to: { role: 'replication-server', programId: replicationServerId } as const };
  throw ApiError.conflict(`${sourceServerId} has no journal: no replication server keeps it`, {
    resourceId: sourceServerId,
    resourceType: 'source-server',
  });
}

function showJournal({ space, forecast, volume, ...facts }: JournalFacts) {
  return {
    ...facts,
    space: space === undefined ? undefined : showSpace(space),
    forecast: showSpaceForecast(forecast),
    volume: { ...volume, forecast: showSpaceForecast(volume.forecast) },
  };
}

function showSpace({ measuredAtMs, ...space }: JournalSpace): Landfall.JournalSpace {
  return { measuredDateTime: isoDateTime(measuredAtMs), ...space };
}

function showSpaceForecast(forecast: SpaceForecast): Landfall.SpaceForecast {
  const { neededMs, growthBytesPerDay, earliestMs, likelyMs, latestMs, boundBytes, ...known } = forecast;
  return {
    ...known,
    neededMs: neededMs ?? undefined,
    growthBytesPerDay: growthBytesPerDay ?? undefined,
    earliestMs: earliestMs ?? undefined,
    likelyMs: likelyMs ?? undefined,
    latestMs: latestMs ?? undefined,
    boundBytes: boundBytes ?? undefined,
  };
}

function showTask({ startedAtMs, endedAtMs, damages, ...task }: JournalTaskFacts): Landfall.JournalTask {
  return {
    ...task,
    startedDateTime: isoDateTime(startedAtMs),
    endedDateTime: endedAtMs === null ? undefined : isoDateTime(endedAtMs),
    damages: damages.map(showDamage),
  };
}
