/** Servers whose journal cannot be opened because its key is not there. Pure. */
import type { Mgn } from '@landfall/api/types';
import type { KnownError } from '../../i18n/error-texts.ts';
import { serverName } from '../../servers/server-name.ts';

export interface LockedServer {
  readonly sourceServerID: string;
  readonly name: string;
  readonly code: string;
  readonly cause: string;
  readonly remedy: string;
}

export function lockedServers(
  servers: readonly Mgn.SourceServer[],
  knownError: (text: string) => KnownError | undefined,
): readonly LockedServer[] {
  return servers.flatMap((server) => {
    const cause = server.dataReplicationInfo?.dataReplicationError?.rawError ?? '';
    const known = knownError(cause);
    if (known === undefined || !known.code.startsWith('ENCRYPTION_')) return [];
    const { sourceServerID = '' } = server;
    const { code, meaning, remedy } = known;
    const told = meaning === undefined ? cause : `${meaning} ${cause}`;
    return [{ sourceServerID, name: serverName(server), code, cause: told, remedy }];
  });
}
