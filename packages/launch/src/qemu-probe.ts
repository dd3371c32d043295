/**
 * What this host can do, found out by trying: a `/dev/kvm` that exists proves nothing (inside some virtual
 * machines firmware starts under KVM and Linux then spins for ever). So a real kernel is started under KVM
 * without a root disk; it proves KVM usable by reaching its own panic over that. What a trial said is kept
 * until host or QEMU change; that there could be none is not, because what was missing may come.
 */
import { access, constants, readdir } from 'node:fs/promises';
import { availableParallelism, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { type Logger, readIfExists, run, runChecked, systemErrorCode, writeDurably } from '@landfall/runtime';
import type { Accelerator, HostFacts } from './machine-host.ts';
import {
  askQemu,
  exists,
  type FirmwarePaths,
  findBiosFirmware,
  findUefiFirmware,
  listFirmware,
  type QemuOffers,
  type UefiFirmware,
} from './qemu-capabilities.ts';

const TRIAL_TIMEOUT_MS = 10_000;
const KVM_DEVICE = '/dev/kvm';
const APPLIANCE_KERNEL = '/var/tmp/.guestfs-0/appliance.d/kernel';

export interface ProbeResult {
  readonly accelerator: Accelerator;
  /** Why this one: what became of the trial, or what it lacked. */
  readonly reason: string;
}

/** What a trial needs. Tests name other places. */
export interface TrialGround {
  readonly device: string;
  /** Of the kernel: `/proc/cpuinfo`. */
  readonly processors: string;
}

const TRIAL_GROUND: TrialGround = { device: KVM_DEVICE, processors: '/proc/cpuinfo' };

/** What a trial said is cached in `cachePath`. */
export async function probeAccelerator(
  cachePath: string,
  logger: Logger,
  ground = TRIAL_GROUND,
): Promise<ProbeResult> {
  const lacking = await whyNoTrial(ground);
  if (lacking !== undefined) return { accelerator: 'tcg', reason: lacking };
  const kernel = await findKernel();
  if (kernel === undefined) return { accelerator: 'tcg', reason: NO_KERNEL };
  const key = await hostKey();
  const cached = parseCache(await readIfExists(cachePath));
  if (cached?.key === key) return cached.result;
  const result = await tryKvm(kernel);
  logger.info('accelerator-probed', { ...result });
  await writeDurably(cachePath, JSON.stringify({ key, result }));
  return result;
}

export interface ProbeOptions {
  /** Where the outcome of the trial of KVM is kept. */
  readonly probePath: string;
  readonly logger: Logger;
  /** Without it, found out by a trial. */
  readonly accelerator?: Accelerator;
  /** Absent: where Debian has it. */
  readonly uefiFirmware?: FirmwarePaths;
}

export interface ProbeFindings extends ProbeResult {
  readonly uefi: UefiFirmware | undefined;
}

/** Of this computer, whatever runs the machines. */
export type ComputerFacts = Omit<HostFacts, 'networks'>;

/**
 * The accelerator and what QEMU offers are found out once. Firmware is looked for until it is there: it may
 * be installed later.
 */
export class HostProbe {
  readonly #options: ProbeOptions;
  #result: Promise<ProbeResult> | undefined;
  #offers: QemuOffers | undefined;
  #uefi: UefiFirmware | undefined;
  #bios: string | undefined;

  constructor(options: ProbeOptions) {
    this.#options = options;
  }

  /** What a start has to know. */
  async findOut(): Promise<ProbeFindings> {
    this.#result ??= this.#findAccelerator();
    const result = await this.#result;
    this.#uefi ??= await findUefiFirmware(this.#options.uefiFirmware);
    return { ...result, uefi: this.#uefi };
  }

  /** All of it. Errors: TOOL_MISSING, TOOL_FAILED. */
  async describe(): Promise<ComputerFacts> {
    const { accelerator, reason, uefi } = await this.findOut();
    this.#offers ??= await askQemu();
    this.#bios ??= await findBiosFirmware();
    return {
      ...{ accelerator, reason, ...this.#offers },
      firmware: listFirmware(this.#bios, uefi),
      cpuCount: availableParallelism(),
      memoryBytes: memoryBytes(),
      freeMemoryBytes: process.availableMemory(),
    };
  }

  async #findAccelerator(): Promise<ProbeResult> {
    const { accelerator, probePath, logger } = this.#options;
    if (accelerator !== undefined) return { accelerator, reason: 'as this launch host was told' };
    return await probeAccelerator(probePath, logger);
  }
}

/** What this program and its machines may have, which a container limits; 0 or absurd: no limit. */
function memoryBytes(): number {
  const limitBytes = process.constrainedMemory();
  return limitBytes > 0 ? Math.min(limitBytes, totalmem()) : totalmem();
}

const NO_KERNEL = 'no kernel is there to try KVM with, neither in /boot nor an appliance of libguestfs';

/** `undefined`: KVM can be tried. */
async function whyNoTrial({ device, processors }: TrialGround): Promise<string | undefined> {
  try {
    await access(device, constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'EACCES') return `this program may not open ${device}: add its user to the group kvm`;
    if (code !== 'ENOENT') throw error;
  }
  const text = (await readIfExists(processors)) ?? '';
  const flag = /^flags\s*:.*\b(vmx|svm)\b/m.exec(text)?.[1];
  const why =
    flag === undefined
      ? 'the processors show no virtualization (vmx or svm); where this computer is itself a virtual machine, it has to be allowed there'
      : `the kernel's module ${flag === 'vmx' ? 'kvm_intel' : 'kvm_amd'} is not loaded`;
  return `there is no ${device}: ${why}`;
}

async function tryKvm(kernel: string): Promise<ProbeResult> {
  const trial = await run(trialArguments(kernel), { timeoutMs: TRIAL_TIMEOUT_MS });
  if (/Kernel panic|Unable to mount root/.test(trial.stdout)) {
    return { accelerator: 'kvm', reason: `a Linux kernel ran under KVM in ${trial.durationMs} ms` };
  }
  const how = trial.timedOut
    ? `did not come up within ${TRIAL_TIMEOUT_MS} ms`
    : `QEMU exited with ${trial.exitCode ?? trial.killedBy}`;
  const said = trial.stderr.trim().split('\n')[0] ?? '';
  return {
    accelerator: 'tcg',
    reason: `KVM cannot run a Linux guest here: ${how}${said === '' ? '' : ` (${said})`}`,
  };
}

function trialArguments(kernel: string): string[] {
  return [
    'qemu-system-x86_64',
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...['-accel', 'kvm', '-cpu', 'host', '-m', '256M', '-serial', 'stdio'],
    ...['-kernel', kernel, '-append', 'console=ttyS0 panic=-1'],
  ];
}

async function findKernel(): Promise<string | undefined> {
  const names = (await exists('/boot')) ? await readdir('/boot') : [];
  const images = names.filter((name) => name.startsWith('vmlinuz')).map((name) => join('/boot', name));
  for (const path of [...images.sort().reverse(), APPLIANCE_KERNEL]) if (await exists(path)) return path;
  return undefined;
}

/** Changes when the host was restarted, its kernel was replaced, or QEMU was. */
async function hostKey(): Promise<string> {
  const { stdout } = await runChecked(['qemu-system-x86_64', '--version']);
  const bootId = (await readIfExists('/proc/sys/kernel/random/boot_id')) ?? '';
  return [stdout.split('\n')[0] ?? '', release(), bootId.trim()].join(' | ');
}

function parseCache(text: string | undefined): { key: string; result: ProbeResult } | undefined {
  return text === undefined ? undefined : JSON.parse(text);
}
