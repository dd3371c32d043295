import type { Landfall, Mgn } from '@landfall/api/types';
import { apiFailure } from '../../api/failure.ts';
import type { LandfallCall } from '../../api/landfall-client.ts';
import type { LiveQuery } from '../../api/live-queries.ts';
import type { MgnCall } from '../../api/mgn-client.ts';

export function machineQuery(landfall: LandfallCall, machineID: string): LiveQuery<Landfall.LaunchedMachine> {
  return {
    key: `machine ${machineID}`,
    on: ['LaunchedMachineChanged'],
    about: machineID,
    load: async () => {
      const [machine] = (await landfall('DescribeLaunchedMachines', { machineIDs: [machineID] })).items;
      if (machine !== undefined) return machine;
      throw apiFailure({ name: 'ResourceNotFoundException', status: 404, message: machineID });
    },
  };
}

/** `null`: it was deleted; its machine may go on. */
export function sourceOfMachineQuery(
  mgn: MgnCall,
  sourceServerID: string,
): LiveQuery<Mgn.SourceServer | null> {
  return {
    key: `source of machine ${sourceServerID}`,
    on: ['SourceServerChanged', 'JobChanged'],
    about: sourceServerID,
    load: async () => {
      const filters = { sourceServerIDs: [sourceServerID] };
      return (await mgn('DescribeSourceServers', { filters })).items?.[0] ?? null;
    },
  };
}
