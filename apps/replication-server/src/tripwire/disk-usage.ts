/**
 * What of a disk is in use at a recovery point, by the bitmaps of its ext4 file systems as they stand on the
 * disk. They are some seconds behind what the kernel has in memory: good enough to tell old files from the
 * remains of deleted ones, not to prove anything. Where no bitmap can be read the answer is UNKNOWN.
 */
import type { ReadableBlockDevice } from '@landfall/block';
import {
  descriptorBlockAt,
  descriptorsPerBlock,
  type Ext4Superblock,
  NotProved,
  parseDescriptor,
  parseExt4Superblock,
  SUPERBLOCK_BYTES,
  SUPERBLOCK_OFFSET_BYTES,
} from '@landfall/capture/free-space';
import { type DiskRange, volumeRanges } from './disk-volumes.ts';

export type Usage = 'USED' | 'FREE' | 'UNKNOWN';

export interface Ext4Volume extends DiskRange {
  readonly superblock: Ext4Superblock;
}

/** Bit n of a group: cluster n is in use. `undefined`: its descriptor cannot be believed. */
type Bitmap = Buffer | undefined;

/** Of all volumes of the disk, those that are ext4. */
export async function findExt4(device: ReadableBlockDevice): Promise<readonly Ext4Volume[]> {
  const found: Ext4Volume[] = [];
  for (const range of await volumeRanges(device)) {
    if (range.lengthBytes < SUPERBLOCK_OFFSET_BYTES + SUPERBLOCK_BYTES) continue;
    const bytes = Buffer.alloc(SUPERBLOCK_BYTES);
    await device.read(range.offsetBytes + SUPERBLOCK_OFFSET_BYTES, bytes);
    const superblock = believed(() => parseExt4Superblock(bytes, range.lengthBytes));
    if (superblock !== undefined) found.push({ ...range, superblock });
  }
  return found;
}

/** `device` at one recovery point: what was read of it is kept. */
export class DiskUsage {
  readonly volumes: readonly Ext4Volume[];
  readonly #device: ReadableBlockDevice;
  readonly #bitmaps = new Map<string, Promise<Bitmap>>();

  constructor(device: ReadableBlockDevice, volumes: readonly Ext4Volume[]) {
    this.#device = device;
    this.volumes = volumes;
  }

  async at(offsetBytes: number): Promise<Usage> {
    const volume = this.volumes.find(
      (one) => offsetBytes >= one.offsetBytes && offsetBytes < one.offsetBytes + one.lengthBytes,
    );
    if (volume === undefined) return 'UNKNOWN';
    const { blockBytes, firstDataBlock, blocksPerGroup, clusterBlocks, blockCount } = volume.superblock;
    const block = Math.floor((offsetBytes - volume.offsetBytes) / blockBytes);
    if (block < firstDataBlock || block >= blockCount) return 'UNKNOWN';
    const inData = block - firstDataBlock;
    const bitmap = await this.bitmap(volume, Math.floor(inData / blocksPerGroup));
    if (bitmap === undefined) return 'UNKNOWN';
    return isSet(bitmap, Math.floor((inData % blocksPerGroup) / clusterBlocks)) ? 'USED' : 'FREE';
  }

  bitmap(volume: Ext4Volume, group: number): Promise<Bitmap> {
    const key = `${volume.offsetBytes}/${group}`;
    const known = this.#bitmaps.get(key);
    if (known !== undefined) return known;
    const reading = this.#readBitmap(volume, group);
    this.#bitmaps.set(key, reading);
    return reading;
  }

  async #readBitmap({ offsetBytes, superblock }: Ext4Volume, group: number): Promise<Bitmap> {
    const { blockBytes, descriptorBytes } = superblock;
    const perBlock = descriptorsPerBlock(superblock);
    const block = descriptorBlockAt(superblock, Math.floor(group / perBlock));
    const at = offsetBytes + block * blockBytes + (group % perBlock) * descriptorBytes;
    const bytes = await this.#read(at, descriptorBytes);
    const descriptor = bytes && believed(() => parseDescriptor(superblock, group, bytes));
    if (descriptor === undefined) return undefined;
    if (descriptor.bitmapIsUnwritten) return Buffer.alloc(blockBytes);
    return this.#read(offsetBytes + descriptor.bitmapBlock * blockBytes, blockBytes);
  }

  async #read(offsetBytes: number, lengthBytes: number): Promise<Buffer | undefined> {
    if (offsetBytes + lengthBytes > this.#device.sizeBytes) return undefined;
    const bytes = Buffer.alloc(lengthBytes);
    await this.#device.read(offsetBytes, bytes);
    return bytes;
  }
}

export function isSet(bitmap: Buffer, bit: number): boolean {
  return ((bitmap[bit >>> 3] ?? 0) & (1 << (bit & 7))) !== 0;
}

function believed<Result>(parse: () => Result): Result | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof NotProved) return undefined;
    throw error;
  }
}
