/** What ours is measured beside: QEMU alone on a local disk, and the field's usual way from the same view. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BareMachine } from '../../e2e/guests/bare-machine.ts';
import { SOURCE_ADDRESS } from '../../e2e/guests/guest-recipe.ts';
import { waitForLife } from '../../e2e/guests/http-sign-of-life.ts';
import { guestfsEnvironment } from '../../packages/conversion/src/index.ts';
import { type Accelerator, GUEST_ADDRESS } from '../../packages/launch/src/index.ts';
import { OperationError, runChecked, systemClock } from '../../packages/runtime/src/index.ts';
import { BOOT_TIMEOUT_MS } from './launches.ts';

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
  readonly disk: string;
  readonly accelerator: Accelerator;
}

/** From starting QEMU on a converted local disk until HTTP 200. */
export async function timePlainBoot(request: BootRequest & { readonly macAddress: string }): Promise<number> {
  return await timeBoot({ ...request, guestAddress: GUEST_ADDRESS.address });
}

/** Copies the disk from the view, converts it with virt-v2v-in-place, and starts it, until HTTP 200. */
export async function timeUsualWay(
  request: Omit<BootRequest, 'disk'> & { viewUri: string },
): Promise<UsualTimes> {
  const disk = join(request.folder, 'usual-way.raw');
  const startedNs = systemClock.monotonicNs();
  const sinceMs = () => Number((systemClock.monotonicNs() - startedNs) / 1_000_000n);
  const copy = ['qemu-img', 'convert', '-f', 'raw', '-O', 'raw', '-W', '-m', '16', request.viewUri, disk];
  await runChecked(copy, { timeoutMs: TOOL_TIMEOUT_MS });
  const copyMs = sinceMs();
  const env = guestfsEnvironment(request.accelerator === 'kvm');
  await runChecked(['virt-v2v-in-place', '-i', 'disk', disk], { env, timeoutMs: TOOL_TIMEOUT_MS });
  const conversionMs = sinceMs() - copyMs;
  // It leaves the guest's network as it is: the card gets the slot, and so the name, that it had.
  await timeBoot({ ...request, disk, guestAddress: SOURCE_ADDRESS });
  const totalMs = sinceMs();
  await rm(disk);
  return { copyMs, conversionMs, totalMs };
}

async function timeBoot(
  request: BootRequest & { readonly guestAddress: string; readonly macAddress?: string },
): Promise<number> {
  const { disk, ...rest } = request;
  const folder = join(request.folder, 'bare');
  await rm(folder, { recursive: true, force: true });
  const startedNs = systemClock.monotonicNs();
  const machine = await BareMachine.start({
    ...{ ...rest, folder, hardware: 'VIRTIO', firmware: 'BIOS' },
    disks: [{ path: disk, format: 'raw' }],
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
