/** Retention as a simulated replication server has it: a point a second, and only the last tier counts. */
import type { CommandHandlers, ReplicationServerConfiguration } from '@landfall/channel';
import { RETENTION_DEFAULT, type RetentionInForce, type RetentionWish } from '@landfall/model';

interface Site {
  readonly configuration: ReplicationServerConfiguration;
  readonly replicas: ReadonlyMap<string, { readonly epoch: number }>;
  /** Of its `retention.json`. */
  fileRetention: RetentionInForce | undefined;
}

const SECOND_MS = 1000;

export function simulatedRetention(
  site: Site,
): Pick<CommandHandlers<'replication-server'>, 'previewRetention'> {
  return {
    previewRetention: async ({ sourceServerId, wish }) => {
      const points = site.replicas.get(sourceServerId)?.epoch ?? 0;
      const forMs = retentionInForce(site, wish).tiers.at(-1)?.forMs ?? 0;
      const kept = Math.min(points, Math.floor(forMs / SECOND_MS));
      return {
        ...{ points, droppedPoints: points - kept },
        oldestMs: points === 0 ? null : SECOND_MS,
        oldestKeptMs: points === 0 ? null : (points - kept + 1) * SECOND_MS,
      };
    },
  };
}

export function retentionOfServer(site: Site, id: string): RetentionInForce {
  const server = site.configuration.servers.find(({ sourceServerId }) => sourceServerId === id);
  return retentionInForce(site, server?.retention ?? {});
}

function retentionInForce({ fileRetention: file }: Site, wish: RetentionWish): RetentionInForce {
  if (wish.own !== undefined) return { origin: 'SERVER', tiers: wish.own };
  if (file?.origin === 'SERVER_FILE') return file;
  if (wish.default !== undefined) return { origin: 'DEFAULT', tiers: wish.default };
  return file ?? { origin: 'BUILT_IN', tiers: RETENTION_DEFAULT };
}
