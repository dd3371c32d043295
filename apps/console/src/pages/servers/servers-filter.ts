/** What the list of servers asks for; kept in the address, so that it can be sent to somebody. Pure. */
import type { Landfall, Mgn } from '@landfall/api/types';
import { DATA_REPLICATION_STATES, LIFE_CYCLE_STATES } from '@landfall/model';

export interface ServersFilter {
  /** Words of names; empty: all. */
  readonly text: string;
  readonly lifeCycleStates: readonly Mgn.LifeCycleState[];
  readonly replicationStates: readonly Mgn.DataReplicationState[];
  readonly sourceServerIDs: readonly string[];
  readonly applicationIDs: readonly string[];
  readonly waveIDs: readonly string[];
  readonly isArchived: boolean;
}

export interface ServersOrder {
  readonly sort: Landfall.ServerSort;
  readonly isDescending: boolean;
}

export const NO_FILTER: ServersFilter = {
  text: '',
  lifeCycleStates: [],
  replicationStates: [],
  sourceServerIDs: [],
  applicationIDs: [],
  waveIDs: [],
  isArchived: false,
};

export const ORDER_DEFAULT: ServersOrder = { sort: 'ADDED', isDescending: false };
const SORTS: readonly Landfall.ServerSort[] = ['ADDED', 'NAME', 'LAG', 'ETA', 'LIFE_CYCLE'];

/** Source: the API's SearchText. */
const TEXT_CHARACTERS_MAX = 256;
const ID_PATTERN = /^s-[0-9a-zA-Z]{17}$/;
const APPLICATION_PATTERN = /^app-[0-9a-zA-Z]{17}$/;
const WAVE_PATTERN = /^wave-[0-9a-zA-Z]{17}$/;

type Query = Readonly<Record<string, string>>;

export function parseFilter(query: Query): ServersFilter {
  const states = listOf(query.state);
  const replication = listOf(query.replication);
  return {
    text: (query.text ?? '').slice(0, TEXT_CHARACTERS_MAX),
    lifeCycleStates: LIFE_CYCLE_STATES.filter((state) => states.includes(state)),
    replicationStates: DATA_REPLICATION_STATES.filter((state) => replication.includes(state)),
    sourceServerIDs: parseIds(query.ids ?? '').ids,
    applicationIDs: listOf(query.application).filter((id) => APPLICATION_PATTERN.test(id)),
    waveIDs: listOf(query.wave).filter((id) => WAVE_PATTERN.test(id)),
    isArchived: query.archived === 'yes',
  };
}

export function parseOrder({ sort, order }: Query): ServersOrder {
  return {
    sort: SORTS.find((one) => one === sort) ?? ORDER_DEFAULT.sort,
    isDescending: order === 'descending',
  };
}

export function filterQuery(
  filter: ServersFilter,
  { sort, isDescending }: ServersOrder,
): Readonly<Record<string, string | undefined>> {
  return {
    text: filter.text === '' ? undefined : filter.text,
    state: joined(filter.lifeCycleStates),
    replication: joined(filter.replicationStates),
    ids: joined(filter.sourceServerIDs),
    application: joined(filter.applicationIDs),
    wave: joined(filter.waveIDs),
    archived: filter.isArchived ? 'yes' : undefined,
    sort: sort === ORDER_DEFAULT.sort ? undefined : sort,
    order: isDescending ? 'descending' : undefined,
  };
}

export function isFiltering(filter: ServersFilter): boolean {
  return Object.values(filterQuery(filter, ORDER_DEFAULT)).some((value) => value !== undefined);
}

export function searchInput(
  { text, isArchived, ...lists }: ServersFilter,
  { sort, isDescending }: ServersOrder,
): Landfall.ListServersRequest {
  const given = Object.entries(lists).filter(([, values]) => values.length > 0);
  return {
    ...(text.trim() === '' ? {} : { text }),
    filters: { isArchived, ...Object.fromEntries(given) },
    sort,
    descending: isDescending,
  };
}

function listOf(text = ''): readonly string[] {
  return text.split(',').filter((value) => value !== '');
}

function joined(values: readonly string[]): string | undefined {
  return values.length === 0 ? undefined : values.join(',');
}

/** What a person typed: ids apart by spaces or commas, and the first that is none. */
export function parseIds(text: string): { readonly ids: readonly string[]; readonly wrong?: string } {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const wrong = words.find((word) => !ID_PATTERN.test(word));
  const ids = [...new Set(words.filter((word) => ID_PATTERN.test(word)))];
  return wrong === undefined ? { ids } : { ids, wrong };
}
