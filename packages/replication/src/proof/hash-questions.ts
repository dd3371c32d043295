/**
 * Hashes of the replica asked for one by one, beside those a comparison asks for: the answer is of the state
 * with every epoch whose COMMIT was sent before the question.
 */
import type { Hashes, HashesRequest } from '@landfall/wire';
import { HASH_BYTES } from '@landfall/wire';

/** Numbers of a comparison's requests are counted up from 1, and never get here. */
const FIRST_REQUEST_ID = 0x8000_0000;
const REQUEST_IDS = 0x7fff_ffff;

interface Waiting {
  readonly count: number;
  readonly resolve: (hashes: Buffer) => void;
  readonly reject: (error: unknown) => void;
}

export class HashQuestions {
  readonly #send: (request: HashesRequest) => void;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;
  #failure: { readonly error: unknown } | undefined;

  /** `send` does not wait; what goes wrong there is told by `fail`. */
  constructor(send: (request: HashesRequest) => void) {
    this.#send = send;
  }

  /** Sends the question before it returns. */
  ask(diskIndex: number, firstChunk: number, count: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure.error);
      const requestId = FIRST_REQUEST_ID + (this.#asked % REQUEST_IDS);
      this.#asked += 1;
      this.#waiting.set(requestId, { count, resolve, reject });
      this.#send({ type: 'HASHES_REQUEST', requestId, diskIndex, firstChunk, count, fresh: true });
    });
  }

  /** False: not an answer to one of these. */
  onHashes({ requestId, hashes }: Hashes): boolean {
    const waiting = this.#waiting.get(requestId);
    if (waiting === undefined || hashes.length !== waiting.count * HASH_BYTES) return false;
    this.#waiting.delete(requestId);
    waiting.resolve(hashes);
    return true;
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
