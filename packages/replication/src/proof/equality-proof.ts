/**
 * One proof of equality: which chunks were found equal, with their hashes, and what differed. It outlives
 * connections; what was under way when one was lost is done again.
 *
 * Q1 a chunk counts as equal only by a hash of bytes of the source at a cut and a hash that the replica took
 *    of its state at that cut.
 * Q2 a difference is named before it is sent again, and the chunk is then compared again: a proof that ends
 *    has found every chunk equal.
 */
import { hashTreeRoot } from '@landfall/block';
import type { ChunkWatch, EpochSource } from '@landfall/capture';
import {
  DIFFERENCES_KEPT_MAX,
  type DifferenceKind,
  type ProofDifference,
  type ProofFacts,
  type ProofResult,
  type RecoveryPoint,
} from '@landfall/model';
import { assert } from '@landfall/runtime';
import { HASH_BYTES } from '@landfall/wire';
import { RESCAN_CHUNK_BYTES } from '../epoch-store.ts';

/** Looked at together, at most: more where all is quiet, fewer where much is written meanwhile. */
export const GROUP_CHUNKS_MAX = 16;
/** So often a chunk may be written while it is looked at; then it is sent whole at a cut. */
export const ATTEMPTS_MAX = 6;
/** So often, a second apart, requests are waited for that have not ended: then that counts as written. */
const WAITS_MAX = 20;
/** So often such a chunk is waited for in a cut. */
const CUTS_MAX = 100;
/** So often a chunk may differ after it was sent again: then something is broken that sending cannot mend. */
const REPAIRS_MAX = 3;

export interface ChunkGroup {
  readonly diskIndex: number;
  readonly firstChunk: number;
  readonly count: number;
  /** Of one chunk: to be sent whole. */
  readonly atCut: boolean;
}

interface DiskProof {
  readonly chunks: number;
  readonly leaves: Buffer;
  readonly done: Uint8Array;
  readonly attempts: Uint8Array;
  readonly waits: Uint8Array;
  doneCount: number;
  sentWhole: number;
}

export interface EqualityProofOptions {
  readonly proofId: string;
  readonly source: EpochSource;
  readonly nowMs: number;
}

export class EqualityProof {
  readonly proofId: string;
  readonly watch: ChunkWatch | undefined;
  /** Forced before anything is compared. */
  first: RecoveryPoint | undefined;
  readonly #options: EqualityProofOptions;
  readonly #disks: readonly DiskProof[];
  readonly #differences: ProofDifference[] = [];
  readonly #counts: Record<DifferenceKind, number> = { DIFFERENT: 0, DAMAGED: 0, LEFT_OUT: 0 };
  readonly #repairs = new Map<string, number>();
  #next = { diskIndex: 0, chunk: 0 };
  #groupMax = GROUP_CHUNKS_MAX / 2;
  #result: ProofResult | undefined;
  #reason: string | undefined;

  constructor(options: EqualityProofOptions) {
    const { proofId, source } = options;
    this.proofId = proofId;
    this.#options = options;
    this.watch = source.watchChunks?.();
    if (this.watch === undefined)
      this.fail('disks that are scanned cannot be proved: changes are not tracked');
    this.#disks = source.disks.map(({ sizeBytes }) => {
      const chunks = Math.ceil(sizeBytes / RESCAN_CHUNK_BYTES);
      return {
        ...{ chunks, leaves: Buffer.alloc(chunks * HASH_BYTES), done: new Uint8Array(chunks) },
        ...{ attempts: new Uint8Array(chunks), waits: new Uint8Array(chunks), doneCount: 0, sentWhole: 0 },
      };
    });
  }

  get isOver(): boolean {
    return this.#result !== undefined || this.#reason !== undefined;
  }

  get facts(): ProofFacts {
    const result = this.#result;
    const reason = this.#reason;
    return {
      proofId: this.proofId,
      state: reason !== undefined ? 'FAILED' : result === undefined ? 'RUNNING' : 'COMPLETE',
      chunksDone: this.#disks.reduce((sum, { doneCount }) => sum + doneCount, 0),
      chunksTotal: this.#disks.reduce((sum, { chunks }) => sum + chunks, 0),
      differenceCounts: { ...this.#counts },
      ...(reason === undefined ? {} : { reason }),
      ...(result === undefined ? {} : { result }),
    };
  }

  /** What to look at next; `undefined` when every chunk was found equal. */
  nextGroup(): ChunkGroup | undefined {
    for (let disks = 0; disks <= this.#disks.length; disks += 1) {
      const { diskIndex } = this.#next;
      const firstChunk = this.#disk(diskIndex).done.indexOf(0, this.#next.chunk);
      if (firstChunk >= 0) return this.#groupAt(diskIndex, firstChunk);
      this.#next = { diskIndex: (diskIndex + 1) % this.#disks.length, chunk: 0 };
    }
    return undefined;
  }

  #groupAt(diskIndex: number, firstChunk: number): ChunkGroup {
    const { done, attempts, chunks } = this.#disk(diskIndex);
    const atCut = (attempts[firstChunk] ?? 0) >= ATTEMPTS_MAX;
    let end = firstChunk + 1;
    const isAlike = (chunk: number) => done[chunk] === 0 && (attempts[chunk] ?? 0) < ATTEMPTS_MAX;
    while (!atCut && end < chunks && end - firstChunk < this.#groupMax && isAlike(end)) end += 1;
    this.#next = { diskIndex, chunk: end };
    return { diskIndex, firstChunk, count: end - firstChunk, atCut };
  }

  /** Q1. */
  foundEqual(diskIndex: number, chunk: number, hash: Buffer, sentWhole = false): void {
    const disk = this.#disk(diskIndex);
    assert(disk.done[chunk] === 0, 'a chunk is found equal once');
    hash.copy(disk.leaves, chunk * HASH_BYTES);
    disk.done[chunk] = 1;
    this.watch?.foundEqual(diskIndex, chunk);
    disk.doneCount += 1;
    if (sentWhole) disk.sentWhole += 1;
  }

  /** Of a group that was looked at, so many were not quiet. */
  groupDone(touched: number): void {
    const next = touched === 0 ? this.#groupMax * 2 : this.#groupMax / 2;
    this.#groupMax = Math.max(1, Math.min(GROUP_CHUNKS_MAX, next));
  }

  /** Nobody wrote it, but a request that is not known to have ended may; after a while that counts, too. */
  wasWaiting(diskIndex: number, chunk: number): void {
    const { waits } = this.#disk(diskIndex);
    waits[chunk] = (waits[chunk] ?? 0) + 1;
    if ((waits[chunk] ?? 0) <= WAITS_MAX) return;
    waits[chunk] = 0;
    this.wasTouched(diskIndex, chunk);
  }

  wasTouched(diskIndex: number, chunk: number): void {
    const { attempts } = this.#disk(diskIndex);
    attempts[chunk] = Math.min(255, (attempts[chunk] ?? 0) + 1);
    if ((attempts[chunk] ?? 0) > ATTEMPTS_MAX + CUTS_MAX) {
      this.fail(`chunk ${chunk} of disk ${diskIndex} is written faster than it can be read`);
    }
  }

  /** Q2. The chunk is to be sent again, unless the proof has failed. */
  foundDifferent(
    kind: DifferenceKind,
    place: { diskIndex: number; chunk: number; epoch: number },
  ): ProofDifference {
    const { diskIndex, chunk, epoch } = place;
    const disk = this.#options.source.disks[diskIndex];
    assert(disk !== undefined, 'a chunk is of a disk of the source');
    const offsetBytes = chunk * RESCAN_CHUNK_BYTES;
    const lengthBytes = Math.min(RESCAN_CHUNK_BYTES, disk.sizeBytes - offsetBytes);
    const difference: ProofDifference = { kind, diskId: disk.diskId, offsetBytes, lengthBytes, epoch };
    this.#counts[kind] += 1;
    if (this.#differences.length < DIFFERENCES_KEPT_MAX) this.#differences.push(difference);
    const key = `${diskIndex}/${chunk}`;
    const repairs = (this.#repairs.get(key) ?? 0) + 1;
    this.#repairs.set(key, repairs);
    if (repairs > REPAIRS_MAX) {
      this.fail(
        `${disk.diskId} at offset ${offsetBytes} differs although it was sent again ${REPAIRS_MAX} times`,
      );
    }
    return difference;
  }

  complete(journalId: string, last: RecoveryPoint, nowMs: number): void {
    const { first, watch } = this;
    assert(first !== undefined && watch !== undefined && !this.isOver, 'a proof that runs is completed');
    this.#result = {
      ...{ journalId, startedAtMs: this.#options.nowMs, endedAtMs: nowMs, first, last },
      disks: this.#options.source.disks.map(({ diskId, sizeBytes }, index) => ({
        ...{ diskId, sizeBytes, chunks: this.#disk(index).chunks },
        rootSha256: hashTreeRoot(this.#disk(index).leaves).toString('hex'),
        chunksChangedSince: watch.touchedCount(index),
        chunksSentWhole: this.#disk(index).sentWhole,
      })),
      differenceCounts: { ...this.#counts },
      differences: [...this.#differences],
    };
    this.end();
  }

  fail(reason: string): void {
    this.#reason ??= reason;
    this.end();
  }

  /** Nobody goes on with it. */
  end(): void {
    this.watch?.end();
  }

  #disk(diskIndex: number): DiskProof {
    const disk = this.#disks[diskIndex];
    assert(disk !== undefined, 'a chunk is of a disk of the source');
    return disk;
  }
}
