/** A clock whose wall time a test moves, and whose sleeps are short: months pass in a moment. */
import { type Clock, systemClock } from '@landfall/runtime';

export interface ShiftedClock extends Clock {
  /** Added to the system's wall clock. */
  shiftMs: number;
}

const SLEEP_MS_MAX = 10;

export function shiftedClock(): ShiftedClock {
  const clock: ShiftedClock = {
    shiftMs: 0,
    nowMs: () => systemClock.nowMs() + clock.shiftMs,
    monotonicNs: () => systemClock.monotonicNs(),
    sleep: (durationMs, signal) => systemClock.sleep(Math.min(durationMs, SLEEP_MS_MAX), signal),
  };
  return clock;
}
