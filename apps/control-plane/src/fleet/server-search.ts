/**
 * Servers that are looked for. Pure. Every sort key is a text that compares as it is to be listed, so that
 * the pages of it are cut like those of any other listing; one that changes while it is read (a lag) may show
 * a server twice or not at all.
 */
import type { Landfall } from '@landfall/api';
import { LIFE_CYCLE_STATES } from '@landfall/model';
import type { ReplicationView } from '../lifecycle/replication-view.ts';
import type { FleetServer } from './fleet-server.ts';

export interface ViewedServer {
  readonly server: FleetServer;
  readonly view: ReplicationView;
}

export type ServerFilters = Omit<Landfall.ListServersFilters, 'waveIDs'>;

export interface ServerWish {
  readonly text: string;
  readonly filters: ServerFilters;
}

export function findServers(
  servers: Iterable<FleetServer>,
  { text, filters }: ServerWish,
  viewOf: (server: FleetServer) => ReplicationView,
): readonly ViewedServer[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const { sourceServerIDs, lifeCycleStates, applicationIDs, replicationStates, isArchived } = filters;
  const isWanted = isIn(sourceServerIDs);
  const isInState = isIn(lifeCycleStates);
  const isMember = isIn(applicationIDs);
  const isReplicatingSo = isIn(replicationStates);
  const found: ViewedServer[] = [];
  for (const server of servers) {
    if (isArchived !== undefined && server.isArchived !== isArchived) continue;
    if (!words.every((word) => server.searchText.includes(word))) continue;
    if (!isWanted(server.sourceServerId) || !isInState(server.lifeCycleState)) continue;
    if (!isMember(server.applicationId)) continue;
    const view = viewOf(server);
    if (isReplicatingSo(view.state)) found.push({ server, view });
  }
  return found;
}

/** What is absent or empty filters nothing. */
function isIn<Value>(wanted: readonly Value[] = []): (value: Value | undefined) => boolean {
  const values = new Set<Value | undefined>(wanted);
  return (value) => values.size === 0 || values.has(value);
}

export interface ServerOrder {
  readonly sort: Landfall.ServerSort;
  readonly isDescending: boolean;
}

const DIGITS = 16;
/** Of a name, so that a page token stays small. */
const NAME_CHARACTERS_MAX = 200;

/** What has no value comes last in either direction; servers of one value by their ids. */
export function sortKeyOf({ sort, isDescending }: ServerOrder): (viewed: ViewedServer) => string {
  const [last, first] = isDescending ? ['0', '1'] : ['1', '0'];
  const read = VALUES[sort];
  return (viewed) => {
    const value = read(viewed);
    return `${value === undefined ? last : `${first}${value}`} ${viewed.server.sourceServerId}`;
  };
}

const VALUES = {
  ADDED: ({ server }) => number(server.createdAtMs),
  NAME: ({ server }) => naturalText(server.name),
  LAG: ({ view }) => number(view.lagMs),
  ETA: ({ view }) => (view.etaMs === 0 ? undefined : number(view.etaMs)),
  LIFE_CYCLE: ({ server }) => number(LIFE_CYCLE_STATES.indexOf(server.lifeCycleState)),
} as const satisfies Record<Landfall.ServerSort, (viewed: ViewedServer) => string | undefined>;

function number(value: number | null): string | undefined {
  return value === null ? undefined : String(Math.max(0, Math.round(value))).padStart(DIGITS, '0');
}

/** web-2 before web-10, whatever their case. */
function naturalText(name: string): string {
  const text = name.toLowerCase().replace(/\d+/g, (digits) => digits.padStart(DIGITS, '0'));
  return text.slice(0, NAME_CHARACTERS_MAX);
}
