/**
 * Two links joined in memory, for tests and simulation: the real frames in real bytes, cut into random
 * pieces, on whatever clock is given, with the faults of a network. Same bytes, same order as TCP: until a
 * cut, nothing is lost.
 */
import { Duplex } from 'node:stream';
import { type Clock, type Random, seededRandom, systemClock } from '@landfall/runtime';
import { createFramedLink } from './framed-link.ts';
import type { Link } from './link.ts';

export interface MemoryLinkOptions {
  readonly clock?: Clock;
  readonly random?: Random;
  /** Each piece takes a random time up to this. Default 0: at once. */
  readonly latencyMsMax?: number;
  /** Largest piece. Default 64 KiB. */
  readonly pieceBytesMax?: number;
}

export interface MemoryLinkPair {
  readonly left: Link;
  readonly right: Link;
  /** Breaks the connection at once. */
  cut(): void;
  /**
   * Breaks it when this many more bytes have passed, both ways together; most often in the middle of a
   * frame.
   */
  cutAfterBytes(bytes: number): void;
  /** From now on nothing arrives and nobody is told. */
  blackHole(): void;
}

export function createMemoryLinkPair(options: MemoryLinkOptions = {}): MemoryLinkPair {
  const clock = options.clock ?? systemClock;
  const wire = new Wire({
    clock,
    random: options.random ?? seededRandom(1),
    latencyMsMax: options.latencyMsMax ?? 0,
    pieceBytesMax: options.pieceBytesMax ?? 64 * 1024,
  });
  return {
    left: createFramedLink(wire.left, clock),
    right: createFramedLink(wire.right, clock),
    cut: () => wire.cut(),
    cutAfterBytes: (bytes) => wire.cutAfterBytes(bytes),
    blackHole: () => wire.blackHole(),
  };
}

class Wire {
  readonly left: End;
  readonly right: End;
  readonly #options: Required<MemoryLinkOptions>;
  #bytesLeft = Number.POSITIVE_INFINITY;
  #silent = false;

  constructor(options: Required<MemoryLinkOptions>) {
    this.#options = options;
    this.left = new End((bytes) => this.#carry(bytes, this.right));
    this.right = new End((bytes) => this.#carry(bytes, this.left));
    this.left.on('close', () => this.#hangUp(this.right));
    this.right.on('close', () => this.#hangUp(this.left));
  }

  cut(): void {
    this.left.destroy();
    this.right.destroy();
  }

  cutAfterBytes(bytes: number): void {
    this.#bytesLeft = bytes;
  }

  blackHole(): void {
    this.#silent = true;
  }

  /** One end is gone: the other is lost as on a reset, whatever it had not read yet. */
  #hangUp(other: End): void {
    if (!this.#silent) other.destroy();
  }

  /** `undefined` is the end of what that side has to say. */
  async #carry(bytes: Buffer | undefined, target: End): Promise<void> {
    if (this.#silent) return;
    if (bytes === undefined) return target.deliver(undefined);
    const { clock, random, latencyMsMax, pieceBytesMax } = this.#options;
    for (let at = 0; at < bytes.length && !target.destroyed; ) {
      const pieceBytes = Math.min(bytes.length - at, 1 + random.integer(pieceBytesMax));
      if (latencyMsMax > 0) await clock.sleep(random.integer(latencyMsMax + 1));
      const passed = Math.min(pieceBytes, this.#bytesLeft);
      this.#bytesLeft -= passed;
      await target.deliver(Buffer.from(bytes.subarray(at, at + passed)));
      if (this.#bytesLeft === 0) return this.cut();
      at += pieceBytes;
    }
  }
}

class End extends Duplex {
  readonly #carry: (bytes: Buffer | undefined) => Promise<void>;
  #wanted: (() => void) | undefined;

  constructor(carry: (bytes: Buffer | undefined) => Promise<void>) {
    super({ allowHalfOpen: false });
    this.#carry = carry;
  }

  /** Hands bytes to whoever reads this end; resolves when it has room for more. */
  async deliver(bytes: Buffer | undefined): Promise<void> {
    if (this.destroyed || this.readableEnded) return;
    if (bytes === undefined) {
      this.push(null);
      return;
    }
    if (!this.push(bytes)) {
      await new Promise<void>((resolve) => {
        this.#wanted = resolve;
      });
    }
  }

  override _read(): void {
    this.#wanted?.();
    this.#wanted = undefined;
  }

  override _write(bytes: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#carry(bytes).then(() => done(), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#carry(undefined).then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#wanted?.();
    this.#wanted = undefined;
    done(error);
  }
}
