/** What runs machines, in memory: each is as its guest leaves it. */
import type {
  HostFacts,
  HydrationOutcome,
  LaunchRequest,
  MachineHost,
  MachinePlace,
  RunState,
} from '@landfall/launch';

export class SimulatedHost implements MachineHost {
  readonly kind = 'qemu';
  readonly machines = new Map<string, RunState>();
  /** Whether guests power themselves off when their button is pressed. */
  obeysButton = true;
  readonly done: string[] = [];

  async probe(): Promise<HostFacts> {
    return {
      ...{ accelerator: 'tcg', reason: 'simulated', hasUefiFirmware: false, machineTypes: ['pc'] },
      ...{ freeMemoryBytes: 2 ** 30, networks: [] },
    };
  }

  async choosePorts(): Promise<readonly []> {
    return [];
  }

  async start({ machineId, onlyHydrate }: LaunchRequest): Promise<void> {
    this.done.push(onlyHydrate ? 'start to hydrate' : 'start');
    this.machines.set(machineId, onlyHydrate ? 'PAUSED' : 'RUNNING');
  }

  async find({ machineId }: MachinePlace): Promise<boolean> {
    return this.machines.has(machineId);
  }

  async readRunState({ machineId }: MachinePlace): Promise<RunState> {
    return this.machines.get(machineId) ?? 'PAUSED';
  }

  async resume(): Promise<void> {}

  async pressPowerButton({ machineId }: MachinePlace): Promise<void> {
    this.done.push('button');
    if (this.obeysButton) this.machines.set(machineId, 'POWERED_OFF');
  }

  async stop({ machineId }: MachinePlace): Promise<void> {
    if (this.machines.delete(machineId)) this.done.push('stop');
  }

  async remove(place: MachinePlace): Promise<void> {
    await this.stop(place);
  }

  async readLastWords(): Promise<string> {
    return '';
  }

  async reserveAddress(): Promise<undefined> {
    return undefined;
  }

  async findAddress(): Promise<undefined> {
    return undefined;
  }

  async agentAnswers(): Promise<boolean> {
    return false;
  }

  async advanceHydration(): Promise<HydrationOutcome> {
    return { disks: [], errors: [] };
  }

  async setHydrationSpeed(): Promise<void> {}

  async takeScreenshot(): Promise<Buffer> {
    return Buffer.alloc(0);
  }
}
