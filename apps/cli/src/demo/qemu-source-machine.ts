/**
 * The demo's source server as a running machine: QEMU with hardware the target will not have, reached by
 * SSH and HTTP.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { OperationError, type RunResult, run, runChecked } from '@landfall/runtime';
import type { GuestImage } from './guest-image.ts';

export interface SourceMachineOptions {
  readonly folder: string;
  readonly image: GuestImage;
  readonly sshPort: number;
  readonly httpPort: number;
}

const MEMORY_MIB = 1024;
const COMMAND_TIMEOUT_MS = 120_000;

export class SourceMachine {
  readonly #options: SourceMachineOptions;
  #child: ChildProcess | undefined;

  constructor(options: SourceMachineOptions) {
    this.#options = options;
  }

  /** Starts it on overlays: the cached image stays as it was built. Returns before it has booted. */
  async start(): Promise<void> {
    const { folder, image } = this.#options;
    for (const [name, base] of [
      ['root', image.rootDisk],
      ['data', image.dataDisk],
    ] as const) {
      await runChecked([
        'qemu-img',
        'create',
        '-q',
        '-f',
        'qcow2',
        '-b',
        base,
        '-F',
        'raw',
        join(folder, `${name}.qcow2`),
      ]);
    }
    const log = await open(join(folder, 'source-qemu.log'), 'w');
    const child = spawn('qemu-system-x86_64', this.#parameters(), { stdio: ['ignore', log.fd, log.fd] });
    child.on('error', () => undefined);
    this.#child = child;
    await log.close();
  }

  #parameters(): string[] {
    const { folder, sshPort, httpPort } = this.#options;
    const forward = `hostfwd=tcp:127.0.0.1:${sshPort}-:22,hostfwd=tcp:127.0.0.1:${httpPort}-:80`;
    const drive = (id: string) =>
      `if=none,id=${id},file=${join(folder, `${id}.qcow2`)},format=qcow2,cache=unsafe`;
    return [
      ...[
        '-machine',
        'pc',
        '-accel',
        'tcg,thread=multi',
        '-cpu',
        'max',
        '-smp',
        '1',
        '-m',
        String(MEMORY_MIB),
      ],
      ...['-nodefaults', '-display', 'none', '-vga', 'std', '-device', 'virtio-rng-pci'],
      // On a busy machine the firmware may give up on a slow NVMe disk: then it tries again.
      ...['-boot', 'reboot-timeout=2000'],
      ...['-drive', drive('root'), '-device', 'nvme,drive=root,serial=root,addr=0x10'],
      ...['-drive', drive('data'), '-device', 'nvme,drive=data,serial=data,addr=0x11'],
      ...['-netdev', `user,id=net,${forward}`, '-device', 'virtio-net-pci,netdev=net,addr=0x14'],
      ...['-serial', `file:${join(folder, 'source-serial.log')}`],
    ];
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Runs a shell command as root on the server; what it prints is passed on as it comes. */
  async ssh(command: string, onOutput?: (text: string) => void): Promise<RunResult> {
    const { image, sshPort } = this.#options;
    const settings = [
      'StrictHostKeyChecking=no',
      'UserKnownHostsFile=/dev/null',
      'LogLevel=ERROR',
      'BatchMode=yes',
      'ConnectTimeout=20',
      'ServerAliveInterval=15',
    ];
    const options = settings.flatMap((setting) => ['-o', setting]);
    const argv = ['ssh', '-i', image.sshKey, '-p', String(sshPort), ...options, 'root@127.0.0.1', command];
    return run(argv, { timeoutMs: COMMAND_TIMEOUT_MS, ...(onOutput === undefined ? {} : { onOutput }) });
  }

  async sshChecked(command: string, onOutput?: (text: string) => void): Promise<string> {
    const result = await this.ssh(command, onOutput);
    if (result.exitCode === 0) return result.stdout;
    const tail = `${result.stdout}\n${result.stderr}`.trim().slice(-1500);
    throw new OperationError(
      'TOOL_FAILED',
      `"${command.slice(0, 80)}" on the source server ended with ${result.exitCode}: ${tail}`,
    );
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.running) return;
    const closed = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await closed;
  }
}
