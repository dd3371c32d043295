/**
 * What a launch ends before it begins: a server has one launched machine, and the one there is goes before
 * the new one exists. Pure.
 */
import type { Mgn } from '@landfall/api/types';

export interface MachineReplacement {
  /** Their machines end, and what was written on these since their start is lost. */
  readonly servers: readonly Mgn.SourceServer[];
  /** One of them was launched by a cutover, and may do the work of its source by now. */
  readonly isFinal: boolean;
}

export function machineReplacement(launched: readonly Mgn.SourceServer[]): MachineReplacement {
  const servers = launched.filter(({ launchedInstance }) => launchedInstance !== undefined);
  return { servers, isFinal: servers.some(({ lifeCycle }) => lifeCycle?.state === 'CUTTING_OVER') };
}
