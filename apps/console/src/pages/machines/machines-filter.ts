/** What the list of machines asks for; kept in the address, so that it can be sent to somebody. Pure. */
import type { Landfall } from '@landfall/api/types';
import { MACHINE_PHASES } from '../../machines/machine-phases.ts';
import { parseIds } from '../servers/servers-filter.ts';

export interface MachinesFilter {
  /** Empty: every one that has not ended. */
  readonly phases: readonly Landfall.LaunchedMachinePhase[];
  readonly sourceServerIDs: readonly string[];
}

export function parseMachinesFilter(query: Readonly<Record<string, string>>): MachinesFilter {
  const phases = (query.phase ?? '').split(',');
  return {
    phases: MACHINE_PHASES.filter((phase) => phases.includes(phase)),
    sourceServerIDs: parseIds(query.servers ?? '').ids,
  };
}

export function machinesQuery({
  phases,
  sourceServerIDs,
}: MachinesFilter): Readonly<Record<string, string | undefined>> {
  return {
    phase: phases.length === 0 ? undefined : phases.join(','),
    servers: sourceServerIDs.length === 0 ? undefined : sourceServerIDs.join(','),
  };
}

export function isFilteringMachines({ phases, sourceServerIDs }: MachinesFilter): boolean {
  return phases.length > 0 || sourceServerIDs.length > 0;
}

export function machinesInput(filter: MachinesFilter): Landfall.DescribeLaunchedMachinesRequest {
  const { phases, sourceServerIDs } = filter;
  return {
    phases: phases.length === 0 ? MACHINE_PHASES.filter((phase) => phase !== 'TERMINATED') : phases,
    ...(sourceServerIDs.length === 0 ? {} : { sourceServerIDs }),
  };
}
