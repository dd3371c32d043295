/** Runs operations one at a time in the order they were asked for; one that fails does not stop the next. */
import { OperationError } from '@landfall/runtime';

/** More than this many waiting means that a caller does not await its calls. */
const WAITING_MAX = 1024;

export class OperationQueue {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  async run<Result>(operation: () => Promise<Result>): Promise<Result> {
    if (this.#waiting >= WAITING_MAX) {
      throw new OperationError(
        'JOURNAL_OVERLOADED',
        `${WAITING_MAX} journal operations are waiting already`,
        {
          hint: 'the staging storage is slower than the senders; try again later',
          retryable: true,
        },
      );
    }
    this.#waiting += 1;
    const before = this.#last;
    const result = this.#after(before, operation);
    this.#last = result.then(
      () => undefined,
      () => undefined, // Whoever asked gets the error; the queue only needs to know that it is over.
    );
    return result;
  }

  async #after<Result>(before: Promise<unknown>, operation: () => Promise<Result>): Promise<Result> {
    await before;
    try {
      return await operation();
    } finally {
      this.#waiting -= 1;
    }
  }
}
