/**
 * What there is to see of a machine in each of its phases, and why it cannot be ended. Pure; complete by
 * type.
 */
import type { Landfall, Mgn } from '@landfall/api/types';
import type { MessageKey } from '../../i18n/languages.ts';

export interface MachineProps {
  readonly machine: Landfall.LaunchedMachine;
}

type Sight = 'NOTHING' | 'SCREEN' | 'CONSOLE';

const SIGHTS = {
  CONVERTING: 'NOTHING',
  CONVERTED: 'NOTHING',
  STARTING: 'SCREEN',
  RUNNING: 'SCREEN',
  STOPPED: 'CONSOLE',
  FAILED: 'CONSOLE',
  TERMINATED: 'NOTHING',
} as const satisfies Record<Landfall.LaunchedMachinePhase, Sight>;

/** A machine with a screen has a console too. */
export function hasScreen({ phase }: Landfall.LaunchedMachine): boolean {
  return SIGHTS[phase] === 'SCREEN';
}

export function hasConsole({ phase, startedDateTime }: Landfall.LaunchedMachine): boolean {
  const sight: Sight = SIGHTS[phase];
  return sight === 'SCREEN' || (sight === 'CONSOLE' && startedDateTime !== undefined);
}

/** It has disks of its own, and something is missing from them. */
const HAS_DISKS = {
  CONVERTING: false,
  CONVERTED: true,
  STARTING: true,
  RUNNING: true,
  STOPPED: true,
  FAILED: true,
  TERMINATED: false,
} as const satisfies Record<Landfall.LaunchedMachinePhase, boolean>;

export function canFillIn({ phase, hydration }: Landfall.LaunchedMachine): boolean {
  return HAS_DISKS[phase] && hydration.state !== 'COMPLETE';
}

/** Nothing more is written. */
export function isStill(machine: Landfall.LaunchedMachine): boolean {
  return !hasScreen(machine);
}

/** The service's lifecycle refuses it; `undefined`: it does not. */
const REFUSED = {
  STOPPED: undefined,
  NOT_READY: 'machine.keep.noMachine',
  READY_FOR_TEST: undefined,
  TESTING: 'machine.keep.testing',
  READY_FOR_CUTOVER: undefined,
  CUTTING_OVER: 'machine.keep.cuttingOver',
  CUTOVER: 'machine.keep.cutover',
  DISCONNECTED: undefined,
  DISCOVERED: 'machine.keep.noMachine',
  PENDING_INSTALLATION: 'machine.keep.noMachine',
} as const satisfies Record<Mgn.LifeCycleState, MessageKey | undefined>;

/** Why the machine cannot be ended now, with what is to be done before. */
export function whyKept(
  { phase }: Landfall.LaunchedMachine,
  server: Mgn.SourceServer | undefined,
): MessageKey | undefined {
  if (phase === 'TERMINATED') return 'machine.keep.ended';
  if (server === undefined) return 'machine.keep.serverGone';
  return REFUSED[server.lifeCycle?.state ?? 'NOT_READY'];
}
