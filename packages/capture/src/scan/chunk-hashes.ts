/**
 * What a scan knows of its disks: the hash of each 1 MiB chunk as it was last handed to the sender, 32 bytes
 * a chunk (32 MiB per TiB). Pure book-keeping.
 *
 * SHA-256, as in the rescan: a changed chunk that is taken for unchanged would be wrong for ever, so a
 * checksum that can collide by chance is out, and where the processor has instructions for it, it is as fast
 * as a disk.
 *
 * H1 a chunk is `known` exactly when the sender was given the content of its hash and has not asked for it
 *    again.
 * H2 a pass is complete when every chunk was read after it began; a read of any purpose counts.
 */
import { assert } from '@landfall/runtime';

export const SCAN_CHUNK_BYTES = 1024 * 1024;
const HASH_BYTES = 32;

export interface Chunk {
  readonly diskIndex: number;
  readonly chunk: number;
}

export class ChunkHashes {
  readonly #disks: readonly ScannedDisk[];
  #unreadCount = 0;

  constructor(sizesBytes: readonly number[]) {
    this.#disks = sizesBytes.map((sizeBytes) => {
      const count = Math.ceil(sizeBytes / SCAN_CHUNK_BYTES);
      const hashes = Buffer.alloc(count * HASH_BYTES);
      // Nothing is marked dirty until the sender says so: what the replica has is its to know.
      return { sizeBytes, hashes, flags: new Uint8Array(count).fill(UNHASHED), unknownCount: 0, readUpTo: 0 };
    });
    this.beginPass();
  }

  get isPassComplete(): boolean {
    return this.#unreadCount === 0;
  }

  /** From here on every chunk has to be read again; of these disks only, when all of the others were. */
  beginPass(diskIndexes: Iterable<number> = this.#disks.keys()): void {
    const again = new Set(diskIndexes);
    this.#unreadCount = 0;
    for (const [diskIndex, disk] of this.#disks.entries()) {
      if (!again.has(diskIndex)) continue;
      disk.readUpTo = 0;
      disk.flags.forEach((flags, chunk) => {
        disk.flags[chunk] = flags & ~READ;
      });
      this.#unreadCount += disk.flags.length;
    }
  }

  /** Bytes of chunks the sender asked for and was not given yet. */
  unknownBytes(diskIndex: number): number {
    const { unknownCount, sizeBytes } = this.#disk(diskIndex);
    return Math.min(sizeBytes, unknownCount * SCAN_CHUNK_BYTES);
  }

  /** The sender wants the chunks of this range, whatever their hash is. */
  forget(
    diskIndex: number,
    { offsetBytes, lengthBytes }: { offsetBytes: number; lengthBytes: number },
  ): void {
    const disk = this.#disk(diskIndex);
    const end = Math.min(disk.flags.length, Math.ceil((offsetBytes + lengthBytes) / SCAN_CHUNK_BYTES));
    for (let chunk = Math.floor(offsetBytes / SCAN_CHUNK_BYTES); chunk < end; chunk += 1) {
      if (has(disk, chunk, UNKNOWN)) continue;
      set(disk, chunk, UNKNOWN);
      disk.unknownCount += 1;
    }
  }

  /** Up to `countMax` chunks the sender wants, lowest first. */
  nextUnknown(countMax: number): Chunk[] {
    return this.#collect(countMax, (disk, chunk) => has(disk, chunk, UNKNOWN));
  }

  /** Up to `countMax` chunks the pass still has to read, lowest first. */
  nextUnread(countMax: number): Chunk[] {
    return this.#collect(countMax, (disk, chunk) => !has(disk, chunk, READ));
  }

  /** A chunk was read. True when the sender has to get it: it is another than before, or was asked for. */
  note({ diskIndex, chunk }: Chunk, hash: Buffer): boolean {
    assert(hash.length === HASH_BYTES, 'a hash has 32 bytes');
    const disk = this.#disk(diskIndex);
    const known = disk.hashes.subarray(chunk * HASH_BYTES, (chunk + 1) * HASH_BYTES);
    const isNews = has(disk, chunk, UNKNOWN) || (!has(disk, chunk, UNHASHED) && !known.equals(hash));
    hash.copy(known);
    if (has(disk, chunk, UNKNOWN)) disk.unknownCount -= 1;
    if (!has(disk, chunk, READ)) this.#unreadCount -= 1;
    disk.flags[chunk] = READ;
    return isNews;
  }

  /** The range of a chunk; the last one of a disk may be short. */
  placeOf({ diskIndex, chunk }: Chunk) {
    const offsetBytes = chunk * SCAN_CHUNK_BYTES;
    const lengthBytes = Math.min(SCAN_CHUNK_BYTES, this.#disk(diskIndex).sizeBytes - offsetBytes);
    return { diskIndex, offsetBytes, lengthBytes };
  }

  #collect(countMax: number, isWanted: (disk: ScannedDisk, chunk: number) => boolean): Chunk[] {
    const chunks: Chunk[] = [];
    for (const [diskIndex, disk] of this.#disks.entries()) {
      while (disk.readUpTo < disk.flags.length && disk.flags[disk.readUpTo] === READ) disk.readUpTo += 1;
      for (let chunk = disk.readUpTo; chunk < disk.flags.length && chunks.length < countMax; chunk += 1) {
        if (isWanted(disk, chunk)) chunks.push({ diskIndex, chunk });
      }
    }
    return chunks;
  }

  #disk(diskIndex: number): ScannedDisk {
    const disk = this.#disks[diskIndex];
    assert(disk !== undefined, 'a disk index is one of the scanned disks');
    return disk;
  }
}

/** Read in this pass. */
const READ = 1;
/** The sender wants it. */
const UNKNOWN = 2;
/** There is no hash of it yet. */
const UNHASHED = 4;

interface ScannedDisk {
  readonly sizeBytes: number;
  readonly hashes: Buffer;
  readonly flags: Uint8Array;
  unknownCount: number;
  /** Chunks before this one are read and known: where looking for work begins. */
  readUpTo: number;
}

function has(disk: ScannedDisk, chunk: number, flag: number): boolean {
  return ((disk.flags[chunk] ?? 0) & flag) !== 0;
}

function set(disk: ScannedDisk, chunk: number, flag: number): void {
  disk.flags[chunk] = (disk.flags[chunk] ?? 0) | flag;
  disk.readUpTo = Math.min(disk.readUpTo, chunk);
}
