/** What ours is measured beside: QEMU alone on a local disk, and the field's usual way from the same view. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BareMachine } from '../../e2e/guests/bare-machine.ts';
import { SOURCE_ADDRESS } from '../../e2e/guests/guest-network.ts';
import { waitForLife } from '../../e2e/guests/http-sign-of-life.ts';
import { guestfsEnvironment } from '../../packages/conversion/src/index.ts';
import { type Accelerator, GUEST_ADDRESS } from '../../packages/launch/src/index.ts';
import { OperationError, runChecked, systemClock } from '../../packages/runtime/src/index.ts';
import { BOOT_TIMEOUT_MS, MEMORY_MIB } from './launch-times.ts';

export interface UsualTimes {
  readonly copyMs: number;
  readonly conversionMs: number;
  readonly totalMs: number;
}

const TOOL_TIMEOUT_MS = 60 * 60_000;

/** A converted disk as a local file, without anything of ours behind it. */
export async function flatten(overlay: string, path: string): Promise<void> {
  await runChecked(['qemu-img', 'convert', '-O', 'raw', overlay, path], { timeoutMs: TOOL_TIMEOUT_MS });
}

interface BootRequest {
  readonly folder: string;
  /** The one it boots from first. */
  readonly disks: readonly string[];
  readonly accelerator: Accelerator;
}

/** From starting QEMU on a converted local disk until HTTP 200. */
export async function timePlainBoot(request: BootRequest & { readonly macAddress: string }): Promise<number> {
  return await timeBoot({ ...request, guestAddress: GUEST_ADDRESS });
}

/**
 * Copies the disks from their views, converts the first with virt-v2v-in-place, and starts the machine, until
 * HTTP 200.
 */
export async function timeUsualWay(
  request: Omit<BootRequest, 'disks'> & { readonly viewUris: readonly string[] },
): Promise<UsualTimes> {
  const disks = request.viewUris.map((_uri, index) => join(request.folder, `usual-way-${index}.raw`));
  const startedNs = systemClock.monotonicNs();
  const sinceMs = () => Number((systemClock.monotonicNs() - startedNs) / 1_000_000n);
  for (const [index, uri] of request.viewUris.entries()) await copyView(uri, disks[index] ?? '');
  const copyMs = sinceMs();
  const env = guestfsEnvironment(request.accelerator === 'kvm');
  const convert = ['virt-v2v-in-place', '-i', 'disk', disks[0] ?? ''] as const;
  await runChecked(convert, { env, timeoutMs: TOOL_TIMEOUT_MS });
  const conversionMs = sinceMs() - copyMs;
  // It leaves the guest's network as it is: the card gets the slot, and so the name, that it had.
  await timeBoot({ ...request, disks, guestAddress: SOURCE_ADDRESS });
  const totalMs = sinceMs();
  for (const disk of disks) await rm(disk);
  return { copyMs, conversionMs, totalMs };
}

async function copyView(uri: string, path: string): Promise<void> {
  const options = ['-f', 'raw', '-O', 'raw', '-W', '-m', '16'] as const;
  await runChecked(['qemu-img', 'convert', ...options, uri, path], { timeoutMs: TOOL_TIMEOUT_MS });
}

async function timeBoot(
  request: BootRequest & { readonly guestAddress: string; readonly macAddress?: string },
): Promise<number> {
  const { disks, ...rest } = request;
  const folder = join(request.folder, 'bare');
  await rm(folder, { recursive: true, force: true });
  const startedNs = systemClock.monotonicNs();
  const machine = await BareMachine.start({
    ...{ ...rest, folder, hardware: 'VIRTIO', firmware: 'BIOS', memoryMib: MEMORY_MIB, flushes: true },
    disks: disks.map((path) => ({ path, format: 'raw' as const })),
  });
  try {
    const life = await waitForLife({ port: machine.port, timeoutMs: BOOT_TIMEOUT_MS });
    if (life.kind === 'ANSWERED') return Number((systemClock.monotonicNs() - startedNs) / 1_000_000n);
    const tail = (await machine.console()).slice(-1500);
    throw new OperationError('BENCHMARK_FAILED', `a plain boot did not answer: ${life.why}: ${tail}`);
  } finally {
    await machine.stop();
  }
}
