/**
 * The launch host: machines by id, each converted and started from views, looked after, filled in,
 * terminated. Machines outlive this program; `start()` finds them again. Commands are idempotent by machine
 * id, and answer at once with how far things are: conversion and start go on in the background.
 */

import { join } from 'node:path';
import type {
  CommandHandlers,
  CommandInput,
  LaunchHostConfiguration,
  LaunchHostReport,
  MachineSpecification,
  MachineStatus,
} from '@landfall/channel';
import { type Accelerator, type HostFacts, hasFirmware, parseNbdUri } from '@landfall/launch';
import {
  assert,
  type Clock,
  ensureFolder,
  every,
  type Logger,
  OperationError,
  readIfExists,
} from '@landfall/runtime';
import packageFile from '../package.json' with { type: 'json' };
import { createApplianceTurns } from './conversion/appliance-turns.ts';
import { KeptConversions } from './conversion/file-kept-conversions.ts';
import { createLimiter } from './conversion/limiter.ts';
import { type ReadyApplianceFacts, ReadyAppliances } from './conversion/ready-appliances.ts';
import { openGuestTree, type TreeRequest } from './files/file-tree-opening.ts';
import { FileTrees } from './files/file-trees.ts';
import type { HostServices } from './host-services.ts';
import { describeCapabilities } from './machine/file-host-capabilities.ts';
import { type HostChoice, isUnreachable, openHost } from './machine/file-machine-host.ts';
import { MachineStore, unknownMachine } from './machine/file-machine-store.ts';
import { loadPerProcessor } from './machine/linux-host-load.ts';
import { Machine } from './machine/machine.ts';
import { newRecord, toStatus, unknownTerminated } from './machine/machine-record.ts';
import { lookAtAll } from './machine/machine-round.ts';
import { shortened } from './machine/post-launch-outcomes.ts';
import { Preflights } from './preflight/preflights.ts';

export interface LaunchHostOptions {
  readonly stateDir: string;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Without it, found out by a trial. */
  readonly accelerator?: Accelerator;
  /** What runs the machines; QEMU without it. */
  readonly host?: HostChoice;
  /** How long a view that does not answer is waited for at a launch. */
  readonly viewTimeoutSeconds?: number;
  /** An appliance is kept ready for the next launch. Default: none. */
  readonly keepsReadyAppliance?: boolean;
}

export interface LaunchHost {
  readonly handlers: CommandHandlers<'launch-host'>;
  report(): Promise<LaunchHostReport>;
  applyConfiguration(configuration: LaunchHostConfiguration): Promise<void>;
  /** Probes the host, finds the machines of an earlier run again, and goes on with what was under way. */
  start(): Promise<void>;
  /** Ends what this program does; the machines go on. */
  stop(): Promise<void>;
}

const LOOK_INTERVAL_MS = 2000;
const NO_READY_APPLIANCE: ReadyApplianceFacts = {
  ...{
    readyAppliance: 'NONE',
    readyApplianceReason: 'the launch host was started with --no-ready-appliance',
  },
};
const MACHINES_MAX = 200;

type Input<Name extends keyof CommandHandlers<'launch-host'>> = CommandInput<'launch-host', Name>;

export function createLaunchHost(options: LaunchHostOptions): LaunchHost {
  const host = new EmbeddedLaunchHost(options);
  const handlers: CommandHandlers<'launch-host'> = {
    ensureMachine: (specification) => host.ensure(specification),
    describeMachine: ({ machineId }) => host.describe(machineId),
    hydrateMachine: (input) => host.hydrate(input),
    powerMachine: (command) => host.find(command.machineId).power(command),
    terminateMachine: ({ machineId }) => host.terminate(machineId),
    runPreflight: async (order) => host.preflights.run(order),
    readConsole: async ({ machineId, tailBytes }) => ({
      text: await host.find(machineId).readConsole(tailBytes),
    }),
    takeScreenshot: async ({ machineId }) => {
      const png = await host.find(machineId).takeScreenshot();
      return { pngBase64: png.toString('base64') };
    },
    openFiles: (input) => host.trees.open(input),
    listFiles: (input) => host.trees.list(input),
    beginFileTransfer: (input) => host.trees.begin(input),
    readFileTransfer: (input) => host.trees.read(input),
    endFileTransfer: (input) => host.trees.end(input),
  };
  return {
    handlers,
    report: () => host.report(),
    applyConfiguration: (configuration) => host.apply(configuration),
    start: () => host.start(),
    stop: () => host.stop(),
  };
}

class EmbeddedLaunchHost {
  readonly #options: LaunchHostOptions;
  readonly #store: MachineStore;
  readonly #machines = new Map<string, Machine>();
  #services: HostServices | undefined;
  #facts: HostFacts | undefined;
  #preflights: Preflights | undefined;
  #trees: FileTrees | undefined;
  #readyAppliances: ReadyAppliances | undefined;
  #stopLooking: () => void = () => undefined;
  #isStopping = false;

  constructor(options: LaunchHostOptions) {
    this.#options = options;
    this.#store = new MachineStore(options.stateDir);
  }

  async start(): Promise<void> {
    const { stateDir, logger, clock } = this.#options;
    await ensureFolder(stateDir);
    await this.#store.open();
    const host = await openHost(this.#options.host ?? { kind: 'qemu' }, this.#options);
    this.#facts = await host.probe();
    const { accelerator } = this.#facts;
    const hasUefiFirmware = () => this.#facts !== undefined && hasFirmware(this.#facts, 'UEFI');
    const hostBootId = ((await readIfExists('/proc/sys/kernel/random/boot_id')) ?? '').trim();
    const turns = createApplianceTurns();
    const { viewTimeoutSeconds } = this.#options;
    const kept = new KeptConversions(join(stateDir, 'conversions'));
    await kept.open();
    if (this.#options.keepsReadyAppliance === true)
      this.#readyAppliances = new ReadyAppliances({ stateDir, accelerator, logger, clock });
    const ready = this.#readyAppliances === undefined ? {} : { readyAppliances: this.#readyAppliances };
    const found = {
      ...ready,
      host,
      accelerator,
      hasUefiFirmware,
      ...turns,
      hostBootId,
      viewTimeoutSeconds,
      kept,
    };
    this.#services = { store: this.#store, logger, clock, roomTurns: createLimiter(1), ...found };
    this.#preflights = new Preflights(this.#services, turns, join(stateDir, 'preflights'));
    await this.#preflights.open();
    const services = this.#services;
    const openTree = (request: TreeRequest) => openGuestTree(services, request);
    this.#trees = await FileTrees.start({ ...services, folder: join(stateDir, 'files'), openTree });
    await this.#reattachAll();
    this.#stopLooking = every(
      LOOK_INTERVAL_MS,
      () => this.#lookAtAll(),
      (error) => logger.error('machine-look-failed', { error }),
    );
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#stopLooking();
    await this.#preflights?.stop();
    await this.#trees?.stop();
    await this.#readyAppliances?.close();
    for (const machine of this.#machines.values()) await machine.release();
  }

  async ensure(specification: MachineSpecification): Promise<MachineStatus> {
    checkSpecification(specification);
    const { machineId } = specification;
    const ended = await this.#store.loadTerminated(machineId);
    if (ended !== undefined) return toStatus(ended);
    if (this.#isStopping) throw stopping();
    return await (this.#machines.get(machineId) ?? this.#add(specification)).ensure(specification);
  }

  async describe(machineId: string): Promise<MachineStatus> {
    const machine = this.#machines.get(machineId);
    if (machine !== undefined) return await machine.refresh();
    const ended = await this.#store.loadTerminated(machineId);
    if (ended !== undefined) return toStatus(ended);
    throw unknownMachine(machineId);
  }

  async hydrate(input: Input<'hydrateMachine'>): Promise<MachineStatus> {
    return await this.find(input.machineId).hydrate(input.bandwidthBytesPerSecond);
  }

  async terminate(machineId: string): Promise<MachineStatus> {
    const machine = this.#machines.get(machineId);
    if (machine === undefined) {
      const ended = await this.#store.loadTerminated(machineId);
      return ended === undefined ? unknownTerminated(machineId) : toStatus(ended);
    }
    const status = await machine.terminate();
    this.#machines.delete(machineId);
    return status;
  }

  async report(): Promise<LaunchHostReport> {
    const facts = await this.#probe();
    const { accelerator, freeMemoryBytes, networks } = facts;
    const { kind } = this.#running().host;
    return {
      version: packageFile.version,
      accelerator,
      freeMemoryBytes,
      capabilities: {
        ...(await describeCapabilities(kind, facts, this.#options.stateDir)),
        ...(this.#readyAppliances?.describe() ?? NO_READY_APPLIANCE),
      },
      loadPerProcessor: loadPerProcessor(),
      networks,
      machines: [...this.#machines.values()].map((machine) => shortened(machine.status)),
      keptConversions: this.#running().kept.list(),
    };
  }

  /** A host that does not answer is as it was: that this program lives has to be told all the same. */
  async #probe(): Promise<HostFacts> {
    const { host, logger } = this.#running();
    try {
      this.#facts = await host.probe();
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      logger.warn('machine-host-unreachable', { error });
    }
    assert(this.#facts !== undefined, 'a host was probed when it was opened');
    return this.#facts;
  }

  /** What a machine is about to leave here is wanted by that alone: the control plane may not know yet. */
  async apply({ keptConversions: wanted }: LaunchHostConfiguration): Promise<void> {
    if (wanted === undefined) return;
    const named = [...this.#machines.values()].flatMap(({ specification }) => {
      return specification.keepConversionAs ?? [];
    });
    const removed = await this.#running().kept.keepOnly(new Set([...wanted, ...named]));
    for (const name of removed) this.#options.logger.info('kept-conversion-removed', { name });
  }

  get trees(): FileTrees {
    assert(this.#trees !== undefined, 'start() comes before commands');
    return this.#trees;
  }

  find(machineId: string): Machine {
    const machine = this.#machines.get(machineId);
    if (machine === undefined) throw unknownMachine(machineId);
    return machine;
  }

  #add(specification: MachineSpecification): Machine {
    if (this.#machines.size >= MACHINES_MAX) throw hostFull();
    const machine = new Machine(this.#running(), newRecord(specification));
    this.#machines.set(specification.machineId, machine);
    return machine;
  }

  async #reattachAll(): Promise<void> {
    for (const record of await this.#store.loadAll()) {
      const { machineId } = record.specification;
      const machine = new Machine(this.#running(), record);
      this.#machines.set(machineId, machine);
      const ended = await this.#store.loadTerminated(machineId);
      await machine.reattach({ isTerminated: ended !== undefined });
    }
    this.#forgetTerminated();
  }

  #forgetTerminated(): void {
    for (const [machineId, machine] of this.#machines)
      if (machine.status.phase === 'TERMINATED') this.#machines.delete(machineId);
  }

  async #lookAtAll(): Promise<void> {
    await lookAtAll(this.#machines.values(), this.#options.logger);
    this.#forgetTerminated();
  }

  get preflights(): Preflights {
    assert(this.#preflights !== undefined, 'start() comes before commands');
    return this.#preflights;
  }

  #running(): HostServices {
    assert(this.#services !== undefined, 'start() comes before commands');
    return this.#services;
  }
}

/** Errors: MACHINE_SPECIFICATION_INVALID, NBD_URI_INVALID. */
function checkSpecification(specification: MachineSpecification): void {
  const { machineId, disks, publishedPorts, cpuCount, memoryBytes } = specification;
  const complaints = [
    /^i-[0-9a-f]{17}$/.test(machineId) ? '' : `machine id ${machineId}`,
    disks.length > 0 ? '' : 'no disks',
    disks.every((disk) => /^[A-Za-z0-9_-]{1,20}$/.test(disk.diskId)) ? '' : 'disk ids',
    disks.filter((disk) => disk.isBootDisk).length === 1 ? '' : 'exactly one boot disk is needed',
    publishedPorts.every((port) => Number.isInteger(port) && port > 0 && port < 65_536)
      ? ''
      : 'published ports',
    new Set(disks.map((disk) => disk.diskId)).size === disks.length ? '' : 'disk ids that are used twice',
    new Set(publishedPorts).size === publishedPorts.length ? '' : 'published ports that are named twice',
    ...scriptComplaints(specification),
    cpuCount >= 1 && memoryBytes >= 64 * 1024 * 1024 ? '' : 'processors or memory',
  ].filter((complaint) => complaint !== '');
  for (const disk of disks) parseNbdUri(disk.nbdUri);
  if (complaints.length === 0) return;
  throw new OperationError(
    'MACHINE_SPECIFICATION_INVALID',
    `this machine cannot be launched: ${complaints.join('; ')}`,
    {
      hint: 'check the launch configuration of the source server',
    },
  );
}

/** What reaches a guest as names of files and words of its runner's plan. */
function scriptComplaints({ postLaunchScripts = [] }: MachineSpecification): string[] {
  const ids = postLaunchScripts.map(({ actionId }) => actionId);
  const names = postLaunchScripts.flatMap(({ parameters }) => Object.keys(parameters));
  const texts = postLaunchScripts.flatMap(({ script, parameters }) => [script, ...Object.values(parameters)]);
  const seconds = postLaunchScripts.map(({ timeoutSeconds }) => timeoutSeconds);
  return [
    ids.every((id) => /^[A-Za-z0-9-]{1,64}$/.test(id)) ? '' : 'ids of post-launch scripts',
    new Set(ids).size === ids.length ? '' : 'post-launch scripts with the same id',
    names.every((name) => /^[A-Za-z0-9]{1,64}$/.test(name)) ? '' : 'names of script parameters',
    texts.some((text) => text.includes('\0')) ? 'zero bytes in scripts or their parameters' : '',
    seconds.every((count) => Number.isInteger(count) && count > 0)
      ? ''
      : 'time limits of post-launch scripts',
  ];
}

function stopping(): OperationError {
  return new OperationError('LAUNCH_CANCELLED', 'the launch host is stopping', {
    hint: 'ask again once the launch host is back',
    retryable: true,
  });
}

function hostFull(): OperationError {
  return new OperationError(
    'LAUNCH_HOST_FULL',
    `this launch host looks after ${MACHINES_MAX} machines already`,
    {
      hint: 'terminate machines that are no longer needed',
    },
  );
}
