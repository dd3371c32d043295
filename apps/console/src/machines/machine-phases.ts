/** In the order a machine goes through them. */
import type { Landfall } from '@landfall/api/types';

export const MACHINE_PHASES = [
  'CONVERTING',
  'CONVERTED',
  'STARTING',
  'RUNNING',
  'STOPPED',
  'FAILED',
  'TERMINATED',
] as const satisfies readonly Landfall.LaunchedMachinePhase[];
