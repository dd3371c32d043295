/**
 * The proof of one recovery point: its disks, attached as devices, mounted (which replays the journal of the
 * file system), checked by the file system's own tool, then what the workload says of the content. Works on
 * copies; afterwards nothing is mounted or attached.
 */

import { describeError } from '../../packages/runtime/src/index.ts';
import {
  checkFileSystem,
  type FileSystem,
  forgetBtrfs,
  mountFileSystem,
  unmountFileSystem,
} from './file-systems.ts';
import { attachLoopDisk } from './loop-disk.ts';
import { addProofs, type CutTime, check, type Proof } from './proof.ts';
import type { Workload } from './workload.ts';

export interface PointUnderProof {
  readonly images: readonly string[];
  readonly fileSystem: FileSystem | 'raw';
  /** A folder for the file system to be mounted on. */
  readonly mountPoint: string;
  readonly cut: CutTime;
}

export async function provePoint(workload: Workload, point: PointUnderProof): Promise<Proof> {
  const { images, fileSystem, mountPoint, cut } = point;
  if (fileSystem === 'raw') return workload.prove({ images, mountPoint }, cut);
  const disk = await attachLoopDisk(images[0] ?? '');
  try {
    const { device } = disk;
    const replayed = await replay({ kind: fileSystem, device, mountPoint });
    if (replayed.violations.length > 0) return replayed;
    await mountFileSystem({ kind: fileSystem, device, mountPoint });
    try {
      return addProofs(replayed, await workload.prove({ images, mountPoint }, cut));
    } finally {
      await unmountFileSystem(mountPoint);
    }
  } finally {
    disk.detach();
    if (fileSystem === 'btrfs') await forgetBtrfs();
  }
}

async function replay(options: {
  readonly kind: FileSystem;
  readonly device: string;
  readonly mountPoint: string;
}): Promise<Proof> {
  try {
    await mountFileSystem(options);
  } catch (error) {
    return check(false, () => `${options.kind} cannot be mounted: ${describeError(error)}`);
  }
  await unmountFileSystem(options.mountPoint);
  const found = await checkFileSystem(options.kind, options.device);
  return addProofs(
    check(true, () => ''),
    { checks: 1, violations: found },
  );
}
