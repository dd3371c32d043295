/** Disks of one recovery point, written to image files: all of them, or none. */
import { stat } from 'node:fs/promises';
import { type Clock, systemClock } from '@landfall/runtime';
import type { Progress } from '../terminal/progress.ts';
import { CopyProgress } from './copy-progress.ts';
import { ImageClaim } from './file-image-claim.ts';
import { formatParameters, type ImageFormat, imageFileNames, type NbdDisk } from './image-format.ts';
import { copyToImage, measureImage } from './qemu-image.ts';

export interface ExportRequest {
  readonly server: string;
  readonly epoch: number;
  readonly disks: readonly NbdDisk[];
  readonly folder: string;
  readonly format: ImageFormat;
  readonly compress: boolean;
  readonly signal: AbortSignal;
  readonly progress: Progress;
  readonly clock?: Clock;
}

export interface ExportedImage {
  readonly diskID: string;
  readonly deviceName: string;
  readonly sizeBytes: number;
  readonly path: string;
  readonly bytesOnDisk: number;
}

const STAT_BLOCK_BYTES = 512;

/**
 * Errors: EXPORT_TARGET_EXISTS, EXPORT_FOLDER_UNUSABLE, EXPORT_NO_SPACE, EXPORT_FAILED, IMAGE_COPY_STOPPED,
 * OPTION_INVALID, PACKAGES_MISSING.
 */
export async function exportImages(request: ExportRequest): Promise<readonly ExportedImage[]> {
  const { disks, folder, format, compress } = request;
  formatParameters(format, compress);
  const names = imageFileNames(disks, request);
  const claim = await ImageClaim.take(folder, names);
  try {
    // How well a disk can be compressed nobody knows before.
    if (!compress) await claim.checkSpace(await neededBytes(disks));
    await copyAll(request, (index) => claim.pathOf(names[index] ?? ''));
    const paths = await claim.complete();
    return await Promise.all(disks.map((disk, index) => describe(disk, paths[index] ?? '')));
  } finally {
    await claim.release();
  }
}

async function copyAll(request: ExportRequest, pathOf: (index: number) => string): Promise<void> {
  const { disks, format, compress, signal, progress, clock = systemClock } = request;
  const totalBytes = disks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const copied = new CopyProgress(progress, clock, totalBytes);
  for (const [index, disk] of disks.entries()) {
    const onFraction = (fraction: number) => copied.show(disk, fraction);
    await copyToImage(disk.nbdUri, { path: pathOf(index), format, compress }, { signal, onFraction });
    copied.ended(disk);
  }
  progress.end();
}

async function neededBytes(disks: readonly NbdDisk[]): Promise<number> {
  let sum = 0;
  for (const { nbdUri } of disks) sum += await measureImage(nbdUri);
  return sum;
}

async function describe(disk: NbdDisk, path: string): Promise<ExportedImage> {
  const { diskId, deviceName, sizeBytes } = disk;
  const { blocks } = await stat(path);
  return { diskID: diskId, deviceName, sizeBytes, path, bytesOnDisk: blocks * STAT_BLOCK_BYTES };
}
