/**
 * How much structured content was in use at one recovery point and is free at a later one: the bitmaps of all
 * groups (of a random part of them on a large disk) beside each other, and a few freed blocks as they were.
 */
import type { ReadableBlockDevice } from '@landfall/block';
import type { Random } from '@landfall/runtime';
import { contentOf, PIECE_BYTES_MIN } from './content.ts';
import { type DiskUsage, type Ext4Volume, isSet } from './disk-usage.ts';
import { distinctNumbers } from './distinct-numbers.ts';

export interface UsedDisk {
  readonly device: ReadableBlockDevice;
  readonly usage: DiskUsage;
}

export interface FreedContent {
  readonly structuredBytes: number;
  /** Blocks that were looked at and were structured. */
  readonly pieces: number;
}

const GROUPS_MAX = 256;
const BLOCKS_READ_MAX = 48;
/** By the value of a byte. */
const BITS_OF = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length);

export async function freedContent(before: UsedDisk, after: UsedDisk, random: Random): Promise<FreedContent> {
  let [structuredBytes, pieces] = [0, 0];
  for (const volume of before.usage.volumes) {
    const freed = await countFreed(before.usage, after.usage, { volume, random });
    if (freed.clusters === 0) continue;
    const looked = chooseClusters(volume, freed, random);
    const structured = await countStructured(before.device, looked);
    pieces += structured;
    const clusterBytes = volume.superblock.blockBytes * volume.superblock.clusterBlocks;
    structuredBytes += freed.clusters * clusterBytes * freed.factor * (structured / looked.length);
  }
  return { structuredBytes: Math.round(structuredBytes), pieces };
}

interface FreedGroup {
  readonly group: number;
  /** A set bit is a cluster that was freed. */
  readonly bits: Buffer;
  readonly clusters: number;
}

interface Freed {
  readonly groups: readonly FreedGroup[];
  readonly clusters: number;
  /** Groups for each that was looked at. */
  readonly factor: number;
}

async function countFreed(
  before: DiskUsage,
  after: DiskUsage,
  { volume, random }: { readonly volume: Ext4Volume; readonly random: Random },
): Promise<Freed> {
  const { groupCount, clustersPerGroup } = volume.superblock;
  const looked = distinctNumbers(groupCount, GROUPS_MAX, random);
  const groups: FreedGroup[] = [];
  for (const group of looked) {
    const [old, now] = [await before.bitmap(volume, group), await after.bitmap(volume, group)];
    if (old === undefined || now === undefined || old.equals(now)) continue;
    const bits = freedBits(old, now, clustersPerGroup);
    const clusters = countBits(bits);
    if (clusters > 0) groups.push({ group, bits, clusters });
  }
  const clusters = groups.reduce((sum, group) => sum + group.clusters, 0);
  return { groups, clusters, factor: groupCount / looked.length };
}

function freedBits(old: Buffer, now: Buffer, bitCount: number): Buffer {
  const bits = Buffer.alloc(Math.ceil(bitCount / 8));
  for (let at = 0; at < bits.length; at += 1) bits[at] = (old[at] ?? 0) & ~(now[at] ?? 0);
  const rest = bitCount % 8;
  if (rest > 0) bits[bits.length - 1] = (bits.at(-1) ?? 0) & (2 ** rest - 1);
  return bits;
}

function countBits(bits: Buffer): number {
  let count = 0;
  for (const byte of bits) count += BITS_OF[byte] ?? 0;
  return count;
}

/** Where some of them begin: there may be millions, and no more is kept of them than their bits. */
function chooseClusters({ offsetBytes, superblock }: Ext4Volume, freed: Freed, random: Random): number[] {
  const { blockBytes, clusterBlocks, firstDataBlock, blocksPerGroup } = superblock;
  const ranks = distinctNumbers(freed.clusters, BLOCKS_READ_MAX, random);
  const found: number[] = [];
  let passed = 0;
  for (const { group, bits, clusters } of freed.groups) {
    const inGroup = ranks.filter((rank) => rank >= passed && rank < passed + clusters);
    const groupAt = offsetBytes + (firstDataBlock + group * blocksPerGroup) * blockBytes;
    for (const bit of bitsAt(
      bits,
      inGroup.map((rank) => rank - passed),
    ))
      found.push(groupAt + bit * clusterBlocks * blockBytes);
    passed += clusters;
  }
  return found;
}

/** The set bits that have so many set ones before them; `ranks` in ascending order. */
function bitsAt(bits: Buffer, ranks: readonly number[]): number[] {
  const found: number[] = [];
  let passed = 0;
  for (let at = 0; at < bits.length && found.length < ranks.length; at += 1) {
    const count = BITS_OF[bits[at] ?? 0] ?? 0;
    for (let bit = at * 8; count > 0 && bit < at * 8 + 8; bit += 1) {
      if (!isSet(bits, bit)) continue;
      if (passed === ranks[found.length]) found.push(bit);
      passed += 1;
    }
  }
  return found;
}

async function countStructured(device: ReadableBlockDevice, offsets: readonly number[]): Promise<number> {
  let count = 0;
  for (const offsetBytes of offsets) {
    if (offsetBytes + PIECE_BYTES_MIN > device.sizeBytes) continue;
    const bytes = Buffer.alloc(PIECE_BYTES_MIN);
    await device.read(offsetBytes, bytes);
    if (contentOf(bytes) === 'STRUCTURED') count += 1;
  }
  return count;
}
