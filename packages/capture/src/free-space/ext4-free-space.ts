/**
 * The free blocks of a mounted ext2, ext3 or ext4, read through the page cache of the device node it is
 * mounted from, while the kernel goes on changing them. A group is read together with its descriptor, and
 * read again when the two do not agree, because the kernel changes one after the other. A group that never
 * agrees is copied; what is static (superblock, places of the metadata) makes the whole file system copied.
 */
import type { Clock } from '@landfall/runtime';
import {
  type BlockSpan,
  baseSpanOf,
  descriptorBlockAt,
  descriptorsPerBlock,
  type Ext4Descriptor,
  findFreeBlocks,
  firstBlockOf,
  parseDescriptor,
  spansOf,
} from './ext4-group.ts';
import {
  type Ext4Superblock,
  parseExt4Superblock,
  SUPERBLOCK_BYTES,
  SUPERBLOCK_OFFSET_BYTES,
} from './ext4-superblock.ts';
import { demand, type FoundFree, NotProved, type ReadVolume } from './proof.ts';

export interface Ext4Volume {
  readonly sizeBytes: number;
  /** Mounted for writing: its journal was replayed when it was mounted, whatever its superblock says. */
  readonly isWritable: boolean;
  readonly read: ReadVolume;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const ATTEMPTS_MAX = 6;
const ATTEMPT_PAUSE_MS = 2;

/** Resolves to the number of groups that never agreed. Errors: NotProved, and those of reading. */
export async function readExt4FreeSpace(volume: Ext4Volume, found: FoundFree): Promise<number> {
  const superblock = await attempt(volume, () => readSuperblock(volume));
  demand(volume.isWritable || !superblock.needsRecovery, 'its journal was not replayed');
  const reserved = await readReserved(volume, superblock);
  const { blockBytes } = superblock;
  const foundSpan = ({ firstBlock, blockCount }: BlockSpan) =>
    found(firstBlock * blockBytes, blockCount * blockBytes);
  let doubtful = 0;
  for (let group = 0; group < superblock.groupCount; group += 1) {
    volume.signal.throwIfAborted();
    const inGroup = reserved.get(group) ?? [];
    if (!(await readGroup(volume, superblock, { group, reserved: inGroup, found: foundSpan }))) doubtful += 1;
  }
  await attempt(volume, () => readSuperblock(volume));
  return doubtful;
}

async function readSuperblock({ read, sizeBytes }: Ext4Volume): Promise<Ext4Superblock> {
  demand(sizeBytes >= SUPERBLOCK_OFFSET_BYTES + SUPERBLOCK_BYTES, 'it is too small for a file system');
  return parseExt4Superblock(await read(SUPERBLOCK_OFFSET_BYTES, SUPERBLOCK_BYTES), sizeBytes);
}

/** By group, the spans in it that hold the file system itself (G3), whatever group they belong to. */
async function readReserved(
  volume: Ext4Volume,
  superblock: Ext4Superblock,
): Promise<ReadonlyMap<number, readonly BlockSpan[]>> {
  const reserved = new Map<number, GrowingSpan[]>();
  for (let group = 0; group < superblock.groupCount; group += 1) {
    volume.signal.throwIfAborted();
    const descriptor = await attempt(volume, () => readDescriptor(volume, superblock, group));
    for (const span of [baseSpanOf(superblock, group), ...spansOf(superblock, descriptor)]) {
      addToGroups(superblock, span, reserved);
    }
  }
  return reserved;
}

type GrowingSpan = { -readonly [Key in keyof BlockSpan]: BlockSpan[Key] };

function addToGroups(
  superblock: Ext4Superblock,
  span: BlockSpan,
  reserved: Map<number, GrowingSpan[]>,
): void {
  const { firstDataBlock, blocksPerGroup } = superblock;
  const groupOf = (block: number) => Math.floor((block - firstDataBlock) / blocksPerGroup);
  if (span.blockCount === 0) return;
  const last = groupOf(span.firstBlock + span.blockCount - 1);
  for (let group = groupOf(span.firstBlock); group <= last; group += 1) {
    const spans = reserved.get(group) ?? [];
    reserved.set(group, spans);
    // Tables of neighbouring groups lie side by side: one span for all of them.
    const before = spans.find(({ firstBlock, blockCount }) => firstBlock + blockCount === span.firstBlock);
    if (before === undefined) spans.push({ ...span });
    else before.blockCount += span.blockCount;
  }
}

interface GroupReading {
  readonly group: number;
  readonly reserved: readonly BlockSpan[];
  readonly found: (span: BlockSpan) => void;
}

/** False when it never agreed. */
async function readGroup(
  volume: Ext4Volume,
  superblock: Ext4Superblock,
  { group, reserved, found }: GroupReading,
): Promise<boolean> {
  try {
    await attempt(volume, async () => {
      const descriptor = await readDescriptor(volume, superblock, group);
      const { bitmapBlock, bitmapIsUnwritten } = descriptor;
      const bitmap = bitmapIsUnwritten ? Buffer.alloc(0) : await readBlock(volume, superblock, bitmapBlock);
      findFreeBlocks(superblock, { group, descriptor, bitmap, reserved }, found);
    });
    return true;
  } catch (error) {
    if (error instanceof NotProved) return false;
    throw error;
  }
}

async function readDescriptor(
  { read }: Ext4Volume,
  superblock: Ext4Superblock,
  group: number,
): Promise<Ext4Descriptor> {
  const { blockBytes, descriptorBytes, blockCount } = superblock;
  const perBlock = descriptorsPerBlock(superblock);
  const block = descriptorBlockAt(superblock, Math.floor(group / perBlock));
  demand(block < blockCount && firstBlockOf(superblock, group) < blockCount, 'a group lies outside');
  const offset = block * blockBytes + (group % perBlock) * descriptorBytes;
  return parseDescriptor(superblock, group, await read(offset, descriptorBytes));
}

function readBlock({ read }: Ext4Volume, { blockBytes }: Ext4Superblock, block: number): Promise<Buffer> {
  return read(block * blockBytes, blockBytes);
}

/** The kernel may be in the middle of a change: what does not hold is looked at again. */
async function attempt<Result>(volume: Ext4Volume, read: () => Promise<Result>): Promise<Result> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof NotProved) || attempts >= ATTEMPTS_MAX) throw error;
    }
    await volume.clock.sleep(ATTEMPT_PAUSE_MS * attempts ** 2, volume.signal);
  }
}
