/** What an instance says on its serial line, and what its screen shows. */
import { type Ec2Handlers, isoDateTime } from '@landfall/api';
import { launchedMachineOperations } from '../operations/launched-machines.ts';
import type { Service } from '../service.ts';
import { requireMachine } from './find-machines.ts';
import { answered } from './unavailable.ts';

type Operations = Pick<Ec2Handlers<Service>, 'GetConsoleOutput' | 'GetConsoleScreenshot'>;

/** As in EC2. */
const TAIL_BYTES = 64 * 1024;

export const consoleOperations: Operations = {
  GetConsoleOutput: async ({ InstanceId }, service) => {
    await requireMachine(service.store.db, InstanceId);
    const asked = { machineID: InstanceId, tailBytes: TAIL_BYTES };
    const { text } = await answered(launchedMachineOperations.GetConsoleOutput(asked, service));
    return {
      instanceId: InstanceId,
      timestamp: isoDateTime(service.clock.nowMs()),
      output: Buffer.from(text).toString('base64'),
    };
  },

  GetConsoleScreenshot: async ({ InstanceId }, service) => {
    await requireMachine(service.store.db, InstanceId);
    const asked = { machineID: InstanceId };
    const { pngBase64 } = await answered(launchedMachineOperations.GetConsoleScreenshot(asked, service));
    return { instanceId: InstanceId, imageData: pngBase64 };
  },
};
