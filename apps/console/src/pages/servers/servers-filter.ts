/** What the list of servers asks for; kept in the address, so that it can be sent to somebody. Pure. */
import type { Mgn } from '@landfall/api/types';
import { LIFE_CYCLE_STATES } from '@landfall/model';

export interface ServersFilter {
  readonly lifeCycleStates: readonly Mgn.LifeCycleState[];
  readonly sourceServerIDs: readonly string[];
  readonly isArchived: boolean;
}

const ID_PATTERN = /^s-[0-9a-zA-Z]{17}$/;

export function parseFilter(query: Readonly<Record<string, string>>): ServersFilter {
  const states = (query.state ?? '').split(',');
  return {
    lifeCycleStates: LIFE_CYCLE_STATES.filter((state) => states.includes(state)),
    sourceServerIDs: parseIds(query.ids ?? '').ids,
    isArchived: query.archived === 'yes',
  };
}

export function filterQuery(filter: ServersFilter): Readonly<Record<string, string | undefined>> {
  const { lifeCycleStates, sourceServerIDs, isArchived } = filter;
  return {
    state: lifeCycleStates.length === 0 ? undefined : lifeCycleStates.join(','),
    ids: sourceServerIDs.length === 0 ? undefined : sourceServerIDs.join(','),
    archived: isArchived ? 'yes' : undefined,
  };
}

export function isFiltering({ lifeCycleStates, sourceServerIDs, isArchived }: ServersFilter): boolean {
  return lifeCycleStates.length > 0 || sourceServerIDs.length > 0 || isArchived;
}

export function apiFilters(filter: ServersFilter): Mgn.DescribeSourceServersRequestFilters {
  const { lifeCycleStates, sourceServerIDs, isArchived } = filter;
  return {
    isArchived,
    ...(lifeCycleStates.length === 0 ? {} : { lifeCycleStates }),
    ...(sourceServerIDs.length === 0 ? {} : { sourceServerIDs }),
  };
}

/** What a person typed: ids apart by spaces or commas, and the first that is none. */
export function parseIds(text: string): { readonly ids: readonly string[]; readonly wrong?: string } {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const wrong = words.find((word) => !ID_PATTERN.test(word));
  const ids = [...new Set(words.filter((word) => ID_PATTERN.test(word)))];
  return wrong === undefined ? { ids } : { ids, wrong };
}
