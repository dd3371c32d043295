/** Whoever looks, again and again, what there is to do, and lets it go on in the background. */
import type { Clock } from '@landfall/runtime';
import type { Service } from './service.ts';

const LOOK_INTERVAL_MS = 2000;

export interface Keeper {
  /** What goes wrong in a look is logged; the next one is made all the same. */
  look(): Promise<void>;
  /** Resolves when everything that was begun has ended. */
  ended(): Promise<void>;
}

/** Until the signal; resolves when the keeper has ended. `failure`: the event a failed look is logged as. */
export async function keepLooking(
  { clock, log }: Pick<Service, 'clock' | 'log'>,
  keeper: Keeper,
  { failure, signal }: { readonly failure: string; readonly signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    try {
      await keeper.look();
    } catch (error) {
      if (!signal.aborted) log.error(failure, { error });
    }
    await pause(clock, LOOK_INTERVAL_MS, signal);
  }
  await keeper.ended();
}

/** Resolves when the time is over or the signal has come. */
export async function pause(clock: Clock, durationMs: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(durationMs, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
