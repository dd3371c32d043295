/**
 * A full comparison: everything of the source is dirty, and what the replica already has is not sent. One
 * bit a chunk of 1 MiB says that nothing of that chunk was sent in this comparison, so what the replica
 * held when it began still stands: zeroes on an empty disk, the chunk's hash on any other. The first time a
 * chunk is looked at its bit goes, whatever comes of it (K1): a hash is never compared twice, because the
 * chunk may have been sent in between. On an empty disk the bit stays while only zeroes were skipped.
 */
import { createHash, type Hash } from 'node:crypto';
import { endOf } from '@landfall/block';
import type { CapturedExtent } from '@landfall/capture';
import { assert, inlineSha256, type Sha256 } from '@landfall/runtime';
import { RESCAN_CHUNK_BYTES } from '../epoch-store.ts';
import { chunkOf } from '../extents/extent-split.ts';

export type ComparisonMode = 'EMPTY' | 'HASHES';
export type HashOf = (diskIndex: number, chunk: number) => Promise<Buffer>;

interface ComparedDisk {
  readonly sizeBytes: number;
  readonly mode: ComparisonMode;
  readonly untouched: Uint8Array;
}

const ZEROES = Buffer.alloc(64 * 1024);

export class Comparison {
  readonly #disks: readonly ComparedDisk[];
  readonly #sha256: Sha256;

  constructor(
    disks: readonly { readonly sizeBytes: number; readonly mode: ComparisonMode }[],
    sha256: Sha256 = inlineSha256,
  ) {
    this.#sha256 = sha256;
    this.#disks = disks.map(({ sizeBytes, mode }) => {
      const chunks = Math.ceil(sizeBytes / RESCAN_CHUNK_BYTES);
      return { sizeBytes, mode, untouched: new Uint8Array(Math.ceil(chunks / 8)).fill(0xff) };
    });
  }

  /** Whether any disk is compared by hashes: a rescan, not a first copy. */
  get readsReplica(): boolean {
    return this.#disks.some((disk) => disk.mode === 'HASHES');
  }

  /**
   * Of `extents` (none crosses a chunk) those the replica does not have; chunks are hashed side by side. A
   * chunk of which only the beginning has come is `carried`: to be given again in front of the next extents,
   * unless these are the last before a cut.
   */
  async filter(
    extents: readonly CapturedExtent[],
    options: { readonly hashOf: HashOf; readonly isLast: boolean },
  ): Promise<FilteredExtents> {
    const groups = groupByChunk(extents);
    const tail = groups.at(-1);
    const waits = tail !== undefined && !options.isLast && this.#mayBeCompleted(tail);
    const complete = waits ? groups.slice(0, -1) : groups;
    const missing = await Promise.all(complete.map((group) => this.#missingOf(group, options.hashOf)));
    return { missing: missing.flat(), carried: waits ? tail.extents : [] };
  }

  #mayBeCompleted(group: ChunkGroup): boolean {
    const disk = this.#disk(group);
    if (disk.mode !== 'HASHES' || !isUntouched(disk, group.chunk)) return false;
    const { begin, end } = boundsOf(disk, group);
    const covered = coveredUpTo(begin, group);
    return covered !== undefined && covered < end;
  }

  async #missingOf(group: ChunkGroup, hashOf: HashOf): Promise<readonly CapturedExtent[]> {
    const disk = this.#disk(group);
    if (!isUntouched(disk, group.chunk)) return group.extents;
    if (disk.mode === 'EMPTY') return missingOnEmpty(disk, group);
    touch(disk, group.chunk);
    const { begin, end } = boundsOf(disk, group);
    if (coveredUpTo(begin, group) !== end) return group.extents;
    const [replica, ours] = await Promise.all([
      hashOf(group.diskIndex, group.chunk),
      hashOfContent(group.extents, this.#sha256),
    ]);
    return ours.equals(replica) ? [] : group.extents;
  }

  #disk({ diskIndex }: ChunkGroup): ComparedDisk {
    const disk = this.#disks[diskIndex];
    assert(disk !== undefined, 'a captured extent is of a disk of the source');
    return disk;
  }
}

export interface FilteredExtents {
  readonly missing: readonly CapturedExtent[];
  readonly carried: readonly CapturedExtent[];
}

interface ChunkGroup {
  readonly diskIndex: number;
  readonly chunk: number;
  readonly extents: CapturedExtent[];
}

/**
 * Order is kept within a chunk, where later extents overwrite earlier ones; different chunks share no byte.
 */
function groupByChunk(extents: readonly CapturedExtent[]): readonly ChunkGroup[] {
  const groups = new Map<string, ChunkGroup>();
  for (const extent of extents) {
    const { diskIndex } = extent;
    const chunk = chunkOf(extent.offsetBytes);
    assert(chunkOf(endOf(extent) - 1) === chunk, 'an extent to compare does not cross a chunk');
    const key = `${diskIndex}/${chunk}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { diskIndex, chunk, extents: [extent] });
    else group.extents.push(extent);
  }
  return [...groups.values()].sort(
    (left, right) => left.diskIndex - right.diskIndex || left.chunk - right.chunk,
  );
}

function missingOnEmpty(disk: ComparedDisk, group: ChunkGroup): readonly CapturedExtent[] {
  const written = group.extents.filter((extent) => extent.content !== undefined);
  if (written.length === 0) return [];
  touch(disk, group.chunk);
  return isAscending(group.extents) ? written : group.extents;
}

function boundsOf(
  disk: ComparedDisk,
  { chunk }: ChunkGroup,
): { readonly begin: number; readonly end: number } {
  const begin = chunk * RESCAN_CHUNK_BYTES;
  return { begin, end: Math.min(begin + RESCAN_CHUNK_BYTES, disk.sizeBytes) };
}

/** Where the extents end, if they follow one another from `begin` without a gap. */
function coveredUpTo(begin: number, { extents }: ChunkGroup): number | undefined {
  let at = begin;
  for (const extent of extents) {
    if (extent.offsetBytes !== at) return undefined;
    at = endOf(extent);
  }
  return at;
}

function isAscending(extents: readonly CapturedExtent[]): boolean {
  return extents.every((extent, index) => {
    const before = extents[index - 1];
    return before === undefined || endOf(before) <= extent.offsetBytes;
  });
}

async function hashOfContent(extents: readonly CapturedExtent[], sha256: Sha256): Promise<Buffer> {
  const lengthBytes = extents.reduce((total, extent) => total + extent.lengthBytes, 0);
  if (extents.every((extent) => extent.content === undefined)) return hashOfZeroes(lengthBytes);
  const [first] = extents;
  if (first?.content?.length === lengthBytes) return sha256(first.content);
  const hash = createHash('sha256');
  for (const { content, lengthBytes } of extents) {
    if (content !== undefined) hash.update(content);
    else updateWithZeroes(hash, lengthBytes);
  }
  return hash.digest();
}

/**
 * Free space is most of many disks, and hashing is what a comparison costs: whole zero chunks are hashed
 * once.
 */
const WHOLE_ZERO_CHUNK = hashZeroes(RESCAN_CHUNK_BYTES);

function hashOfZeroes(lengthBytes: number): Buffer {
  return lengthBytes === RESCAN_CHUNK_BYTES ? WHOLE_ZERO_CHUNK : hashZeroes(lengthBytes);
}

function hashZeroes(lengthBytes: number): Buffer {
  const hash = createHash('sha256');
  updateWithZeroes(hash, lengthBytes);
  return hash.digest();
}

function updateWithZeroes(hash: Hash, lengthBytes: number): void {
  for (let left = lengthBytes; left > 0; left -= ZEROES.length) {
    hash.update(left < ZEROES.length ? ZEROES.subarray(0, left) : ZEROES);
  }
}

function isUntouched(disk: ComparedDisk, chunk: number): boolean {
  return ((disk.untouched[chunk >>> 3] ?? 0) & (1 << (chunk & 7))) !== 0;
}

function touch(disk: ComparedDisk, chunk: number): void {
  disk.untouched[chunk >>> 3] = (disk.untouched[chunk >>> 3] ?? 0) & ~(1 << (chunk & 7));
}
