/** More of the source's own requests wait behind ours than this would be worth. */
const LEAST = 8;
const BLOCKS_PER_READ = 16;

/**
 * How many of the reads for a cut to have under way. A few when there is little to read, because the writes
 * of the source wait behind them; more when more has changed, because otherwise it never catches up.
 */
export function readsAtOnce(blocksToRead: number, readsInFlightMax: number): number {
  return Math.min(readsInFlightMax, Math.max(LEAST, Math.ceil(blocksToRead / BLOCKS_PER_READ)));
}
