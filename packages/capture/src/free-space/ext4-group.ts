/**
 * One block group of ext2, ext3 or ext4: where its descriptor is, what the descriptor says, and which of its
 * blocks its bitmap has free. A group is believed only if all of this agrees (Linux: fs/ext4/balloc.c):
 *
 * G1 descriptor and bitmap have the checksums they should have, where the file system has checksums;
 * G2 as many bits are clear as the descriptor counts as free;
 * G3 what holds the file system itself (superblocks, descriptors, bitmaps, inode tables, of whatever group)
 *    is not among them.
 *
 * A bitmap that was never written (BLOCK_UNINIT) stands for a group with nothing in it but G3.
 */
import { CRC16_START, crc16 } from './crc16.ts';
import { crc32c } from './crc32c.ts';
import type { Ext4Superblock } from './ext4-superblock.ts';
import { demand } from './proof.ts';

export interface Ext4Descriptor {
  readonly bitmapBlock: number;
  readonly inodeBitmapBlock: number;
  readonly inodeTableBlock: number;
  /** Clusters. */
  readonly freeCount: number;
  readonly bitmapIsUnwritten: boolean;
  readonly bitmapChecksum: number;
}

export interface BlockSpan {
  readonly firstBlock: number;
  readonly blockCount: number;
}

const FLAG_BLOCK_UNINIT = 0x2;
const CHECKSUM_AT = 0x1e;
/** A descriptor as long as this has the upper halves of its fields. */
const LONG_DESCRIPTOR_BYTES = 64;

export function descriptorsPerBlock({ blockBytes, descriptorBytes }: Ext4Superblock): number {
  return blockBytes / descriptorBytes;
}

/** Where the descriptor block with that index lies. */
export function descriptorBlockAt(superblock: Ext4Superblock, index: number): number {
  const { firstMetaBlockGroup, firstDataBlock } = superblock;
  if (firstMetaBlockGroup === undefined || index < firstMetaBlockGroup) {
    return firstDataBlock + superblockBlocks(superblock, 0) + index;
  }
  const group = index * descriptorsPerBlock(superblock);
  return firstBlockOf(superblock, group) + superblockBlocks(superblock, group);
}

export function firstBlockOf({ firstDataBlock, blocksPerGroup }: Ext4Superblock, group: number): number {
  return firstDataBlock + group * blocksPerGroup;
}

/** Errors: NotProved (G1). */
export function parseDescriptor(superblock: Ext4Superblock, group: number, bytes: Buffer): Ext4Descriptor {
  const { checksums, blockCount } = superblock;
  const whole = (low: number, high: number) =>
    bytes.readUInt32LE(low) + (isLong(superblock) ? bytes.readUInt32LE(high) * 2 ** 32 : 0);
  const short = (low: number, high: number) =>
    bytes.readUInt16LE(low) + (isLong(superblock) ? bytes.readUInt16LE(high) * 2 ** 16 : 0);
  if (checksums !== 'NONE') {
    const expected = descriptorChecksum(superblock, group, bytes);
    demand(bytes.readUInt16LE(CHECKSUM_AT) === expected, 'the checksum of a group descriptor is wrong');
  }
  const descriptor = {
    bitmapBlock: whole(0x00, 0x20),
    inodeBitmapBlock: whole(0x04, 0x24),
    inodeTableBlock: whole(0x08, 0x28),
    freeCount: short(0x0c, 0x2c),
    bitmapIsUnwritten: checksums !== 'NONE' && (bytes.readUInt16LE(0x12) & FLAG_BLOCK_UNINIT) !== 0,
    bitmapChecksum: short(0x18, 0x38),
  };
  const isInside = ({ firstBlock, blockCount: count }: BlockSpan) =>
    firstBlock >= superblock.firstDataBlock && firstBlock + count <= blockCount;
  demand(spansOf(superblock, descriptor).every(isInside), 'a group descriptor points outside');
  return descriptor;
}

/** What of the file system itself a descriptor places, wherever that is. */
export function spansOf(superblock: Ext4Superblock, descriptor: Ext4Descriptor): readonly BlockSpan[] {
  return [
    { firstBlock: descriptor.bitmapBlock, blockCount: 1 },
    { firstBlock: descriptor.inodeBitmapBlock, blockCount: 1 },
    { firstBlock: descriptor.inodeTableBlock, blockCount: superblock.inodeTableBlocks },
  ];
}

/** The copy of superblock and descriptors at the beginning of a group. */
export function baseSpanOf(superblock: Ext4Superblock, group: number): BlockSpan {
  const own = superblockBlocks(superblock, group);
  const perBlock = descriptorsPerBlock(superblock);
  const { firstMetaBlockGroup, reservedDescriptorBlocks, groupCount } = superblock;
  const firstBlock = firstBlockOf(superblock, group);
  if (firstMetaBlockGroup !== undefined && group >= firstMetaBlockGroup * perBlock) {
    const hasDescriptors = [0, 1, perBlock - 1].includes(group % perBlock);
    return { firstBlock, blockCount: own + (hasDescriptors ? 1 : 0) };
  }
  const descriptorBlocks = firstMetaBlockGroup ?? Math.ceil(groupCount / perBlock);
  const blockCount = own === 0 ? 0 : own + descriptorBlocks + reservedDescriptorBlocks;
  return { firstBlock, blockCount: Math.min(blockCount, superblock.blocksPerGroup) };
}

export interface Ext4Group {
  readonly group: number;
  readonly descriptor: Ext4Descriptor;
  /** As it is on the device; ignored when it was never written. */
  readonly bitmap: Buffer;
  /** Of all groups, what lies in this one (G3). */
  readonly reserved: readonly BlockSpan[];
}

/** Calls `found` for each run of free blocks, once all is believed. Errors: NotProved (G1–G3). */
export function findFreeBlocks(
  superblock: Ext4Superblock,
  { group, descriptor, bitmap, reserved }: Ext4Group,
  found: (span: BlockSpan) => void,
): void {
  const used = usedClusters(superblock, group, { descriptor, bitmap, reserved });
  const clusterCount = clustersIn(superblock, group);
  const spans = clearRuns(used, clusterCount);
  const freeCount = spans.reduce((sum, span) => sum + span.blockCount, 0);
  demand(freeCount === descriptor.freeCount, 'a group has not as many free blocks as it counts');
  const firstBlock = firstBlockOf(superblock, group);
  const { clusterBlocks, blockCount } = superblock;
  for (const span of spans) {
    const first = firstBlock + span.firstBlock * clusterBlocks;
    const end = Math.min(blockCount, first + span.blockCount * clusterBlocks);
    found({ firstBlock: first, blockCount: end - first });
  }
}

function usedClusters(
  superblock: Ext4Superblock,
  group: number,
  { descriptor, bitmap, reserved }: Omit<Ext4Group, 'group'>,
): Buffer {
  const bitmapBytes = superblock.clustersPerGroup / 8;
  const clusters = reserved.map((span) => clustersOf(superblock, group, span));
  if (descriptor.bitmapIsUnwritten) {
    const used = Buffer.alloc(bitmapBytes);
    for (const span of clusters) setBits(used, span);
    return used;
  }
  const used = bitmap.subarray(0, bitmapBytes);
  demand(used.length === bitmapBytes, 'a bitmap is not there');
  if (superblock.checksums === 'METADATA') {
    const mask = isLong(superblock) ? 0xffff_ffff : 0xffff;
    const checksum = (crc32c(superblock.checksumSeed, used) & mask) >>> 0;
    demand(checksum === descriptor.bitmapChecksum, 'the checksum of a bitmap is wrong');
  }
  demand(
    clusters.every((span) => areBitsSet(used, span)),
    'a bitmap has blocks of the file system itself as free',
  );
  return used;
}

/** Of a span of blocks, the clusters of the group it touches. */
function clustersOf(superblock: Ext4Superblock, group: number, span: BlockSpan): BlockSpan {
  const { clusterBlocks, clustersPerGroup } = superblock;
  const offset = span.firstBlock - firstBlockOf(superblock, group);
  const first = Math.max(0, Math.floor(offset / clusterBlocks));
  const end = Math.min(clustersPerGroup, Math.ceil((offset + span.blockCount) / clusterBlocks));
  return { firstBlock: first, blockCount: Math.max(0, end - first) };
}

function clustersIn(superblock: Ext4Superblock, group: number): number {
  const { blockCount, clusterBlocks, clustersPerGroup } = superblock;
  const blocksLeft = blockCount - firstBlockOf(superblock, group);
  return Math.min(clustersPerGroup, Math.ceil(blocksLeft / clusterBlocks));
}

function clearRuns(bits: Buffer, bitCount: number): BlockSpan[] {
  const runs: BlockSpan[] = [];
  let start = -1;
  for (let bit = 0; bit < bitCount; ) {
    const byte = bits[bit >>> 3] ?? 0xff;
    const isUniform = (byte === 0xff || byte === 0) && (bit & 7) === 0 && bit + 8 <= bitCount;
    const isClear = (byte & (1 << (bit & 7))) === 0;
    if (isClear && start < 0) start = bit;
    if (!isClear && start >= 0) {
      runs.push({ firstBlock: start, blockCount: bit - start });
      start = -1;
    }
    bit += isUniform ? 8 : 1;
  }
  if (start >= 0) runs.push({ firstBlock: start, blockCount: bitCount - start });
  return runs;
}

function setBits(bits: Buffer, { firstBlock, blockCount }: BlockSpan): void {
  for (let bit = firstBlock; bit < firstBlock + blockCount; bit += 1) {
    bits[bit >>> 3] = (bits[bit >>> 3] ?? 0) | (1 << (bit & 7));
  }
}

function areBitsSet(bits: Buffer, { firstBlock, blockCount }: BlockSpan): boolean {
  for (let bit = firstBlock; bit < firstBlock + blockCount; bit += 1) {
    if (((bits[bit >>> 3] ?? 0) & (1 << (bit & 7))) === 0) return false;
  }
  return true;
}

/** Blocks the superblock's copy takes in a group; with a boot block in front of it when that is block 0. */
function superblockBlocks({ backups, blockBytes, firstDataBlock }: Ext4Superblock, group: number): number {
  if (group === 0) return blockBytes === 1024 && firstDataBlock === 0 ? 2 : 1;
  if (backups === 'ALL_GROUPS') return 1;
  if (backups !== 'SPARSE') return backups.groups.includes(group) ? 1 : 0;
  return group === 1 || [3, 5, 7].some((base) => isPowerOf(base, group)) ? 1 : 0;
}

function isPowerOf(base: number, value: number): boolean {
  let power = base;
  while (power < value) power *= base;
  return power === value;
}

function isLong({ descriptorBytes }: Ext4Superblock): boolean {
  return descriptorBytes >= LONG_DESCRIPTOR_BYTES;
}

function descriptorChecksum(superblock: Ext4Superblock, group: number, bytes: Buffer): number {
  const groupBytes = Buffer.alloc(4);
  groupBytes.writeUInt32LE(group);
  const before = bytes.subarray(0, CHECKSUM_AT);
  const after = bytes.subarray(CHECKSUM_AT + 2);
  if (superblock.checksums === 'METADATA') {
    const parts = [groupBytes, before, Buffer.alloc(2), after];
    return parts.reduce(crc32c, superblock.checksumSeed) & 0xffff;
  }
  return [superblock.uuid, groupBytes, before, after].reduce(crc16, CRC16_START);
}
