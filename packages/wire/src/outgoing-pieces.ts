/**
 * What a link has been given to send and its stream has not taken, written one piece at a time: large ones
 * as they are, small ones together. A stream that is given many pieces at once hands them to TLS together,
 * which first copies them all into one buffer: a quarter of the processor time of a sender of large extents.
 */
import type { Writable } from 'node:stream';

/** Up to this, pieces are worth copying together. */
const GATHERED_BYTES_MAX = 64 * 1024;

interface Piece {
  readonly bytes: Buffer;
  /** Called when the stream has taken the bytes for good. */
  readonly sent: (() => void) | undefined;
}

export class OutgoingPieces {
  readonly #stream: Writable;
  readonly #onTaken: () => void;
  readonly #waiting: Piece[] = [];
  #bytes = 0;
  #isWriting = false;

  /** `onTaken`: called whenever the stream has taken something, or failed to. */
  constructor(stream: Writable, onTaken: () => void) {
    this.#stream = stream;
    this.#onTaken = onTaken;
  }

  /** Not taken by the stream yet. */
  get bytes(): number {
    return this.#bytes;
  }

  push(bytes: Buffer, sent?: () => void): void {
    this.#bytes += bytes.length;
    this.#waiting.push({ bytes, sent });
    if (!this.#isWriting) this.#writeNext();
  }

  /** Hands everything to the stream at once, which is to be ended. */
  end(): void {
    while (this.#waiting.length > 0) this.#writeNext();
    this.#stream.end();
  }

  #writeNext(): void {
    const pieces = this.#takeNext();
    const [first] = pieces;
    if (first === undefined) return;
    const bytes = pieces.length === 1 ? first.bytes : Buffer.concat(pieces.map((piece) => piece.bytes));
    this.#isWriting = true;
    this.#stream.write(bytes, (error) => {
      this.#isWriting = false;
      this.#bytes -= bytes.length;
      if (!error) for (const { sent } of pieces) sent?.();
      this.#onTaken();
      if (!error) this.#writeNext();
    });
  }

  /** The first piece, and what follows it while all of it together is small. */
  #takeNext(): Piece[] {
    let count = 0;
    for (let total = 0; count < this.#waiting.length; count += 1) {
      total += this.#waiting[count]?.bytes.length ?? 0;
      if (count > 0 && total > GATHERED_BYTES_MAX) break;
    }
    return this.#waiting.splice(0, count);
  }
}
