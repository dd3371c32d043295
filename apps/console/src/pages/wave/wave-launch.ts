/**
 * Which servers of a wave a launch takes, and why it leaves the others. Pure. The service decides in the end;
 * this says before what it would refuse, for a job that names one server too many is refused as a whole.
 */
import type { Mgn } from '@landfall/api/types';
import type { MessageKey } from '../../i18n/languages.ts';
import { type MachineReplacement, machineReplacement } from '../../servers/machine-replacement.ts';

export type WaveLaunchKind = 'test' | 'cutover';

export type LeftReason =
  | 'archived'
  | 'cuttingOver'
  | 'ended'
  | 'inTest'
  | 'markedReady'
  | 'noAgent'
  | 'noPoint'
  | 'notTested'
  | 'stopped'
  | 'tooMany';

export interface WaveLaunch {
  readonly launched: readonly Mgn.SourceServer[];
  readonly left: readonly { readonly server: Mgn.SourceServer; readonly reason: LeftReason }[];
  /** Of those launched. */
  readonly replacement: MachineReplacement;
}

/** Servers in one job; public MGN API. */
export const LAUNCH_SERVERS_MAX = 200;

/** `undefined`: it can be launched from this state. */
type Row = Readonly<Record<WaveLaunchKind, LeftReason | undefined>>;

function both(reason: LeftReason): Row {
  return { test: reason, cutover: reason };
}

const STATES = {
  STOPPED: both('stopped'),
  NOT_READY: both('noPoint'),
  READY_FOR_TEST: { test: undefined, cutover: 'notTested' },
  TESTING: { test: undefined, cutover: 'inTest' },
  READY_FOR_CUTOVER: { test: 'markedReady', cutover: undefined },
  CUTTING_OVER: { test: 'cuttingOver', cutover: undefined },
  CUTOVER: both('ended'),
  DISCONNECTED: both('ended'),
  DISCOVERED: both('noAgent'),
  PENDING_INSTALLATION: both('noAgent'),
} as const satisfies Record<Mgn.LifeCycleState, Row>;

export function planWaveLaunch(servers: readonly Mgn.SourceServer[], kind: WaveLaunchKind): WaveLaunch {
  const launched: Mgn.SourceServer[] = [];
  const left: { server: Mgn.SourceServer; reason: LeftReason }[] = [];
  for (const server of servers) {
    const isFull = launched.length >= LAUNCH_SERVERS_MAX;
    const reason = reasonToLeave(server, kind) ?? (isFull ? 'tooMany' : undefined);
    if (reason === undefined) launched.push(server);
    else left.push({ server, reason });
  }
  return { launched, left, replacement: machineReplacement(launched) };
}

function reasonToLeave(server: Mgn.SourceServer, kind: WaveLaunchKind): LeftReason | undefined {
  if (server.isArchived === true) return 'archived';
  const row: Row = STATES[server.lifeCycle?.state ?? 'NOT_READY'];
  const hasPoint = server.dataReplicationInfo?.lagDuration !== undefined;
  return row[kind] ?? (hasPoint ? undefined : 'noPoint');
}

export function leftKey(reason: LeftReason): MessageKey {
  return `wave.left.${reason}`;
}

/** How many are left for each reason, most first. */
export function countLeft({ left }: WaveLaunch): readonly (readonly [reason: LeftReason, count: number])[] {
  const counts = new Map<LeftReason, number>();
  for (const { reason } of left) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].sort(([, one], [, other]) => other - one);
}
