/** `landfall server list` with what MGN's listing has no words for: names, an order, waves. */
import type { ApiClient, Landfall, Mgn } from '@landfall/api';
import { OperationError } from '@landfall/runtime';
import { type Command, Option } from 'commander';
import { type ListOptions, parseFilters } from '../listing.ts';

const SORTS = {
  added: 'ADDED',
  name: 'NAME',
  lag: 'LAG',
  eta: 'ETA',
  lifecycle: 'LIFE_CYCLE',
} as const satisfies Record<string, Landfall.ServerSort>;

export interface SearchOptions extends ListOptions {
  readonly all?: boolean;
  readonly search?: string;
  readonly sort?: keyof typeof SORTS;
  readonly descending?: boolean;
  readonly wave?: string;
}

const PAGE_MAX = 1000;

export function addSearchOptions(command: Command): Command {
  return command
    .option('--search <text>', 'whose id, host name, user-provided id or Name tag has these words')
    .addOption(new Option('--sort <order>', 'by what; unknown last').choices(Object.keys(SORTS)))
    .option('--descending', 'the other way round')
    .option('--wave <waveID>', 'whose application is in this wave');
}

/** Whether MGN's own listing does not do. */
export function isSearch({ search, sort, descending, wave }: SearchOptions): boolean {
  return search !== undefined || sort !== undefined || descending === true || wave !== undefined;
}

/** Errors: OPTION_INVALID for a filter that is MGN's alone. */
export function searchInput({
  all,
  search,
  sort,
  descending,
  wave,
  filter = [],
}: SearchOptions): Landfall.ListServersRequest {
  const parsed: Mgn.DescribeSourceServersRequestFilters = parseFilters('DescribeSourceServers', filter);
  const { replicationTypes, ...filters } = parsed;
  if (replicationTypes !== undefined) {
    throw new OperationError(
      'OPTION_INVALID',
      '--filter replicationTypes=… cannot be combined with a search',
      {
        hint: 'leave it out: all servers are replicated by agents',
      },
    );
  }
  return {
    ...(search === undefined ? {} : { text: search }),
    ...(sort === undefined ? {} : { sort: SORTS[sort] }),
    ...(descending === true ? { descending } : {}),
    filters: {
      ...(all === true ? {} : { isArchived: false }),
      ...filters,
      ...(wave === undefined ? {} : { waveIDs: [wave] }),
    },
  };
}

export async function searchServers(
  client: ApiClient,
  options: SearchOptions,
): Promise<readonly Mgn.SourceServer[]> {
  const { limit = Number.POSITIVE_INFINITY } = options;
  const input = { ...searchInput(options), maxResults: Math.min(limit, PAGE_MAX) };
  const items: Mgn.SourceServer[] = [];
  let nextToken: string | undefined;
  do {
    const page = await client.landfall('ListServers', { ...input, nextToken });
    items.push(...page.items);
    nextToken = page.nextToken;
  } while (nextToken !== undefined && items.length < limit);
  return items.slice(0, limit);
}
