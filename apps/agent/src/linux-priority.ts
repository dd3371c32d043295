/**
 * The server's own work comes first. The kernel weighs a process against others of its session, and the
 * session as a whole against others (autogroup); where units have weights, those count instead. So this is
 * said to the process, to the session if the agent leads it, and in the unit.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { type Logger, systemErrorCode } from '@landfall/runtime';

/**
 * A third of the weight of what competes with it: with a tenth it did not follow 10,000 writes a second. With
 * processor time to spare it makes no difference.
 */
export const NICE = 5;
/** The same as the weight of a unit, where others have 100. */
export const CPU_WEIGHT = 33;
const AUTOGROUP = '/proc/self/autogroup';

/** To be called before there are threads: they inherit it. */
export function yieldToWorkload(logger: Logger): void {
  try {
    setPriority(NICE);
    if (leadsSession()) writeFileSync(AUTOGROUP, String(NICE));
  } catch (error) {
    // A kernel that does not weigh sessions has no such file.
    if (systemErrorCode(error) !== 'ENOENT') logger.warn('priority-unchanged', { error });
  }
}

/** A service does; a program started in somebody's terminal must not slow down everything else there. */
function leadsSession(): boolean {
  const [, , , sessionId] = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return Number(sessionId) === process.pid;
}
