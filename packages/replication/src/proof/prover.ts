/**
 * Works on a proof of equality while a connection lasts, beside replication, which it does not hold up.
 *
 * A group of chunks is watched from an instant S; then a cut T > S is waited for, whose state E the replica
 * has or is sent; the replica is asked for its hashes after the COMMIT of E; then the chunks are read and
 * hashed, and the trace is drained past the read. A chunk that was quiet (capture, W1) held the same bytes
 * from S until after the read, so it held at T what was read; and the replica at E, which all changes before
 * T went into, must hold the same. If it does not, no write explains it.
 *
 * The answer may be of a later state, when another cut came between: that cut lies before the end of the
 * read, too, so the same holds for it. A chunk that is never quiet is marked dirty and comes whole with a
 * cut; it is hashed as it was at that cut, and the replica is asked behind its COMMIT.
 */
import type { ChunkWatch, Cut } from '@landfall/capture';
import type { DifferenceKind, RecoveryPoint } from '@landfall/model';
import { assert, type Clock, type Logger, OperationError } from '@landfall/runtime';
import { HASH_BYTES, type Hashes, type HashesRequest } from '@landfall/wire';
import { RESCAN_CHUNK_BYTES } from '../epoch-store.ts';
import type { SenderState } from '../sender/sender-state.ts';
import { TokenBucket } from '../sender/token-bucket.ts';
import { coveredChunkHash } from './covered-chunk.ts';
import type { ChunkGroup, EqualityProof } from './equality-proof.ts';
import { HashQuestions } from './hash-questions.ts';

/** Besides the impact budget, which all bulk reads keep to. */
export const PROOF_BYTES_PER_SECOND = 64 * 1024 * 1024;
const RETRY_MS = 1000;
const NOTHING = Buffer.alloc(HASH_BYTES);

export interface ProverOptions {
  readonly state: SenderState;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly send: (request: HashesRequest) => void;
}

/** A chunk that is to come whole with a cut. */
interface WantedAtCut {
  readonly diskIndex: number;
  readonly chunk: number;
  readonly resolve: (caught: Caught | undefined) => void;
}

interface Caught {
  readonly hash: Buffer;
  readonly epoch: number;
  readonly answer: Promise<Buffer>;
}

export class Prover {
  readonly #options: ProverOptions;
  readonly #questions: HashQuestions;
  readonly #bucket: TokenBucket;
  #wanted: WantedAtCut | undefined;

  constructor(options: ProverOptions) {
    this.#options = options;
    this.#questions = new HashQuestions(options.send);
    this.#bucket = new TokenBucket(options.clock, PROOF_BYTES_PER_SECOND);
  }

  /** False: not an answer to a question of a proof. */
  onHashes(message: Hashes): boolean {
    return this.#questions.onHashes(message);
  }

  fail(error: unknown): void {
    this.#questions.fail(error);
  }

  /** Until the signal; rejects with its reason, or for a programmer error. */
  async run(): Promise<never> {
    const { state, signal, clock, logger } = this.#options;
    for (;;) {
      signal.throwIfAborted();
      const { proof } = state;
      if (proof === undefined || proof.isOver) await state.changed.wait(signal);
      else if (!state.isProvable) await state.changed.waitFor(RETRY_MS, clock, signal);
      else {
        try {
          await this.#step(proof);
        } catch (error) {
          if (signal.aborted || !(error instanceof OperationError)) throw error;
          logger.warn('proof-interrupted', { proofId: proof.proofId, error });
          await clock.sleep(RETRY_MS, signal);
        }
      }
    }
  }

  /** What a cut has of the chunk that is waited for; before its extents are sent and let go. */
  catchAtCut(cut: Cut): Buffer | undefined {
    const wanted = this.#wanted;
    if (wanted === undefined) return undefined;
    const { sizeBytes = 0 } = this.#options.state.source.disks[wanted.diskIndex] ?? {};
    return coveredChunkHash(cut.extents, { ...wanted, sizeBytes });
  }

  /** `hash`: what `catchAtCut` gave; `epoch`: whose COMMIT was just sent, absent when there was none. */
  afterCut(hash: Buffer | undefined, epoch: number | undefined): void {
    const wanted = this.#wanted;
    if (wanted === undefined) return;
    this.#wanted = undefined;
    if (hash === undefined || epoch === undefined) {
      wanted.resolve(undefined);
      return;
    }
    const answer = this.#questions.ask(wanted.diskIndex, wanted.chunk, 1);
    Promise.allSettled([answer]); // Watched, should nobody be left to take it.
    wanted.resolve({ hash, epoch, answer });
  }

  async #step(proof: EqualityProof): Promise<void> {
    const { state, logger } = this.#options;
    const { watch } = proof;
    assert(watch !== undefined, 'a proof that runs watches');
    proof.first ??= await this.#recoveryPoint();
    const group = proof.nextGroup();
    if (group?.atCut === true) return this.#proveAtCut(proof, group);
    if (group !== undefined) return this.#prove(proof, watch, group);
    const last = await this.#recoveryPoint();
    proof.complete(state.ledger.position?.journalId ?? '', last, state.clock.nowMs());
    logger.info('proof-complete', { ...proof.facts });
  }

  async #prove(proof: EqualityProof, watch: ChunkWatch, group: ChunkGroup): Promise<void> {
    const { state, signal, clock } = this.#options;
    const { diskIndex, firstChunk, count } = group;
    const sinceNs = watch.begin(diskIndex, firstChunk, count);
    await this.#cutAfter(sinceNs);
    const epoch = state.newestSentEpoch;
    const [replica, hashes] = await Promise.all([
      this.#questions.ask(diskIndex, firstChunk, count),
      this.#readHashes(watch, group),
    ]);
    await watch.settle(signal);
    if (state.proof !== proof) return;
    let touched = 0;
    let waiting = 0;
    for (const [index, hash] of hashes.entries()) {
      const chunk = firstChunk + index;
      const theirs = replica.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
      if (watch.isWaiting(diskIndex, chunk)) {
        proof.wasWaiting(diskIndex, chunk);
        waiting += 1;
      } else if (!watch.wasQuiet(diskIndex, chunk)) {
        proof.wasTouched(diskIndex, chunk);
        touched += 1;
      } else if (hash.equals(theirs)) proof.foundEqual(diskIndex, chunk, hash);
      else this.#differs(proof, { diskIndex, chunk, epoch, theirs });
    }
    proof.groupDone(touched);
    state.changed.notify();
    if (waiting > 0) await clock.sleep(RETRY_MS, signal);
  }

  /** As of the next cut that has all of it. */
  async #proveAtCut(proof: EqualityProof, { diskIndex, firstChunk: chunk }: ChunkGroup): Promise<void> {
    const { state, signal } = this.#options;
    const { promise, resolve } = Promise.withResolvers<Caught | undefined>();
    this.#wanted = { diskIndex, chunk, resolve };
    proof.watch?.begin(diskIndex, chunk, 1);
    state.source.markDirty(diskIndex, this.#extentOf(diskIndex, chunk));
    const caught = await abortable(promise, signal);
    if (caught === undefined) {
      proof.wasTouched(diskIndex, chunk);
      return;
    }
    const { hash, epoch, answer } = caught;
    const theirs = await answer;
    if (state.proof !== proof) return;
    if (hash.equals(theirs)) proof.foundEqual(diskIndex, chunk, hash, true);
    else this.#differs(proof, { diskIndex, chunk, epoch, theirs });
  }

  #differs(
    proof: EqualityProof,
    found: {
      readonly diskIndex: number;
      readonly chunk: number;
      readonly epoch: number;
      readonly theirs: Buffer;
    },
  ): void {
    const { state, logger } = this.#options;
    const { diskIndex, chunk, epoch, theirs } = found;
    const isFree = proof.watch?.mayLackFree(diskIndex, chunk) === true;
    const kind: DifferenceKind = theirs.equals(NOTHING) ? 'DAMAGED' : isFree ? 'LEFT_OUT' : 'DIFFERENT';
    const difference = proof.foundDifferent(kind, { diskIndex, chunk, epoch });
    if (kind === 'DIFFERENT') logger.error('replica-differs', { proofId: proof.proofId, ...difference });
    state.source.markDirty(diskIndex, this.#extentOf(diskIndex, chunk));
  }

  async #readHashes(watch: ChunkWatch, { diskIndex, firstChunk, count }: ChunkGroup): Promise<Buffer[]> {
    const hashes: Buffer[] = [];
    for (let chunk = firstChunk; chunk < firstChunk + count; chunk += 1) {
      await this.#bucket.take(RESCAN_CHUNK_BYTES, this.#options.signal);
      const content = await watch.read(diskIndex, chunk);
      hashes.push(await this.#options.state.sha256(content));
    }
    return hashes;
  }

  /** Until all changes before an instant after `sinceNs` are with the replica, or on their way. */
  async #cutAfter(sinceNs: bigint): Promise<void> {
    const { state, signal } = this.#options;
    while (!state.isProvable || (state.equalCutNs ?? 0n) <= sinceNs) await state.cuts.wait(signal);
  }

  #recoveryPoint(): Promise<RecoveryPoint> {
    const { state, clock, signal } = this.#options;
    const point = state.waiters.wait(clock.monotonicNs());
    state.changed.notify();
    return abortable(point, signal);
  }

  #extentOf(diskIndex: number, chunk: number) {
    const offsetBytes = chunk * RESCAN_CHUNK_BYTES;
    const { sizeBytes = 0 } = this.#options.state.source.disks[diskIndex] ?? {};
    return { offsetBytes, lengthBytes: Math.min(RESCAN_CHUNK_BYTES, sizeBytes - offsetBytes) };
  }
}

function abortable<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const done = () => signal.removeEventListener('abort', onAbort);
    promise.then(resolve, reject).finally(done);
  });
}
