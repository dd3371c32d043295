/** What a replication server last said of one of its servers, found without looking through all of them. */
import type { ReplicationServerReport } from '@landfall/channel';

export type StagedServer = ReplicationServerReport['servers'][number];

/** Reports are never changed. */
const indexes = new WeakMap<ReplicationServerReport, ReadonlyMap<string, StagedServer>>();

export function stagedServer(
  report: ReplicationServerReport | undefined,
  sourceServerId: string,
): StagedServer | undefined {
  if (report === undefined) return undefined;
  const known = indexes.get(report);
  if (known !== undefined) return known.get(sourceServerId);
  const index = new Map(report.servers.map((server) => [server.sourceServerId, server]));
  indexes.set(report, index);
  return index.get(sourceServerId);
}
