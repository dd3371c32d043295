/**
 * The superblock of ext2, ext3 and ext4 as far as the layout of groups and their bitmaps depends on it
 * (Linux: Documentation/filesystems/ext4, fs/ext4/ext4.h). Every feature that is not listed here might
 * change what a bitmap means, so it is refused.
 */
import { CRC32C_START, crc32c } from './crc32c.ts';
import { demand } from './proof.ts';

export const SUPERBLOCK_OFFSET_BYTES = 1024;
export const SUPERBLOCK_BYTES = 1024;

export interface Ext4Superblock {
  readonly blockBytes: number;
  readonly blockCount: number;
  readonly firstDataBlock: number;
  readonly blocksPerGroup: number;
  /** Blocks for each bit of a bitmap: 1 except with bigalloc. */
  readonly clusterBlocks: number;
  readonly clustersPerGroup: number;
  readonly groupCount: number;
  readonly inodeTableBlocks: number;
  readonly descriptorBytes: number;
  readonly reservedDescriptorBlocks: number;
  /** Descriptor blocks from this one on lie in the groups they describe; absent without meta_bg. */
  readonly firstMetaBlockGroup: number | undefined;
  readonly backups: 'ALL_GROUPS' | 'SPARSE' | { readonly groups: readonly number[] };
  readonly checksums: 'METADATA' | 'DESCRIPTORS' | 'NONE';
  readonly checksumSeed: number;
  readonly uuid: Buffer;
  readonly needsRecovery: boolean;
}

const MAGIC = 0xef53;
const STATE_HAS_ERRORS = 2;
const CHECKSUM_TYPE_CRC32C = 1;
const CHECKSUM_AT = 0x3fc;
const BLOCK_BYTES_MAX = 65_536;
const GROUPS_MAX = 4 * 1024 * 1024;

const COMPATIBLE = { resizeInode: 0x10, sparseSuper2: 0x200 };
/**
 * dir_prealloc … orphan_file, without exclude_inode and exclude_bitmap (snapshots), and without
 * fast_commit: what its replay makes of a crash could not be tested, because e2fsck finds faults in it with
 * every block copied.
 */
const COMPATIBLE_KNOWN = 0x1a3f;
const INCOMPATIBLE = { recover: 0x4, metaBlockGroups: 0x10, is64Bit: 0x80, checksumSeed: 0x2000 };
/**
 * filetype, recover, meta_bg, extents, 64bit, mmp, flex_bg, ea_inode, dirdata, csum_seed, large_dir,
 * inline_data, encrypt, casefold; not compression, not the superblock of an external journal.
 */
const INCOMPATIBLE_KNOWN = 0x3f7d6;
const READ_ONLY = { sparseSuper: 0x1, descriptorChecksums: 0x10, bigalloc: 0x200, metadataChecksums: 0x400 };
/** sparse_super … project, verity, orphan_present; not snapshots, replicas, shared blocks. */
const READ_ONLY_KNOWN = 0x1b77f;

/** `bytes`: the 1024 of the superblock. Errors: NotProved. */
export function parseExt4Superblock(bytes: Buffer, volumeBytes: number): Ext4Superblock {
  demand(bytes.length === SUPERBLOCK_BYTES, 'the superblock is not there');
  demand(bytes.readUInt16LE(0x38) === MAGIC, 'it has no ext4 superblock');
  demand(bytes.readUInt32LE(0x4c) === 1, 'its revision is not known');
  const features = featuresOf(bytes);
  demand((bytes.readUInt16LE(0x3a) & STATE_HAS_ERRORS) === 0, 'the file system has errors');
  const uuid = Buffer.from(bytes.subarray(0x68, 0x78));
  const checksums = checksumsOf(features);
  if (checksums === 'METADATA') checkChecksum(bytes);
  const hasSeed = (features.incompatible & INCOMPATIBLE.checksumSeed) !== 0;
  const superblock = {
    ...layoutOf(bytes, features),
    reservedDescriptorBlocks:
      (features.compatible & COMPATIBLE.resizeInode) === 0 ? 0 : bytes.readUInt16LE(0xce),
    firstMetaBlockGroup:
      (features.incompatible & INCOMPATIBLE.metaBlockGroups) === 0 ? undefined : bytes.readUInt32LE(0x104),
    backups: backupsOf(bytes, features),
    checksums,
    checksumSeed: hasSeed ? bytes.readUInt32LE(0x270) : crc32c(CRC32C_START, uuid),
    uuid,
    needsRecovery: (features.incompatible & INCOMPATIBLE.recover) !== 0,
  };
  checkLayout(superblock, volumeBytes);
  return superblock;
}

interface Features {
  readonly compatible: number;
  readonly incompatible: number;
  readonly readOnly: number;
}

function featuresOf(bytes: Buffer): Features {
  const compatible = bytes.readUInt32LE(0x5c);
  const incompatible = bytes.readUInt32LE(0x60);
  const readOnly = bytes.readUInt32LE(0x64);
  const unknown = [
    compatible & ~COMPATIBLE_KNOWN,
    incompatible & ~INCOMPATIBLE_KNOWN,
    readOnly & ~READ_ONLY_KNOWN,
  ];
  demand(
    unknown.every((bits) => bits === 0),
    `it has features that are not known: ${unknown.map((bits) => (bits >>> 0).toString(16)).join('/')}`,
  );
  return { compatible, incompatible, readOnly };
}

function checksumsOf({ readOnly }: Features): Ext4Superblock['checksums'] {
  if ((readOnly & READ_ONLY.metadataChecksums) !== 0) return 'METADATA';
  return (readOnly & READ_ONLY.descriptorChecksums) !== 0 ? 'DESCRIPTORS' : 'NONE';
}

function checkChecksum(bytes: Buffer): void {
  demand(bytes[0x175] === CHECKSUM_TYPE_CRC32C, 'the type of its checksums is not known');
  const expected = crc32c(CRC32C_START, bytes.subarray(0, CHECKSUM_AT));
  demand(bytes.readUInt32LE(CHECKSUM_AT) === expected, 'the checksum of its superblock is wrong');
}

function layoutOf(bytes: Buffer, { incompatible, readOnly }: Features) {
  const blockShift = bytes.readUInt32LE(0x18);
  const clusterShift = bytes.readUInt32LE(0x1c);
  demand(blockShift <= 6, 'its block size is not known');
  const isBigalloc = (readOnly & READ_ONLY.bigalloc) !== 0;
  const clusterIsSane = clusterShift >= blockShift && clusterShift <= blockShift + 16;
  demand(!isBigalloc || clusterIsSane, 'its cluster size is not known');
  const blockBytes = 1024 * 2 ** blockShift;
  const is64Bit = (incompatible & INCOMPATIBLE.is64Bit) !== 0;
  const blockCount = bytes.readUInt32LE(0x04) + (is64Bit ? bytes.readUInt32LE(0x150) * 2 ** 32 : 0);
  const firstDataBlock = bytes.readUInt32LE(0x14);
  const blocksPerGroup = bytes.readUInt32LE(0x20);
  const inodesPerGroup = bytes.readUInt32LE(0x28);
  const inodeBytes = bytes.readUInt16LE(0x58);
  demand(inodesPerGroup <= blockBytes * 8 && inodeBytes <= blockBytes, 'its inodes are impossible');
  return {
    blockBytes,
    blockCount,
    firstDataBlock,
    blocksPerGroup,
    clusterBlocks: isBigalloc ? 2 ** (clusterShift - blockShift) : 1,
    clustersPerGroup: isBigalloc ? bytes.readUInt32LE(0x24) : blocksPerGroup,
    groupCount: Math.ceil((blockCount - firstDataBlock) / blocksPerGroup),
    inodeTableBlocks: Math.ceil((inodesPerGroup * inodeBytes) / blockBytes),
    descriptorBytes: is64Bit ? bytes.readUInt16LE(0xfe) : 32,
  };
}

function backupsOf(bytes: Buffer, { compatible, readOnly }: Features): Ext4Superblock['backups'] {
  if ((compatible & COMPATIBLE.sparseSuper2) !== 0) {
    return { groups: [bytes.readUInt32LE(0x24c), bytes.readUInt32LE(0x250)] };
  }
  return (readOnly & READ_ONLY.sparseSuper) !== 0 ? 'SPARSE' : 'ALL_GROUPS';
}

function checkLayout(superblock: Ext4Superblock, volumeBytes: number): void {
  const { blockBytes, blockCount, firstDataBlock, blocksPerGroup, descriptorBytes } = superblock;
  const { clusterBlocks, clustersPerGroup, groupCount, inodeTableBlocks } = superblock;
  const sane =
    blockBytes <= BLOCK_BYTES_MAX &&
    firstDataBlock <= (blockBytes === 1024 ? 1 : 0) &&
    clustersPerGroup > 0 &&
    clustersPerGroup % 8 === 0 &&
    clustersPerGroup <= blockBytes * 8 &&
    blocksPerGroup === clustersPerGroup * clusterBlocks &&
    groupCount > 0 &&
    groupCount <= GROUPS_MAX &&
    inodeTableBlocks > 0 &&
    inodeTableBlocks <= blocksPerGroup &&
    [32, 64, 128, 256, 512, 1024].includes(descriptorBytes);
  demand(sane, 'the layout its superblock describes is impossible');
  demand(blockCount * blockBytes <= volumeBytes, 'the file system is larger than its device');
}
