/**
 * Bounds what one connection has under way, in requests and in bytes. Whoever wants more waits; one that is
 * larger than everything is let in alone. Waiters are served in their order.
 */
import { assert } from '@landfall/runtime';

export interface BudgetLimits {
  readonly requestsMax: number;
  readonly bytesMax: number;
}

interface Waiter {
  readonly bytes: number;
  readonly admit: () => void;
}

export class InFlightBudget {
  readonly #limits: BudgetLimits;
  readonly #waiting: Waiter[] = [];
  #requests = 0;
  #bytes = 0;

  constructor(limits: BudgetLimits) {
    this.#limits = limits;
  }

  get requests(): number {
    return this.#requests;
  }

  /** Resolves when there is room; the caller gives back the same number of bytes with `release`. */
  acquire(bytes: number): Promise<void> | undefined {
    if (this.#waiting.length === 0 && this.#hasRoom(bytes)) {
      this.#take(bytes);
      return undefined;
    }
    return new Promise((resolve) => {
      this.#waiting.push({ bytes, admit: resolve });
    });
  }

  release(bytes: number): void {
    this.#requests -= 1;
    this.#bytes -= bytes;
    assert(this.#requests >= 0 && this.#bytes >= 0, 'nothing is given back twice');
    for (
      let next = this.#waiting[0];
      next !== undefined && this.#hasRoom(next.bytes);
      next = this.#waiting[0]
    ) {
      this.#waiting.shift();
      this.#take(next.bytes);
      next.admit();
    }
  }

  #hasRoom(bytes: number): boolean {
    if (this.#requests === 0) return true;
    return this.#requests < this.#limits.requestsMax && this.#bytes + bytes <= this.#limits.bytesMax;
  }

  #take(bytes: number): void {
    this.#requests += 1;
    this.#bytes += bytes;
  }
}
