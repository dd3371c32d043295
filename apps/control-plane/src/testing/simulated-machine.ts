/** A machine of a simulated launch host, as it is when it was just asked for. */
import type { MachineStatus } from '@landfall/channel';
import { GIB } from '@landfall/runtime';

export function newMachine(machineId: string): MachineStatus {
  return {
    machineId,
    revision: 1,
    phase: 'CONVERTING',
    conversion: [],
    hydration: { state: 'NOT_STARTED', doneBytes: 0, totalBytes: GIB },
    published: [{ guestPort: 80, host: '127.0.0.1', port: 18080 }],
    startedAtMs: null,
  };
}
