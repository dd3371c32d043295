/** Machines as QEMU processes of this computer, on its user network. */
import { constants, copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, systemErrorCode } from '@landfall/runtime';
import { findQemuNetwork, QEMU_NETWORKS, type QemuNetwork } from './host-network.ts';
import type { HydrationOutcome, HydrationRequest } from './hydration.ts';
import {
  type LaunchRequest,
  type PublishedPort,
  planLaunch,
  UEFI_VARIABLES,
  USER_NETWORK_GIVES,
} from './launch-plan.ts';
import { InboundFilter } from './linux-inbound-filter.ts';
import {
  type HostFacts,
  type InboundRequest,
  type MachineHost,
  type MachinePlace,
  type NetworkAddress,
  type NetworkPlace,
  type RunState,
  thereAlready,
} from './machine-host.ts';
import type { UefiFirmware } from './qemu-capabilities.ts';
import { guestAgentAnswers } from './qemu-guest-agent.ts';
import {
  advanceHydration,
  continueMachine,
  pressPowerButton,
  readRunState,
  takeScreenshot,
} from './qemu-machine.ts';
import { HostProbe, type ProbeOptions } from './qemu-probe.ts';
import { findQemu, readQemuLog, startQemu, stopQemu } from './qemu-process.ts';
import { portConflict, publishOnLoopback } from './tcp-free-port.ts';

export interface QemuHostOptions extends ProbeOptions {
  readonly clock: Clock;
  /** Absent: those that are always there. */
  readonly networks?: readonly QemuNetwork[];
}

export class QemuHost implements MachineHost {
  readonly kind = 'qemu';
  readonly #options: QemuHostOptions;
  readonly #probe: HostProbe;
  readonly #filter: InboundFilter;

  constructor(options: QemuHostOptions) {
    this.#options = options;
    this.#filter = new InboundFilter(options.clock);
    this.#probe = new HostProbe(options);
  }

  async probe(): Promise<HostFacts> {
    const networks = this.#networks.map(({ name, kind }) => ({ name, kind }));
    return { ...(await this.#probe.describe()), networks };
  }

  async choosePorts(guestPorts: readonly number[]): Promise<readonly PublishedPort[]> {
    return await publishOnLoopback(guestPorts);
  }

  async start(request: LaunchRequest): Promise<void> {
    // A second process would fail on the first one's disks, but only after it took its pid file away.
    if (await this.find(request)) throw thereAlready(request.machineId);
    const { accelerator, uefi } = await this.#probe.findOut();
    const argv = planLaunch(request, {
      accelerator,
      uefiCodePath: uefi?.codePath,
      networks: this.#networks,
    });
    if (request.bootMode === 'UEFI' && uefi !== undefined) await prepareFirmware(uefi, request.folder);
    try {
      await startQemu(argv, request.folder, this.#options.clock);
    } catch (error) {
      throw portConflict(error) ?? error;
    }
  }

  /** A network of the machine's own forwards what is published, and nothing else. */
  async closePorts(request: InboundRequest): Promise<void> {
    if (findQemuNetwork(this.#networks, request).kind === 'BRIDGE') await this.#filter.keep(request);
  }

  async find({ folder }: MachinePlace): Promise<boolean> {
    return (await findQemu(folder)) !== undefined;
  }

  async readRunState({ folder }: MachinePlace): Promise<RunState> {
    return await readRunState(folder);
  }

  async resume({ folder }: MachinePlace): Promise<void> {
    await continueMachine(folder);
  }

  async pressPowerButton({ folder }: MachinePlace): Promise<void> {
    await pressPowerButton(folder);
  }

  async stop({ folder }: MachinePlace): Promise<void> {
    await stopQemu(folder, this.#options.clock);
  }

  async remove(place: MachinePlace): Promise<void> {
    await this.stop(place);
    await this.#filter.remove(place.machineId);
  }

  async readLastWords({ folder }: MachinePlace): Promise<string> {
    return await readQemuLog(folder);
  }

  /** Each machine has a network of its own, or one of which QEMU knows nothing. */
  async reserveAddress(place: NetworkPlace): Promise<NetworkAddress | undefined> {
    return findQemuNetwork(this.#networks, place).kind === 'BRIDGE' ? undefined : USER_NETWORK_GIVES;
  }

  async findAddress(): Promise<undefined> {
    return undefined;
  }

  async agentAnswers({ folder }: MachinePlace, timeoutMs: number): Promise<boolean> {
    return await guestAgentAnswers(folder, timeoutMs);
  }

  async advanceHydration(request: HydrationRequest): Promise<HydrationOutcome> {
    return await advanceHydration(request);
  }

  async takeScreenshot({ folder }: MachinePlace): Promise<Buffer> {
    return await takeScreenshot(folder);
  }

  get #networks(): readonly QemuNetwork[] {
    return this.#options.networks ?? QEMU_NETWORKS;
  }
}

/** A machine keeps its variables: what is there stays. */
async function prepareFirmware(uefi: UefiFirmware, folder: string): Promise<void> {
  try {
    await copyFile(uefi.variablesPath, join(folder, UEFI_VARIABLES), constants.COPYFILE_EXCL);
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
  }
}
