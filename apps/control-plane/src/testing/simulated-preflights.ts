/** Preflights as a simulated launch host makes them. */
import type { CommandHandlers, PreflightOrder, PreflightStatus } from '@landfall/channel';
import { findingOf, type PreflightResult } from '@landfall/model';

export const SIMULATED_RESULT: PreflightResult = {
  operatingSystem: 'Debian GNU/Linux 12 (bookworm)',
  bootMode: 'UEFI',
  facts: [{ name: 'root', value: 'ext4 on /dev/vda2' }],
  findings: [
    findingOf('EFI_LOADER_MISSING', '/boot/efi/EFI/BOOT/BOOTX64.EFI is not there'),
    findingOf('AGENT_INSTALLED', 'landfall-agent.service: installed → masked'),
  ],
  durationMs: 1234,
};

export class SimulatedPreflights {
  /** Of every command, in order. */
  readonly orders: PreflightOrder[] = [];
  /** What is said of each; at first that it runs, then the result. */
  answer: (order: PreflightOrder) => Omit<PreflightStatus, 'preflightId'> = (order) => {
    const asked = this.orders.filter(({ preflightId }) => preflightId === order.preflightId);
    return asked.length === 1 ? { state: 'RUNNING' } : { state: 'COMPLETE', result: SIMULATED_RESULT };
  };

  readonly handlers: Pick<CommandHandlers<'launch-host'>, 'runPreflight'> = {
    runPreflight: async (order) => {
      this.orders.push(order);
      return { preflightId: order.preflightId, ...this.answer(order) };
    },
  };
}
