/** What the control plane can ask of a replication server. Every command may come twice. */
import type { CommandHandlers } from '@landfall/channel';
import { OperationError } from '@landfall/runtime';
import type { ExportRegistry } from './exports/export-registry.ts';
import { journalHandlers } from './journals/journal-handlers.ts';
import type { JournalTasks } from './journals/journal-tasks.ts';
import { markedPoints, withMark, withMarks } from './journals/point-marks.ts';
import { retentionHandlers } from './journals/retention-handlers.ts';
import type { SeedRegistry } from './journals/seed-registry.ts';
import type { SpaceKeeper } from './staging/space-keeper.ts';
import type { StagingArea } from './staging/staging-area.ts';
import type { Tripwire } from './tripwire/tripwire.ts';
import { factsOf } from './tripwire/tripwire-facts.ts';

const RECOVERY_POINTS_MAX = 10_000;

export function createHandlers(
  staging: StagingArea,
  exports: ExportRegistry,
  seeds: SeedRegistry,
  {
    space,
    tasks,
    tripwire,
  }: { readonly space: SpaceKeeper; readonly tasks: JournalTasks; readonly tripwire: Tripwire | undefined },
): CommandHandlers<'replication-server'> {
  return {
    ...journalHandlers(staging, space, tasks),
    ...retentionHandlers(staging, exports),
    listRecoveryPoints: async ({ sourceServerId, fromMs, toMs, limit, marked }) => {
      const { group } = staging.server(sourceServerId);
      const range = { ...(fromMs === undefined ? {} : { fromMs }), ...(toMs === undefined ? {} : { toMs }) };
      const query = { ...range, limit: Math.min(limit, RECOVERY_POINTS_MAX) };
      const recoveryPoints =
        marked === true ? markedPoints(group, query) : withMarks(group, group.recoveryPoints(query));
      const { oldestPoint: oldest, newestPoint: newest, recoveryPointCount: total } = group;
      return {
        recoveryPoints,
        total,
        ...(oldest === undefined ? {} : { oldest }),
        ...(newest === undefined ? {} : { newest }),
      };
    },
    resolveRecoveryPoint: ({ sourceServerId, at }) => staging.server(sourceServerId).resolve(at),
    pinRecoveryPoint: async ({ sourceServerId, epoch, name }) => {
      const server = staging.server(sourceServerId);
      await server.group.pin(epoch, name);
      return withMark(server.group, await server.resolve({ kind: 'EPOCH', epoch }));
    },
    unpinRecoveryPoint: async ({ sourceServerId, epoch }) => {
      await staging.server(sourceServerId).group.unpin(epoch);
      return {};
    },
    lockRecoveryPoint: async ({ sourceServerId, epoch, untilMs }) => {
      const server = staging.server(sourceServerId);
      await server.group.lock(epoch, untilMs);
      return withMark(server.group, await server.resolve({ kind: 'EPOCH', epoch }));
    },
    acknowledgeTripwire: async ({ sourceServerId, wasExpected }) => {
      const server = staging.server(sourceServerId);
      await tripwire?.acknowledge(server, wasExpected);
      return factsOf(server.tripwire?.incidents ?? [], server.group.disks);
    },
    openExport: async (record) => ({ disks: await exports.open(record) }),
    closeExport: async ({ exportId }) => {
      await exports.close(exportId);
      return {};
    },
    openSeed: async (request) => ({ disks: await seeds.open(request) }),
    closeSeed: async (request) => {
      await seeds.close(request);
      return {};
    },
    discardServer: ({ sourceServerId }) =>
      exports.exclusively(async () => {
        const [open] = exports.exportsOf(sourceServerId);
        if (open !== undefined) throw exportsOpen(sourceServerId, open.exportId);
        await seeds.abandon(sourceServerId);
        return { freedBytes: await staging.discard(sourceServerId) };
      }),
  };
}

function exportsOpen(sourceServerId: string, exportId: string): OperationError {
  const message = `${sourceServerId} cannot be discarded: the export ${exportId} still reads from it`;
  return new OperationError('EXPORTS_OPEN', message, {
    hint: 'terminate the machine that uses it, or wait until its disks are complete, then close the export',
    retryable: true,
  });
}
