/** What a server is called: by its people first. Pure. */
import type { Mgn } from '@landfall/api/types';

export function serverName(server: Mgn.SourceServer): string {
  const { hostname, fqdn } = server.sourceProperties?.identificationHints ?? {};
  const named = [server.tags?.Name, hostname, fqdn, server.userProvidedID, server.sourceServerID];
  return named.find((name) => name !== undefined && name !== '') ?? '';
}

export function diskBytes(server: Mgn.SourceServer): number {
  const disks = server.dataReplicationInfo?.replicatedDisks ?? [];
  return disks.reduce((sum, disk) => sum + (disk.totalStorageBytes ?? 0), 0);
}
