/** What runs machines, in memory: each is as its guest leaves it. And what else a machine needs around it. */
import { join } from 'node:path';
import type {
  HostFacts,
  HydrationOutcome,
  HydrationRequest,
  InboundRequest,
  LaunchRequest,
  MachineHost,
  MachinePlace,
  RunState,
} from '@landfall/launch';
import { type OperationError, silentLogger, systemClock } from '@landfall/runtime';
import { createApplianceTurns } from './conversion/appliance-turns.ts';
import { KeptConversions } from './conversion/file-kept-conversions.ts';
import { createLimiter } from './conversion/limiter.ts';
import type { HostServices } from './host-services.ts';
import { MachineStore } from './machine/file-machine-store.ts';
import { type MachineRecord, newRecord } from './machine/machine-record.ts';

const BOOT_ID = 'boot-1';

export class SimulatedHost implements MachineHost {
  readonly kind = 'qemu';
  readonly machines = new Map<string, RunState>();
  /** Whether guests power themselves off when their button is pressed. */
  obeysButton = true;
  readonly done: string[] = [];
  /** The ports that were left open last; `undefined`: nobody asked for any to be closed. */
  closedBut: readonly number[] | undefined;
  filterError: OperationError | undefined;

  async probe(): Promise<HostFacts> {
    return {
      ...{ accelerator: 'tcg', reason: 'simulated', version: 'none', firmware: [], machineTypes: ['pc'] },
      ...{ cpuCount: 1, memoryBytes: 2 ** 31, freeMemoryBytes: 2 ** 30, networks: [] },
    };
  }

  async choosePorts(): Promise<readonly []> {
    return [];
  }

  async start({ machineId, onlyHydrate }: LaunchRequest): Promise<void> {
    this.done.push(onlyHydrate ? 'start to hydrate' : 'start');
    this.machines.set(machineId, onlyHydrate ? 'PAUSED' : 'RUNNING');
  }

  async closePorts({ inboundPorts }: InboundRequest): Promise<void> {
    if (this.filterError !== undefined) throw this.filterError;
    this.closedBut = inboundPorts;
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

  async advanceHydration(_request: HydrationRequest): Promise<HydrationOutcome> {
    return { disks: [], errors: [] };
  }

  async takeScreenshot(): Promise<Buffer> {
    return Buffer.alloc(0);
  }
}

export async function simulatedServices(stateDir: string, host: SimulatedHost): Promise<HostServices> {
  const store = new MachineStore(stateDir);
  await store.open();
  return {
    ...{ store, logger: silentLogger, clock: systemClock },
    ...{ host, accelerator: 'tcg', hasUefiFirmware: () => false },
    ...{ ...createApplianceTurns(), roomTurns: createLimiter(1) },
    kept: new KeptConversions(join(stateDir, 'conversions')),
    ...{ viewTimeoutSeconds: 0, hostBootId: BOOT_ID },
  };
}

/** Of a machine that was launched, without disks. */
export function runningRecord(machineId: string): MachineRecord {
  const record = newRecord({
    ...{ machineId, name: 'web', purpose: 'TEST', disks: [], cpuCount: 1, memoryBytes: 2 ** 28 },
    ...{ bootMode: 'USE_SOURCE', disposition: 'STARTED', publishedPorts: [] },
  });
  const conversion = { done: true, steps: [], bootMode: 'LEGACY_BIOS' } as const;
  return { ...record, phase: 'RUNNING', conversion, startedAtMs: 1, hostBootId: BOOT_ID };
}
