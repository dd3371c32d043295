/** Filling in a machine's disks, asked of QEMU's monitor; what is decided is in hydration.ts. */
import { open } from 'node:fs/promises';
import { OperationError } from '@landfall/runtime';
import {
  decideHydration,
  type HydrationDisk,
  type HydrationFacts,
  type HydrationJob,
  type HydrationOutcome,
  type HydrationRequest,
  speedOfDisk,
} from './hydration.ts';
import { fileNode, overlayNode, viewNode } from './launch-plan.ts';
import type { Monitor } from './qemu-monitor.ts';

/**
 * Does what each disk needs next, and says how far they are. Called again and again until all is complete. A
 * job that ends between the two looks is not yet seen to have ended: the next call sees it.
 */
export async function advanceJobs(monitor: Monitor, request: HydrationRequest): Promise<HydrationOutcome> {
  const errors: string[] = [];
  const disks = await readHydration(monitor, request.disks);
  const speed = speedOfDisk(request, disks);
  const flushed = new Set<string>();
  for (const disk of disks) {
    const error = await advanceDisk(monitor, disk, speed);
    if (error !== undefined) errors.push(`${disk.diskId}: ${error}`);
    else if (decideHydration(disk, speed).kind === 'FLUSH') flushed.add(disk.diskId);
  }
  const disksNow = request.disks.map((disk) => {
    return { ...disk, isFlushed: disk.isFlushed || flushed.has(disk.diskId) };
  });
  return { disks: await readHydration(monitor, disksNow), errors };
}

async function advanceDisk(monitor: Monitor, disk: DiskFacts, speed: number): Promise<string | undefined> {
  const action = decideHydration(disk, speed);
  switch (action.kind) {
    case 'BEGIN':
      await monitor.execute('block-stream', {
        'job-id': jobId(disk.diskId),
        device: overlayNode(disk.diskId),
        speed,
        'on-error': 'stop',
        'auto-dismiss': true,
      });
      return undefined;
    case 'RESUME':
      await monitor.execute('block-job-resume', { device: jobId(disk.diskId) });
      return action.error;
    case 'SET_SPEED':
      await setSpeed(monitor, jobId(disk.diskId), speed);
      return undefined;
    case 'FLUSH':
      return await flushDisk(monitor, disk);
    case 'REMOVE_VIEW':
      await monitor.execute('blockdev-del', { 'node-name': viewNode(disk.diskId) });
      return undefined;
    case 'WAIT':
    case 'NOTHING':
      return undefined;
  }
}

/** Returns why it could not be. */
async function flushDisk(
  monitor: Monitor,
  { diskId, overlayPath }: HydrationDisk,
): Promise<string | undefined> {
  await syncFile(overlayPath);
  try {
    await monitor.execute('blockdev-reopen', flushingReopen(overlayNode(diskId), fileNode(diskId)));
    return undefined;
  } catch (error) {
    if (error instanceof OperationError && error.code === 'MACHINE_REFUSED') return error.message;
    throw error;
  }
}

/**
 * What flushes an overlay without backing, and says so if it cannot: to be opened again as it is (`flush` of
 * HMP's `qemu-io` flushes as well, but QEMU 7.2 passes over its failure). Source: QEMU,
 * `bdrv_reopen_prepare`.
 */
export function flushingReopen(overlay: string, file: string): Readonly<Record<string, unknown>> {
  return { options: [{ driver: 'qcow2', 'node-name': overlay, file, discard: 'unmap', backing: null }] };
}

/** QEMU holds its machine up while it flushes: what can be written without it is written before. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A job that has ended since it was looked at needs no limit. */
async function setSpeed(monitor: Monitor, device: string, speed: number): Promise<void> {
  try {
    await monitor.execute('block-job-set-speed', { device, speed });
  } catch (error) {
    const jobs = (await monitor.execute('query-block-jobs')) as readonly Job[];
    if (jobs.some((job) => job.device === device)) throw error;
  }
}

type DiskFacts = HydrationFacts & HydrationDisk;

interface BlockNode {
  readonly 'node-name': string;
  readonly backing_file?: string;
  readonly backing_file_depth: number;
}

interface Job {
  readonly device: string;
  readonly offset: number;
  readonly speed: number;
  readonly 'io-status': 'ok' | 'failed' | 'nospace';
}

async function readHydration(monitor: Monitor, disks: readonly HydrationDisk[]): Promise<DiskFacts[]> {
  // Jobs first (H4): one that ends before the second question has taken its disk's backing away.
  const jobs = (await monitor.execute('query-block-jobs')) as readonly Job[];
  const nodes = (await monitor.execute('query-named-block-nodes', { flat: true })) as readonly BlockNode[];
  return disks.map((disk) => {
    const overlay = nodes.find((node) => node['node-name'] === overlayNode(disk.diskId));
    if (overlay === undefined) throw nodeMissing(disk.diskId);
    const job = jobs.find((each) => each.device === jobId(disk.diskId));
    const hasBacking = overlay.backing_file !== undefined || overlay.backing_file_depth > 0;
    return {
      ...disk,
      hasBacking,
      isFlushed: disk.isFlushed && !hasBacking,
      hasViewNode: nodes.some((node) => node['node-name'] === viewNode(disk.diskId)),
      job: job && describeJob(job),
    };
  });
}

function describeJob(job: Job): HydrationJob {
  const errors = { ok: undefined, failed: 'READ_OR_WRITE_FAILED', nospace: 'NO_SPACE' } as const;
  return { doneBytes: job.offset, bytesPerSecondMax: job.speed, error: errors[job['io-status']] };
}

function jobId(diskId: string): string {
  return `hydrate-${diskId}`;
}

function nodeMissing(diskId: string): OperationError {
  return new OperationError('MACHINE_REFUSED', `the machine has no disk ${diskId}`, {
    hint: 'terminate this machine and launch again',
  });
}
