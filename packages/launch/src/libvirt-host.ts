/**
 * Machines as domains of a libvirt on this computer, which other people may look after, too: so everything
 * goes by virsh, nothing by a monitor of our own, and a domain bears its state in its own metadata.
 *
 * V1  The mark STARTING is written with the definition, STARTED after the start, STOPPED by a stop: with
 *     libvirt's log of the domain it tells a guest that powered itself off (M4) from one that never ran,
 *     also after libvirtd was restarted and forgot.
 * V2  The definition is written anew before each start, from the overlays as they are then.
 * V3  A CUTOVER machine that runs starts again by itself when the host does; others never.
 * V4  libvirt says of a failed job nothing afterwards: a job that was seen and is gone without its disk being
 *     complete has failed.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, OperationError, retry } from '@landfall/runtime';
import type { HydrationFacts, HydrationOutcome, HydrationRequest } from './hydration.ts';
import { type LaunchRequest, macAddressOf, type PublishedPort } from './launch-plan.ts';
import { ReservedAddresses } from './libvirt-addresses.ts';
import { askLibvirt, asLibvirtHasIt, type LibvirtOffers } from './libvirt-capabilities.ts';
import { type DomainMark, domainName, METADATA_URI, planDomain, stateElement } from './libvirt-domain.ts';
import { flushDisk } from './libvirt-flush.ts';
import { agentAnswersVirsh } from './libvirt-guest-agent.ts';
import { planTurn } from './libvirt-hydration.ts';
import { LOG_FOLDER, readLogTail } from './libvirt-log.ts';
import { hasOwnNetwork, LibvirtNetworks } from './libvirt-networks.ts';
import { ensurePool, removePool } from './libvirt-pool.ts';
import {
  type DomainState,
  hasPoweredOff,
  parseAddress,
  parseBlockJob,
  parseDomainState,
  parseMark,
} from './libvirt-state.ts';
import { connectVirsh, LIBVIRT_URI_DEFAULT, type Virsh, withFile } from './libvirt-virsh.ts';
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
import { inspectImage } from './qemu-image.ts';
import { HostProbe, type ProbeOptions } from './qemu-probe.ts';
import { portConflict, publishOnLoopback } from './tcp-free-port.ts';
import { writeXml } from './xml-writer.ts';

export interface LibvirtHostOptions extends ProbeOptions {
  readonly clock: Clock;
  readonly uri?: string;
}

/** A replication server that is just being restarted is waited for about a minute. */
const START_ATTEMPTS_MAX = 10;
const VIEW_AWAY = /nbd|Failed to connect|Connection refused/i;

export class LibvirtHost implements MachineHost {
  readonly kind = 'libvirt';
  readonly #options: LibvirtHostOptions;
  readonly #probe: HostProbe;
  readonly #virsh: Virsh;
  readonly #addresses: ReservedAddresses;
  readonly #networks: LibvirtNetworks;
  /** Asked once. */
  #offers: LibvirtOffers | undefined;
  /** Disks seen with a job (V4). */
  readonly #seenJobs = new Set<string>();

  constructor(options: LibvirtHostOptions) {
    this.#options = options;
    this.#probe = new HostProbe(options);
    this.#virsh = connectVirsh(options.uri ?? LIBVIRT_URI_DEFAULT);
    this.#addresses = new ReservedAddresses(this.#virsh);
    this.#networks = new LibvirtNetworks(this.#virsh, options.clock);
  }

  async probe(): Promise<HostFacts> {
    const found = await this.#probe.describe();
    const { hasKvm, ...offers } = await this.#askLibvirt();
    const networks = await this.#networks.describe();
    return { ...{ ...found, ...offers, ...asLibvirtHasIt(found, hasKvm) }, networks };
  }

  /** Most networks give the machine an address; see `findAddress`. */
  async choosePorts(guestPorts: readonly number[], place: NetworkPlace): Promise<readonly PublishedPort[]> {
    return hasOwnNetwork(place) ? await publishOnLoopback(guestPorts) : [];
  }

  async start(request: LaunchRequest): Promise<void> {
    const name = domainName(request.machineId);
    if (await this.find(request)) throw thereAlready(request.machineId);
    const { uefi, ...found } = await this.#probe.findOut();
    const { accelerator } = asLibvirtHasIt(found, (await this.#askLibvirt()).hasKvm);
    const network = await this.#networks.choose(request);
    const xml = planDomain(request, { accelerator, uefi, network });
    await ensurePool(this.#virsh, request);
    await withFile(xml, (path) => this.#virsh('define', path));
    await this.#power(name, request.onlyHydrate);
    await this.#mark(name, 'STARTED');
    if (request.purpose === 'CUTOVER' && !request.onlyHydrate) await this.#virsh('autostart', name);
  }

  async closePorts(request: InboundRequest): Promise<void> {
    await this.#networks.closePorts(request);
  }

  async find(place: MachinePlace): Promise<boolean> {
    const state = await this.#state(place);
    return state !== undefined && state !== 'ABSENT';
  }

  async readRunState(place: MachinePlace): Promise<RunState> {
    const state = await this.#state(place);
    if (state !== undefined && state !== 'ABSENT') return state;
    throw new OperationError('MACHINE_UNREACHABLE', `libvirt does not run ${domainName(place.machineId)}`, {
      hint: `look at its log in ${LOG_FOLDER}`,
      retryable: true,
    });
  }

  async resume({ machineId }: MachinePlace): Promise<void> {
    await this.#virsh('resume', domainName(machineId));
  }

  async pressPowerButton({ machineId }: MachinePlace): Promise<void> {
    await this.#unlessOver('shutdown', domainName(machineId), '--mode', 'acpi');
  }

  async stop(place: MachinePlace): Promise<void> {
    const name = domainName(place.machineId);
    const state = await this.#state(place);
    if (state === undefined) return;
    if (state !== 'ABSENT' && state !== 'POWERED_OFF') await this.#unlessOver('destroy', name);
    await this.#mark(name, 'STOPPED');
    await this.#virsh('autostart', name, '--disable');
  }

  /** It may have ended since it was looked at, as one whose libvirtd has just come back: that is success. */
  async #unlessOver(...command: readonly [string, string, ...string[]]): Promise<void> {
    try {
      await this.#virsh(...command);
    } catch (error) {
      const isOver = error instanceof OperationError && error.message.includes('domain is not running');
      if (!isOver) throw error;
    }
  }

  async remove(place: MachinePlace): Promise<void> {
    await this.stop(place);
    const name = domainName(place.machineId);
    if ((await this.#state(place)) !== undefined) await this.#virsh('undefine', name, '--nvram');
    await removePool(this.#virsh, place);
    await this.#addresses.release(name);
    await this.#networks.removeRules(place.machineId);
  }

  async readLastWords({ machineId }: MachinePlace): Promise<string> {
    return (await readLogTail(join(LOG_FOLDER, `${domainName(machineId)}.log`))).trim();
  }

  async reserveAddress(place: NetworkPlace): Promise<NetworkAddress | undefined> {
    const network = await this.#networks.choose(place);
    if (network === 'OWN') return undefined;
    const { name } = network;
    return await this.#addresses.reserve(name, {
      name: domainName(place.machineId),
      mac: place.macAddress ?? macAddressOf(place.machineId),
    });
  }

  /** A guest that cannot ask has no lease, but what was reserved for it. */
  async findAddress({ machineId }: MachinePlace): Promise<string | undefined> {
    const name = domainName(machineId);
    const leased = parseAddress(await this.#virsh('domifaddr', name, '--source', 'lease'));
    return leased ?? (await this.#addresses.find(name));
  }

  async agentAnswers({ machineId }: MachinePlace, timeoutMs: number): Promise<boolean> {
    return await agentAnswersVirsh(this.#virsh, domainName(machineId), timeoutMs);
  }

  async advanceHydration(request: HydrationRequest): Promise<HydrationOutcome> {
    const name = domainName(request.machineId);
    const disks = await this.#lookAtDisks(request);
    const keyOf = ({ diskId }: TargetFacts) => `${request.machineId} ${diskId}`;
    const speed = request.bandwidthBytesPerSecond ?? 0;
    const turn = planTurn(disks, speed, (disk) => this.#seenJobs.has(keyOf(disk)));
    const errors = turn.failed.map(({ diskId }) => `${diskId}: READ_OR_WRITE_FAILED`);
    for (const disk of disks) {
      if (turn.failed.includes(disk) || !disk.hasBacking) this.#seenJobs.delete(keyOf(disk));
    }
    for (const disk of turn.setSpeed) await this.#setSpeed(name, disk, speed);
    const flushed = new Set<string>();
    for (const { diskId, path } of turn.flush) {
      const error = await flushDisk(this.#virsh, name, path);
      if (error === undefined) flushed.add(diskId);
      else errors.push(`${diskId}: ${error}`);
    }
    if (turn.begin !== undefined) {
      const { target } = turn.begin;
      await this.#virsh('blockpull', name, target, '--bytes', '--bandwidth', String(speed));
      this.#seenJobs.add(keyOf(turn.begin));
    }
    const disksNow = disks.map((disk) => ({
      ...disk,
      isFlushed: disk.isFlushed || flushed.has(disk.diskId),
    }));
    return { disks: disksNow, errors };
  }

  async takeScreenshot({ machineId }: MachinePlace): Promise<Buffer> {
    return await withFile('', async (path) => {
      await this.#virsh('screenshot', domainName(machineId), '--file', path);
      return await readFile(path);
    });
  }

  async #askLibvirt(): Promise<LibvirtOffers> {
    this.#offers ??= await askLibvirt(this.#virsh);
    return this.#offers;
  }

  /** Undefined: libvirt does not know it. */
  async #state({ machineId }: MachinePlace): Promise<Exclude<DomainState, 'ENDED'> | undefined> {
    const name = domainName(machineId);
    const text = await this.#domainState(name);
    if (text === undefined) return undefined;
    const state = parseDomainState(text);
    if (state !== 'POWERED_OFF' && state !== 'ENDED') return state;
    const mark = parseMark(await this.#virsh('metadata', name, METADATA_URI, '--config'));
    if (mark === 'STOPPED') return 'ABSENT';
    if (state === 'POWERED_OFF') return state;
    const log = await readLogTail(join(LOG_FOLDER, `${name}.log`));
    return mark === 'STARTED' && hasPoweredOff(log) ? 'POWERED_OFF' : 'ABSENT';
  }

  async #domainState(name: string): Promise<string | undefined> {
    try {
      return await this.#virsh('domstate', '--reason', name);
    } catch (error) {
      if (error instanceof OperationError && /failed to get domain/.test(error.message)) return undefined;
      throw error;
    }
  }

  async #mark(name: string, mark: DomainMark): Promise<void> {
    const text = writeXml(stateElement(mark)).trim();
    const bare = text.replace('landfall:machine', 'machine').replace(/ xmlns:landfall='[^']*'/, '');
    await this.#virsh('metadata', name, METADATA_URI, '--key', 'landfall', '--set', bare, '--config');
  }

  async #power(name: string, onlyHydrate: boolean): Promise<void> {
    try {
      await retry(() => this.#virsh('start', name, ...(onlyHydrate ? ['--paused'] : [])), {
        attemptsMax: START_ATTEMPTS_MAX,
        backoff: { initialMs: 500, maximumMs: 10_000 },
        clock: this.#options.clock,
        isRetryable: (error) => error instanceof OperationError && VIEW_AWAY.test(error.message),
        onRetry: (error) => this.#options.logger.warn('machine-start-tried-again', { name, error }),
      });
    } catch (cause) {
      const conflict = portConflict(cause);
      if (conflict !== undefined) throw conflict;
      if (!(cause instanceof OperationError) || cause.code !== 'MACHINE_REFUSED') throw cause;
      throw new OperationError('MACHINE_START_FAILED', cause.message, {
        hint: `libvirt's user must be able to read the machine's folder and views; see ${LOG_FOLDER}`,
        cause,
      });
    }
  }

  /** The disks as libvirt has them, in their order. */
  async #attached(name: string): Promise<AttachedDisk[]> {
    const text = await this.#virsh('domblklist', name);
    return text.split('\n').map((line) => {
      const [target = ''] = line.trim().split(/\s+/);
      return { target, path: line.trim().slice(target.length).trim() };
    });
  }

  async #lookAtDisks({ machineId, disks }: HydrationRequest): Promise<TargetFacts[]> {
    const name = domainName(machineId);
    const attached = await this.#attached(name);
    const facts: TargetFacts[] = [];
    for (const [index, disk] of disks.entries()) {
      const { target, path } = attached[index] ?? diskMissing(disk.diskId);
      const seen = await this.#lookAtDisk(name, target, path);
      facts.push({ ...disk, ...seen, isFlushed: disk.isFlushed && !seen.hasBacking, target, path });
    }
    return facts;
  }

  /** A job that has ended since it was looked at needs no limit. */
  async #setSpeed(name: string, { target, path }: TargetFacts, speed: number): Promise<void> {
    try {
      await this.#virsh('blockjob', name, target, '--bytes', '--bandwidth', String(speed));
    } catch (error) {
      if ((await this.#lookAtDisk(name, target, path)).job !== undefined) throw error;
    }
  }

  /** H1: whether a disk has a backing is read from its own file. */
  async #lookAtDisk(
    name: string,
    target: string,
    path: string,
  ): Promise<Pick<HydrationFacts, 'hasBacking' | 'hasViewNode' | 'job'>> {
    const job = parseBlockJob(await this.#virsh('blockjob', name, target, '--info', '--raw', '--bytes'));
    const { hasBacking } = await inspectImage(path);
    const running = job === undefined ? undefined : { ...job, error: undefined };
    return { hasBacking, hasViewNode: false, job: running };
  }
}

type TargetFacts = HydrationFacts & AttachedDisk;

interface AttachedDisk {
  /** libvirt's name for it: `vda`. */
  readonly target: string;
  readonly path: string;
}

function diskMissing(diskId: string): never {
  throw new OperationError('MACHINE_REFUSED', `the machine has no disk ${diskId}`, {
    hint: 'terminate this machine and launch again',
  });
}
