/**
 * A staging disk before its first recovery point, to be filled from an image (offline seeding). What is
 * written goes where the first sync writes: into the partial base, in place (J4). It is no recovery point and
 * never becomes one by itself.
 *
 * D1 while a replica has no epoch its sender takes nothing for granted that it sent before: with every new
 * connection it compares by hash whatever is not empty. So what a seed leaves, also one broken off in the
 * middle, over what a broken first sync left, is only ever a head start. No connection may be open meanwhile.
 * D2 nothing is durable before the journal is closed; what a crash loses is compared, and sent.
 */
import {
  type AllocationExtent,
  assertWithin,
  type BlockDevice,
  CODEC_RAW,
  payloadChecksum,
} from '@landfall/block';
import { OperationError } from '@landfall/runtime';
import type { JournalGroup } from '../group/journal-group.ts';
import { storageFailure } from '../journal-errors.ts';
import { chunkPieces } from './chunk-pieces.ts';

export class SeedDevice implements BlockDevice {
  readonly sizeBytes: number;
  readonly #group: JournalGroup;
  readonly #diskIndex: number;
  #failure: Error | undefined;

  constructor(group: JournalGroup, diskIndex: number) {
    this.#group = group;
    this.#diskIndex = diskIndex;
    this.sizeBytes = group.disks[diskIndex]?.sizeBytes ?? 0;
  }

  /** What the first write that failed did so for. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Errors: STAGING_FULL, JOURNAL_STORAGE_FAILED; those of `JournalGroup.putExtent`. */
  async write(offsetBytes: number, source: Buffer): Promise<void> {
    assertWithin(this.sizeBytes, offsetBytes, source.length);
    for (const piece of chunkPieces(offsetBytes, source.length)) {
      const from = piece.offsetBytes - offsetBytes;
      // A copy: the journal writes it when the caller has its buffer back.
      const payload = Buffer.from(source.subarray(from, from + piece.lengthBytes));
      const extent = { offsetBytes: piece.offsetBytes, lengthBytes: piece.lengthBytes };
      const header = { ...extent, codec: CODEC_RAW, checksum: payloadChecksum(payload) } as const;
      await this.#put(() => this.#group.putExtent({ diskIndex: this.#diskIndex, ...header }, payload));
    }
  }

  async writeZeroes(offsetBytes: number, lengthBytes: number): Promise<void> {
    assertWithin(this.sizeBytes, offsetBytes, lengthBytes);
    if (lengthBytes === 0) return;
    await this.#put(() => this.#group.putZeroes(this.#diskIndex, offsetBytes, lengthBytes));
  }

  /** Everything written has reached the files; durable it is later (D2). Errors: what a write failed with. */
  async flush(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    // Hashing waits for what is on its way, and tells what failed of it.
    if (this.sizeBytes > 0) await this.#put(() => this.#group.chunkHashes(this.#diskIndex, 0, 1));
  }

  /** Nobody has a use for it, and what is still being written need not be readable. */
  async read(): Promise<void> {
    throw new OperationError('SEED_UNREADABLE', 'a disk that is being filled from an image cannot be read', {
      hint: 'write it from its beginning to its end, then close the seed',
    });
  }

  async allocation(offsetBytes: number, lengthBytes: number): Promise<AllocationExtent[]> {
    return lengthBytes === 0 ? [] : [{ offsetBytes, lengthBytes, zero: false }];
  }

  async close(): Promise<void> {
    // The journal is its owner's.
  }

  async #put(operation: () => Promise<unknown>): Promise<void> {
    try {
      await operation();
    } catch (error) {
      this.#failure ??= storageFailure(error);
      throw this.#failure;
    }
  }
}

/** Errors: SEED_TOO_LATE. */
export function checkSeedable(group: JournalGroup, what: string): void {
  if (group.lastEpoch === 0) return;
  throw new OperationError('SEED_TOO_LATE', `${what} has recovery points already: an image is of no use`, {
    hint: 'nothing needs to be done: only what changes is sent from now on',
    context: { lastEpoch: group.lastEpoch },
  });
}
