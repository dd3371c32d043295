/** What would be dropped if other tiers were put; nothing is. */
import type { CommandHandlers } from '@landfall/channel';
import type { ExportRegistry } from '../exports/export-registry.ts';
import type { StagingArea } from '../staging/staging-area.ts';

export function retentionHandlers(
  staging: Pick<StagingArea, 'server' | 'retentionOf'>,
  exports: Pick<ExportRegistry, 'exportsOf'>,
): Pick<CommandHandlers<'replication-server'>, 'previewRetention'> {
  return {
    previewRetention: async ({ sourceServerId, wish }) => {
      const { group } = staging.server(sourceServerId);
      const { tiers } = staging.retentionOf(sourceServerId, wish);
      const held = () => new Set(exports.exportsOf(sourceServerId).map(({ epoch }) => epoch));
      const { points, droppedPoints, oldest, oldestKept } = group.retention.preview(tiers, held);
      return {
        ...{ points, droppedPoints: droppedPoints.length },
        ...{ oldestMs: oldest?.cutTimeMs ?? null, oldestKeptMs: oldestKept?.cutTimeMs ?? null },
      };
    },
  };
}
