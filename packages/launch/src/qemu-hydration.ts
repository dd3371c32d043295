/** Filling in a machine's disks, asked of QEMU's monitor; what is decided is in hydration.ts. */
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
import { overlayNode, viewNode } from './launch-plan.ts';
import type { Monitor } from './qemu-monitor.ts';

/**
 * Does what each disk needs next, and says how far they are. Called again and again until all is complete. A
 * job that ends between the two looks is not yet seen to have ended: the next call sees it.
 */
export async function advanceJobs(monitor: Monitor, request: HydrationRequest): Promise<HydrationOutcome> {
  const errors: string[] = [];
  const disks = await readHydration(monitor, request.disks);
  const speed = speedOfDisk(request, disks);
  for (const disk of disks) {
    const error = await advanceDisk(monitor, disk, speed);
    if (error !== undefined) errors.push(`${disk.diskId}: ${error}`);
  }
  return { disks: await readHydration(monitor, request.disks), errors };
}

async function advanceDisk(
  monitor: Monitor,
  disk: HydrationFacts,
  speed: number,
): Promise<string | undefined> {
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
    case 'REMOVE_VIEW':
      await monitor.execute('blockdev-del', { 'node-name': viewNode(disk.diskId) });
      return undefined;
    case 'WAIT':
    case 'NOTHING':
      return undefined;
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

async function readHydration(monitor: Monitor, disks: readonly HydrationDisk[]): Promise<HydrationFacts[]> {
  // Jobs first (H4): one that ends before the second question has taken its disk's backing away.
  const jobs = (await monitor.execute('query-block-jobs')) as readonly Job[];
  const nodes = (await monitor.execute('query-named-block-nodes', { flat: true })) as readonly BlockNode[];
  return disks.map((disk) => {
    const overlay = nodes.find((node) => node['node-name'] === overlayNode(disk.diskId));
    if (overlay === undefined) throw nodeMissing(disk.diskId);
    const job = jobs.find((each) => each.device === jobId(disk.diskId));
    return {
      ...disk,
      hasBacking: overlay.backing_file !== undefined || overlay.backing_file_depth > 0,
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
