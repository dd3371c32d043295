/**
 * What runs machines, whatever it is: QEMU processes of our own, or a libvirt that others look after, too.
 * Its disks are local files (qcow2 overlays on NBD views), so it works on the launch host's own computer.
 * The suite that every host passes is `e2e/machine-host.conformance.ts`.
 *
 * M1  Machines outlive this program. Everything that is known of them is asked of the host, each time.
 * M2  What was done before is found done: `start` of a machine that is there is refused, `stop` and `remove`
 *     of one that is not are successes.
 * M3  A disk error pauses the machine until `resume`; the guest's request is made again, never failed.
 * M4  A guest that powers itself off or panics stays found until `stop`, so that a launch host that did not
 *     run at that moment learns of it. (A CUTOVER guest that panics does what its kernel does then.)
 * M5  The machine's view is only read; a disk is filled in when nothing but its own file is needed.
 * M6  A TEST or PROOF machine reaches nothing, unless a network is named for it. Its ports are reachable all
 *     the same, also where it keeps an IPv4 address of its source.
 * M7  Whatever the host, a machine has the same ports: a console, a line for reports, a channel for an agent.
 * M8  Ports that were closed (`closePorts`) are, before the machine starts and until it is removed: whoever
 *     shares its network, the host included, opens no TCP connection to them.
 */

import { OperationError } from '@landfall/runtime';
import type { HostNetwork } from './host-network.ts';
import type { HydrationOutcome, HydrationRequest } from './hydration.ts';
import type { LaunchRequest, PublishedPort } from './launch-plan.ts';

export const MACHINE_HOSTS = ['qemu', 'libvirt'] as const;
export type MachineHostKind = (typeof MACHINE_HOSTS)[number];

export type Accelerator = 'kvm' | 'tcg';

export type RunState = 'RUNNING' | 'POWERED_OFF' | 'PANICKED' | 'DISK_ERROR' | 'BROKEN' | 'PAUSED';

/** Which machine: what it is called, and the folder that is its own. */
export interface MachinePlace {
  readonly machineId: string;
  readonly folder: string;
}

/** Where in which network a machine is, or will be. */
export type NetworkPlace = Pick<
  LaunchRequest,
  'machineId' | 'purpose' | 'networkName' | 'macAddress' | 'network'
>;

/** A machine that lets only some ports in. */
export interface InboundRequest extends NetworkPlace {
  /** TCP, of the machine. */
  readonly inboundPorts: readonly number[];
}

/** What DHCP would tell: IPv4. */
export interface NetworkAddress {
  /** With its prefix length, `192.0.2.10/24`. */
  readonly address: string;
  readonly gateway?: string;
  readonly nameServers?: readonly string[];
}

export interface HostFirmware {
  readonly bootMode: 'LEGACY_BIOS' | 'UEFI';
  /** Paths: its code, and for UEFI the variables a machine begins with. */
  readonly files: readonly string[];
}

/** What a host really can, found out by trying where a look does not tell. */
export interface HostFacts {
  readonly accelerator: Accelerator;
  /** Why this accelerator; where it is not KVM, what KVM lacks. */
  readonly reason: string;
  /** Of what runs the machines: `QEMU 7.2.22`. */
  readonly version: string;
  /** That which is here. */
  readonly firmware: readonly HostFirmware[];
  /** Those of `pc` and `q35` that are offered. */
  readonly machineTypes: readonly string[];
  readonly cpuCount: number;
  readonly memoryBytes: number;
  readonly freeMemoryBytes: number;
  readonly networks: readonly HostNetwork[];
}

/** Errors of all: MACHINE_UNREACHABLE and HOST_UNREACHABLE (ask again), MACHINE_REFUSED, TOOL_MISSING. */
export interface MachineHost {
  readonly kind: MachineHostKind;

  /** Asked often: what is expensive to find out is found out once. */
  probe(): Promise<HostFacts>;

  /** Where ports of a machine shall be reachable; nothing, where its network gives it an address. */
  choosePorts(guestPorts: readonly number[], place: NetworkPlace): Promise<readonly PublishedPort[]>;

  /**
   * Starts the machine, or only attaches its disks (`onlyHydrate`), and returns when it is there. Errors:
   * MACHINE_START_FAILED with the host's own words, PORT_TAKEN (choose others), FIRMWARE_MISSING,
   * NETWORK_UNKNOWN, TOO_MANY_DISKS, NBD_URI_INVALID.
   */
  start(request: LaunchRequest): Promise<void>;

  /**
   * M8: before each start, and now and then while it runs, should the computer have lost what it was told.
   * Nothing to do where only published ports are reachable anyway. Errors: INBOUND_NOT_FILTERED,
   * NETWORK_NOT_ISOLATED.
   */
  closePorts(request: InboundRequest): Promise<void>;

  /** Whether the machine is there: at work, paused, or at its end and not yet stopped (M4). */
  find(place: MachinePlace): Promise<boolean>;

  /** Of a machine that was found. */
  readRunState(place: MachinePlace): Promise<RunState>;

  /** Goes on after a disk error. */
  resume(place: MachinePlace): Promise<void>;

  /** Presses the power button of a machine that was found: its guest may power itself off, or may not. */
  pressPowerButton(place: MachinePlace): Promise<void>;

  /** Takes the machine's power away; it can be started again. */
  stop(place: MachinePlace): Promise<void>;

  /** Stops it, and leaves nothing of it with the host. Files of `place.folder` are the caller's. */
  remove(place: MachinePlace): Promise<void>;

  /** What the host said last of a machine that is not there any more; empty: nothing. */
  readLastWords(place: MachinePlace): Promise<string>;

  /**
   * The address that the machine's network keeps for it from now on, until `remove`: for a guest that cannot
   * ask for one. The same always, for the same machine; nothing, where the host does not know what addresses
   * that network has. Errors: NETWORK_UNKNOWN, NETWORK_NOT_ISOLATED.
   */
  reserveAddress(place: NetworkPlace): Promise<NetworkAddress | undefined>;

  /** Where this computer reaches the machine, if its network gave it an address of its own. */
  findAddress(place: MachinePlace): Promise<string | undefined>;

  /**
   * Whether the agent inside the guest answers within that time. Most guests have none, and say nothing:
   * silence is an ordinary answer.
   */
  agentAnswers(place: MachinePlace, timeoutMs: number): Promise<boolean>;

  /**
   * Does what each disk needs next, at the speed that is asked for now. Called again and again until all is
   * complete.
   */
  advanceHydration(request: HydrationRequest): Promise<HydrationOutcome>;

  /** What the machine's screen shows, as PNG. */
  takeScreenshot(place: MachinePlace): Promise<Buffer>;
}

/** The file in the machine's folder in which a host leaves what the machine says on its serial line. */
export const CONSOLE_LOG = 'console.log';
/** The same of its fourth serial port: the outcomes of post-launch scripts. */
export const REPORT_LOG = 'post-launch.log';
export const REPORT_PORT_INDEX = 3;

export function hasFirmware({ firmware }: HostFacts, bootMode: HostFirmware['bootMode']): boolean {
  return firmware.some((each) => each.bootMode === bootMode);
}

export function thereAlready(machineId: string): OperationError {
  return new OperationError('MACHINE_REFUSED', `the machine ${machineId} is there already`, {
    hint: 'stop it first',
  });
}
