/**
 * What this host can do, found out by trying: a `/dev/kvm` that exists proves nothing (inside some virtual
 * machines firmware starts under KVM and Linux then spins for ever). So a real kernel is started under KVM
 * without a root disk; it proves KVM usable by reaching its own panic over that. The result is kept until
 * host or QEMU change.
 */
import { access, readdir } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { type Logger, readIfExists, run, runChecked, writeDurably } from '@landfall/runtime';
import type { Accelerator } from './machine-host.ts';

const TRIAL_TIMEOUT_MS = 10_000;
const KVM_DEVICE = '/dev/kvm';
const APPLIANCE_KERNEL = '/var/tmp/.guestfs-0/appliance.d/kernel';
/** Code and variables. */
type FirmwarePaths = readonly (readonly [string, string])[];
const UEFI_FIRMWARE: FirmwarePaths = [
  ['/usr/share/OVMF/OVMF_CODE_4M.fd', '/usr/share/OVMF/OVMF_VARS_4M.fd'],
  ['/usr/share/OVMF/OVMF_CODE.fd', '/usr/share/OVMF/OVMF_VARS.fd'],
];

export interface ProbeResult {
  readonly accelerator: Accelerator;
  readonly reason: string;
}

/** The result is cached in `cachePath`. */
export async function probeAccelerator(cachePath: string, logger: Logger): Promise<ProbeResult> {
  const key = await hostKey();
  const cached = parseCache(await readIfExists(cachePath));
  if (cached?.key === key) return cached.result;
  const result = await tryKvm();
  logger.info('accelerator-probed', { ...result });
  await writeDurably(cachePath, JSON.stringify({ key, result }));
  return result;
}

export interface UefiFirmware {
  readonly codePath: string;
  /** Copied for each machine. */
  readonly variablesPath: string;
}

export async function findUefiFirmware(paths = UEFI_FIRMWARE): Promise<UefiFirmware | undefined> {
  for (const [codePath, variablesPath] of paths) {
    if ((await exists(codePath)) && (await exists(variablesPath))) return { codePath, variablesPath };
  }
  return undefined;
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

/** The accelerator is found out once. Firmware is looked for until it is there: it may be installed later. */
export class HostProbe {
  readonly #options: ProbeOptions;
  #result: Promise<ProbeResult> | undefined;
  #uefi: UefiFirmware | undefined;

  constructor(options: ProbeOptions) {
    this.#options = options;
  }

  async findOut(): Promise<ProbeFindings> {
    this.#result ??= this.#findAccelerator();
    const result = await this.#result;
    this.#uefi ??= await findUefiFirmware(this.#options.uefiFirmware);
    return { ...result, uefi: this.#uefi };
  }

  async #findAccelerator(): Promise<ProbeResult> {
    const { accelerator, probePath, logger } = this.#options;
    if (accelerator !== undefined) return { accelerator, reason: 'as this launch host was told' };
    return await probeAccelerator(probePath, logger);
  }
}

async function tryKvm(): Promise<ProbeResult> {
  if (!(await exists(KVM_DEVICE))) return { accelerator: 'tcg', reason: `there is no ${KVM_DEVICE}` };
  const kernel = await findKernel();
  if (kernel === undefined) return { accelerator: 'tcg', reason: 'no kernel is there to try KVM with' };
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

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
