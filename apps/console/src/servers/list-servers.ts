/** Every server a filter lets through, page by page; for what needs to know them all. */
import type { Mgn } from '@landfall/api/types';
import type { MgnCall } from '../api/mgn-client.ts';

const PAGE_SIZE = 1000;
/** More servers than any installation has; what ends a listing that does not. */
const PAGES_MAX = 100;

export async function listAllServers(
  mgn: MgnCall,
  filters: Mgn.DescribeSourceServersRequestFilters,
): Promise<readonly Mgn.SourceServer[]> {
  const all: Mgn.SourceServer[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const output = await mgn('DescribeSourceServers', { filters, maxResults: PAGE_SIZE, nextToken });
    all.push(...(output.items ?? []));
    nextToken = output.nextToken;
    if (nextToken === undefined) break;
  }
  return all;
}
