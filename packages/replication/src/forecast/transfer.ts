/**
 * One future of a transfer. Bulk goes from low offsets to high and takes again what changed behind it, so the
 * frontier moves by what is left of the capacity when the changes behind it have been sent:
 *
 *     d frontier / dt = capacity − churn × (share of the churn that lies behind the frontier)
 *
 * Changes ahead of the frontier cost nothing: they are sent once, when it comes there.
 */
import { PLACES } from './measurements.ts';
import type { Futures } from './resample.ts';

/** Seconds drawn one by one; a longer transfer goes on at the mean rates of its future. */
const SECONDS_DRAWN_MAX = 600;

export interface Transfer {
  /** The slowest stage decides. */
  readonly stages: readonly Futures[];
  readonly churn: Futures;
  /** Bytes to go in each place. */
  readonly toGo: readonly number[];
  readonly churnPlaces: readonly number[];
}

/** Seconds until everything to go is sent; Infinity when that never happens, or does not last. */
export function transferSeconds(transfer: Transfer): number {
  const meanCapacity = Math.min(...transfer.stages.map(({ mean }) => mean));
  if (meanCapacity <= transfer.churn.mean) return Number.POSITIVE_INFINITY;
  let seconds = 0;
  let behind = 0;
  let restOfSecond = 0;
  let capacity = 0;
  let churn = 0;
  for (let place = 0; place < PLACES; place += 1) {
    const own = transfer.churnPlaces[place] ?? 0;
    const share = behind + own / 2;
    behind += own;
    for (let left = transfer.toGo[place] ?? 0; left > 0; ) {
      if (restOfSecond === 0 && seconds >= SECONDS_DRAWN_MAX) {
        const speed = meanCapacity - transfer.churn.mean * share;
        seconds += left / speed;
        break;
      }
      if (restOfSecond === 0) {
        capacity = Math.min(...transfer.stages.map((stage) => stage.next()));
        churn = transfer.churn.next();
        restOfSecond = 1;
      }
      const speed = capacity - churn * share;
      const spent = speed > 0 ? Math.min(restOfSecond, left / speed) : restOfSecond;
      left = speed > 0 && spent < restOfSecond ? 0 : left - Math.max(0, speed) * spent;
      restOfSecond -= spent;
      seconds += spent;
    }
  }
  return seconds;
}

/** How the bytes to go lie on the places. */
export function spreadToGo(options: {
  readonly bytes: number;
  readonly totalBytes: number;
  readonly lies: 'FROM_END' | 'WHERE_CHANGED';
  readonly churnPlaces: readonly number[];
}): readonly number[] {
  const { bytes, totalBytes, lies, churnPlaces } = options;
  if (lies === 'WHERE_CHANGED') return churnPlaces.map((share) => bytes * share);
  const placeBytes = Math.max(totalBytes, bytes) / PLACES;
  return Array.from({ length: PLACES }, (_, place) => {
    const after = (PLACES - 1 - place) * placeBytes;
    return Math.min(placeBytes, Math.max(0, bytes - after));
  });
}
