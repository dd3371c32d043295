/** A guest started by QEMU alone, on overlays of its disks: no conversion, no launch host. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Accelerator, findFreePort, findUefiFirmware } from '../../packages/launch/src/index.ts';
import { ensureFolder, OperationError, readIfExists, runChecked } from '../../packages/runtime/src/index.ts';
import type { Firmware } from './guest-row.ts';
import { bareArguments, type Hardware } from './source-hardware.ts';

export interface BareMachineOptions {
  /** Of this machine alone. */
  readonly folder: string;
  readonly hardware: Hardware;
  readonly firmware: Firmware;
  readonly accelerator: Accelerator;
  readonly guestAddress: string;
  /** MiB; as much as a guest of the matrix has without it. */
  readonly memoryMib?: number;
  /** QEMU's own default without it. */
  readonly macAddress?: string;
  /** See `BareRequest`; a guest that is thrown away need not, and does not without it. */
  readonly flushes?: boolean;
  /** Backing of the overlays, in order: paths of raw disks, or of qcow2 files. */
  readonly disks: readonly { readonly path: string; readonly format: 'raw' | 'qcow2' }[];
}

export const CPU_COUNT = 2;
export const MEMORY_MIB = 768;

export class BareMachine {
  readonly port: number;
  readonly #folder: string;
  readonly #child: ChildProcess;

  private constructor(folder: string, port: number, child: ChildProcess) {
    this.#folder = folder;
    this.port = port;
    this.#child = child;
  }

  /** Returns when QEMU was started, before the guest has booted. */
  static async start(options: BareMachineOptions): Promise<BareMachine> {
    const { folder, disks, memoryMib = MEMORY_MIB, flushes = false } = options;
    await ensureFolder(folder);
    const overlays = disks.map((_disk, index) => join(folder, `disk-${index}.qcow2`));
    for (const [index, { path, format }] of disks.entries()) {
      const overlay = join(folder, `disk-${index}.qcow2`);
      await runChecked(['qemu-img', 'create', '-q', '-f', 'qcow2', '-b', path, '-F', format, overlay]);
    }
    const port = await findFreePort();
    const argv = bareArguments({
      ...{ ...options, overlays, hostPort: port, cpuCount: CPU_COUNT, memoryMib, flushes },
      uefi: options.firmware === 'UEFI' ? await ownFirmware(folder) : undefined,
      consolePath: join(folder, 'console.log'),
    });
    return new BareMachine(folder, port, await spawnQemu(argv, folder));
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** What it has said on its serial line. */
  async console(): Promise<string> {
    return (await readIfExists(join(this.#folder, 'console.log'))) ?? '';
  }

  async stop(): Promise<void> {
    if (!this.running) return;
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await closed;
  }
}

async function ownFirmware(folder: string): Promise<{ codePath: string; variablesPath: string }> {
  const found = await findUefiFirmware();
  if (found === undefined) {
    throw new OperationError('FIRMWARE_MISSING', 'there is no UEFI firmware here', {
      hint: 'install the package ovmf',
    });
  }
  const variablesPath = join(folder, 'uefi-variables.fd');
  await copyFile(found.variablesPath, variablesPath);
  return { codePath: found.codePath, variablesPath };
}

async function spawnQemu(argv: readonly string[], folder: string): Promise<ChildProcess> {
  const [command = '', ...parameters] = argv;
  const log = await open(join(folder, 'qemu.log'), 'w');
  try {
    const child = spawn(command, parameters, { stdio: ['ignore', log.fd, log.fd] });
    await once(child, 'spawn');
    return child;
  } finally {
    await log.close();
  }
}
