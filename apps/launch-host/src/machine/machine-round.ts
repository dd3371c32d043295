/** A look at every machine, one after the other. */
import type { Logger } from '@landfall/runtime';
import type { Machine } from './machine.ts';

/** One that cannot be looked at is told of, and does not keep the others from it. */
export async function lookAtAll(machines: Iterable<Machine>, logger: Logger): Promise<void> {
  for (const machine of machines) {
    try {
      await machine.refresh();
    } catch (error) {
      logger.error('machine-look-failed', { machineId: machine.specification.machineId, error });
    }
  }
}
