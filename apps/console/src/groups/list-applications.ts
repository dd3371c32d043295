/** Every application or wave a filter lets through. The service keeps at most 200 of each active. */
import type { Mgn } from '@landfall/api/types';
import type { MgnCall } from '../api/mgn-client.ts';

const PAGE_SIZE = 1000;
/** Archived ones too: 10,000 of each. */
const PAGES_MAX = 20;

export function listAllApplications(
  mgn: MgnCall,
  filters: Mgn.ListApplicationsRequestFilters,
): Promise<readonly Mgn.Application[]> {
  return listAll((page) => mgn('ListApplications', { filters, ...page }));
}

export function listAllWaves(
  mgn: MgnCall,
  filters: Mgn.ListWavesRequestFilters,
): Promise<readonly Mgn.Wave[]> {
  return listAll((page) => mgn('ListWaves', { filters, ...page }));
}

interface PageOf<Item> {
  readonly items?: readonly Item[] | undefined;
  readonly nextToken?: string | undefined;
}

async function listAll<Item>(
  ask: (page: {
    readonly maxResults: number;
    readonly nextToken: string | undefined;
  }) => Promise<PageOf<Item>>,
): Promise<readonly Item[]> {
  const all: Item[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const output = await ask({ maxResults: PAGE_SIZE, nextToken });
    all.push(...(output.items ?? []));
    nextToken = output.nextToken;
    if (nextToken === undefined) break;
  }
  return all;
}
