/** What the control plane can ask of a replication server. Every command may come twice. */
import type { CommandHandlers } from '@landfall/channel';
import { OperationError } from '@landfall/runtime';
import type { ExportRegistry } from './export-registry.ts';
import type { StagingArea } from './staging-area.ts';

const RECOVERY_POINTS_MAX = 10_000;

export function createHandlers(
  staging: StagingArea,
  exports: ExportRegistry,
): CommandHandlers<'replication-server'> {
  return {
    listRecoveryPoints: async ({ sourceServerId, fromMs, toMs, limit }) => {
      const { group } = staging.server(sourceServerId);
      const range = { ...(fromMs === undefined ? {} : { fromMs }), ...(toMs === undefined ? {} : { toMs }) };
      const recoveryPoints = group.recoveryPoints({ ...range, limit: Math.min(limit, RECOVERY_POINTS_MAX) });
      const { oldestPoint: oldest, newestPoint: newest, recoveryPointCount: total } = group;
      return {
        recoveryPoints,
        total,
        ...(oldest === undefined ? {} : { oldest }),
        ...(newest === undefined ? {} : { newest }),
      };
    },
    resolveRecoveryPoint: ({ sourceServerId, at }) => staging.server(sourceServerId).resolve(at),
    openExport: async (record) => ({ disks: await exports.open(record) }),
    closeExport: async ({ exportId }) => {
      await exports.close(exportId);
      return {};
    },
    discardServer: ({ sourceServerId }) =>
      exports.exclusively(async () => {
        const [open] = exports.exportsOf(sourceServerId);
        if (open !== undefined) throw exportsOpen(sourceServerId, open.exportId);
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
