/**
 * How much structured content was in use at one recovery point and is free at a later one: the bitmaps of all
 * groups (of a random part of them on a large disk) beside each other, and a few freed blocks as they were.
 */
import type { ReadableBlockDevice } from '@landfall/block';
import type { Random } from '@landfall/runtime';
import { contentOf, PIECE_BYTES_MIN } from './content.ts';
import { type DiskUsage, type Ext4Volume, isSet } from './disk-usage.ts';

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

interface FreedCluster {
  readonly offsetBytes: number;
}

export async function freedContent(before: UsedDisk, after: UsedDisk, random: Random): Promise<FreedContent> {
  let [structuredBytes, pieces] = [0, 0];
  for (const volume of before.usage.volumes) {
    const freed = await freedClusters(before.usage, after.usage, { volume, random });
    const clusterBytes = volume.superblock.blockBytes * volume.superblock.clusterBlocks;
    const looked = shuffled(freed.clusters, random).slice(0, BLOCKS_READ_MAX);
    const structured = await countStructured(before.device, looked);
    pieces += structured;
    if (looked.length === 0) continue;
    structuredBytes += freed.clusters.length * clusterBytes * freed.factor * (structured / looked.length);
  }
  return { structuredBytes: Math.round(structuredBytes), pieces };
}

interface Freed {
  readonly clusters: readonly FreedCluster[];
  /** Groups for each that was looked at. */
  readonly factor: number;
}

async function freedClusters(
  before: DiskUsage,
  after: DiskUsage,
  { volume, random }: { readonly volume: Ext4Volume; readonly random: Random },
): Promise<Freed> {
  const { groupCount } = volume.superblock;
  const all = Array.from({ length: groupCount }, (_, group) => group);
  const groups = groupCount <= GROUPS_MAX ? all : shuffled(all, random).slice(0, GROUPS_MAX);
  const clusters: FreedCluster[] = [];
  for (const group of groups) {
    const [old, now] = [await before.bitmap(volume, group), await after.bitmap(volume, group)];
    if (old === undefined || now === undefined || old.equals(now)) continue;
    collectFreed(volume, { group, old, now }, clusters);
  }
  return { clusters, factor: groupCount / groups.length };
}

function collectFreed(
  { offsetBytes, superblock }: Ext4Volume,
  { group, old, now }: { readonly group: number; readonly old: Buffer; readonly now: Buffer },
  found: FreedCluster[],
): void {
  const { blockBytes, clusterBlocks, clustersPerGroup, firstDataBlock, blocksPerGroup } = superblock;
  const groupAt = (firstDataBlock + group * blocksPerGroup) * blockBytes;
  for (let bit = 0; bit < clustersPerGroup; bit += 1) {
    if (!isSet(old, bit) || isSet(now, bit)) continue;
    found.push({ offsetBytes: offsetBytes + groupAt + bit * clusterBlocks * blockBytes });
  }
}

async function countStructured(
  device: ReadableBlockDevice,
  clusters: readonly FreedCluster[],
): Promise<number> {
  let count = 0;
  for (const { offsetBytes } of clusters) {
    if (offsetBytes + PIECE_BYTES_MIN > device.sizeBytes) continue;
    const bytes = Buffer.alloc(PIECE_BYTES_MIN);
    await device.read(offsetBytes, bytes);
    if (contentOf(bytes) === 'STRUCTURED') count += 1;
  }
  return count;
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  const keyed = items.map((item) => ({ item, key: random.integer(2 ** 32) }));
  return keyed.sort((left, right) => left.key - right.key).map(({ item }) => item);
}
