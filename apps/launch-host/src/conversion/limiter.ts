/** At most so many at once; the others wait in order, and may give up while they wait. */
export interface Limiter {
  /** Rejects with the signal's reason when it is aborted before the action has begun. */
  run<Result>(signal: AbortSignal, action: () => Promise<Result>): Promise<Result>;
}

export function createLimiter(concurrencyMax: number): Limiter {
  const waiting = new Set<() => void>();
  let running = 0;
  const begin = () => {
    for (const admit of waiting) {
      if (running >= concurrencyMax) return;
      waiting.delete(admit);
      running += 1;
      admit();
    }
  };
  const turn = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const giveUp = () => {
        waiting.delete(admit);
        reject(signal.reason);
      };
      const admit = () => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      signal.addEventListener('abort', giveUp, { once: true });
      waiting.add(admit);
      begin();
    });
  return {
    run: async (signal, action) => {
      signal.throwIfAborted();
      await turn(signal);
      try {
        return await action();
      } finally {
        running -= 1;
        begin();
      }
    },
  };
}
