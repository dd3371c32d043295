/** Images of disks, written to the staging disks of a server before its first sync (offline seeding). */
import { type Clock, formatBytes, OperationError, systemClock } from '@landfall/runtime';
import type { Progress } from '../terminal/progress.ts';
import { CopyProgress } from './copy-progress.ts';
import { findDisk, type ImageFormat, type NbdDisk } from './image-format.ts';
import { copyFromImage, type ImageFacts, inspectImage } from './qemu-image.ts';

/** One `--disk DEVICE=IMAGE`. */
export interface ImageOfDisk {
  readonly device: string;
  readonly path: string;
}

export interface InspectedImage extends ImageOfDisk, ImageFacts {}

export interface ImportRequest {
  readonly images: readonly InspectedImage[];
  readonly disks: readonly NbdDisk[];
  readonly signal: AbortSignal;
  readonly progress: Progress;
  readonly clock?: Clock;
}

export interface ImportedImage {
  readonly diskID: string;
  readonly deviceName: string;
  readonly diskSizeBytes: number;
  readonly path: string;
  readonly format: ImageFormat;
  readonly imageSizeBytes: number;
}

/** Errors: OPTION_INVALID. */
export function parseImageOfDisk(text: string): ImageOfDisk {
  const [, device, path] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  if (device !== undefined && path !== undefined) return { device, path };
  throw invalid(`--disk ${text} does not say what image is for what disk`);
}

/** Before anything is changed. Errors: IMAGE_UNSUITABLE, OPTION_INVALID, PACKAGES_MISSING. */
export async function inspectImages(images: readonly ImageOfDisk[]): Promise<readonly InspectedImage[]> {
  if (images.length === 0) throw invalid('there is no image to import');
  const inspected: InspectedImage[] = [];
  for (const image of images) inspected.push({ ...image, ...(await inspectImage(image.path)) });
  return inspected;
}

/** Before anything is changed. Errors: DISK_UNKNOWN, IMAGE_TOO_LARGE, OPTION_INVALID. */
function matchImages(
  images: readonly InspectedImage[],
  disks: readonly NbdDisk[],
): readonly { readonly image: InspectedImage; readonly disk: NbdDisk }[] {
  const pairs = images.map((image) => ({ image, disk: findDisk(disks, image.device) }));
  for (const [index, { image, disk }] of pairs.entries()) {
    if (pairs.findIndex((other) => other.disk === disk) !== index)
      throw invalid(`there are two images for ${disk.deviceName}`);
    if (image.sizeBytes > disk.sizeBytes) throw tooLarge(image, disk);
  }
  return pairs;
}

/** Errors: as `matchImages`; IMPORT_FAILED, IMAGE_COPY_STOPPED. */
export async function importImages(request: ImportRequest): Promise<readonly ImportedImage[]> {
  const { images, disks, signal, progress, clock = systemClock } = request;
  const pairs = matchImages(images, disks);
  const totalBytes = pairs.reduce((sum, { image }) => sum + image.sizeBytes, 0);
  const copied = new CopyProgress(progress, clock, totalBytes);
  for (const { image, disk } of pairs) {
    const shown = { deviceName: disk.deviceName, sizeBytes: image.sizeBytes };
    const onFraction = (fraction: number) => copied.show(shown, fraction);
    await copyFromImage(image, disk.nbdUri, { signal, onFraction });
    copied.ended(shown);
  }
  progress.end();
  return pairs.map(({ image: { path, format, sizeBytes }, disk }) => ({
    ...{ diskID: disk.diskId, deviceName: disk.deviceName, diskSizeBytes: disk.sizeBytes },
    ...{ path, format, imageSizeBytes: sizeBytes },
  }));
}

function tooLarge(image: InspectedImage, disk: NbdDisk): OperationError {
  const sizes = `${image.sizeBytes} bytes (${formatBytes(image.sizeBytes)}) instead of at most ${disk.sizeBytes}`;
  const message = `${image.path} is larger than ${disk.deviceName}: ${sizes}`;
  return new OperationError('IMAGE_TOO_LARGE', message, {
    hint: 'check that it is an image of that disk; `qemu-img resize --shrink` cuts off a rounded-up end',
  });
}

function invalid(message: string): OperationError {
  return new OperationError('OPTION_INVALID', message, {
    hint: 'name each disk and its image once: --disk /dev/sda=/mnt/usb/sda.qcow2',
  });
}
