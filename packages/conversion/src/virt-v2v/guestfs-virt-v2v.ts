/**
 * The deep path: `virt-v2v-in-place` changes the overlays where they are. It brings its own appliance, and
 * qemu-nbd processes that would outlive it: all of them are in a namespace of process ids of their own, so
 * that they end with it, and it ends with us.
 */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Logger, OperationError, type RunResult, run } from '@landfall/runtime';
import type { ConversionDisk } from '../appliance/guestfs-appliance.ts';
import { guestfsEnvironment } from '../appliance/guestfs-session.ts';
import type { TargetHardware } from '../plan/target-hardware.ts';
import { virtV2vDomain } from './virt-v2v-domain.ts';
import { saysVirtio, type VirtV2vMessage, VirtV2vOutput } from './virt-v2v-messages.ts';

export interface VirtV2vRequest {
  readonly disks: readonly ConversionDisk[];
  readonly scratchFolder: string;
  readonly useKvm: boolean;
  readonly logger: Logger;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Called with what it says, as it says it. */
  readonly onMessage?: (message: VirtV2vMessage) => void;
}

/** Without hardware virtualization a small Debian takes four minutes. */
const TIMEOUT_MS_DEFAULT = 60 * 60_000;
const PROGRAM = 'virt-v2v-in-place';
const PROBE_TIMEOUT_MS = 20_000;
const ERROR_TAIL_CHARACTERS = 1500;

export async function hasVirtV2v(): Promise<boolean> {
  try {
    return (await run([PROGRAM, '--version'], { timeoutMs: PROBE_TIMEOUT_MS })).exitCode === 0;
  } catch (error) {
    if (error instanceof OperationError && error.code === 'TOOL_MISSING') return false;
    throw error;
  }
}

/** For which hardware the guest is ready then. Errors: VIRT_V2V_FAILED, TOOL_MISSING. */
export async function runVirtV2v(request: VirtV2vRequest): Promise<TargetHardware> {
  if (!(await hasVirtV2v())) throw toolMissing();
  const { disks, scratchFolder, useKvm, timeoutMs = TIMEOUT_MS_DEFAULT, signal } = request;
  signal?.throwIfAborted();
  const domainPath = join(scratchFolder, 'virt-v2v.xml');
  await writeFile(domainPath, virtV2vDomain(disks));
  const output = new VirtV2vOutput();
  const messages: VirtV2vMessage[] = [];
  try {
    const result = await run([...CONTAINED, PROGRAM, '--machine-readable', '-i', 'libvirtxml', domainPath], {
      ...{ env: guestfsEnvironment(useKvm), timeoutMs },
      ...(signal === undefined ? {} : { signal }),
      onOutput: (piece) => {
        for (const message of output.take(piece)) {
          messages.push(message);
          request.logger.info('virt-v2v', { ...message });
          request.onMessage?.(message);
        }
      },
    });
    signal?.throwIfAborted();
    if (result.exitCode !== 0) throw failed(result, messages, timeoutMs);
  } finally {
    await rm(domainPath, { force: true });
  }
  return saysVirtio(messages) === false ? 'COMPATIBLE' : 'VIRTIO';
}

const CONTAINED = ['setpriv', '--pdeathsig', 'KILL', 'unshare', '--pid', '--fork', '--kill-child'] as const;

function failed(result: RunResult, messages: readonly VirtV2vMessage[], timeoutMs: number): OperationError {
  const said = messages.findLast(({ type }) => type === 'error')?.text;
  const tail = result.stderr.trim().slice(-ERROR_TAIL_CHARACTERS);
  const why = (said ?? (tail === '' ? 'it said nothing' : tail)).trim().replace(/\s+/g, ' ');
  const died = result.exitCode === null;
  const message = result.timedOut
    ? `virt-v2v did not end within ${timeoutMs} ms; the last it said: ${messages.at(-1)?.text ?? 'nothing'}`
    : `virt-v2v ${died ? `was ended by ${result.killedBy}` : 'could not convert the guest'}: ${why}`;
  return new OperationError('VIRT_V2V_FAILED', message, {
    hint: 'set the conversion method LANDFALL to do without it, or launch another recovery point',
    retryable: died && !result.timedOut,
  });
}

function toolMissing(): OperationError {
  return new OperationError('TOOL_MISSING', `${PROGRAM} is not installed on the launch host`, {
    hint: 'install the package virt-v2v there, or set the conversion method LANDFALL',
  });
}
