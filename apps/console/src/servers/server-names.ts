/** What servers are called of which another answer only has the ids. */
import { useMemo } from 'react';
import type { MgnCall } from '../api/mgn-client.ts';
import { useConsole, useLive } from '../shell/console-context.tsx';
import { listAllServers } from './list-servers.ts';
import { serverName } from './server-name.ts';

/** Names change rarely. */
const GAP_MS = 10_000;
/** What a filter takes at once. */
const IDS_MAX = 200;

/** By id; the id itself until its name is known, and once the server is gone. */
export function useServerNames(sourceServerIDs: readonly string[]): (sourceServerID: string) => string {
  const { mgn } = useConsole();
  const ids = [...new Set(sourceServerIDs)].sort();
  const { value: names } = useLive({
    key: `server names ${ids.join(' ')}`,
    on: ['SourceServerChanged'],
    gapMs: GAP_MS,
    load: () => loadNames(mgn, ids),
  });
  return useMemo(() => (id) => names?.get(id) ?? id, [names]);
}

async function loadNames(mgn: MgnCall, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  for (let begin = 0; begin < ids.length; begin += IDS_MAX) {
    const filters = { sourceServerIDs: ids.slice(begin, begin + IDS_MAX) };
    const servers = await listAllServers(mgn, filters);
    for (const server of servers) names.set(server.sourceServerID ?? '', serverName(server));
  }
  return names;
}
