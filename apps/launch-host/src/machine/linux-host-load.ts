/** How busy this computer is, as Linux counts it: tasks that run, want to, or wait for a disk. */
import { availableParallelism, loadavg } from 'node:os';

/** Over the last minute, or the last five where that is more: a boot takes about as long. */
export function loadPerProcessor(): number {
  const [lastMinute = 0, lastFive = 0] = loadavg();
  return Math.max(lastMinute, lastFive) / availableParallelism();
}
