/**
 * Whether a process is the one it was: its number is given again to others, but not with the same start.
 * Source: proc_pid_stat(5), fields 3 (state), 20 (threads) and 22 (start, in clock ticks since boot).
 */
import { readFileSync } from 'node:fs';
import { systemErrorCode } from './operation-error.ts';

/** Of fields after the command's name, which is in brackets and may hold anything: the first is field 3. */
const STATE = 3 - 3;
const THREADS = 20 - 3;
const START = 22 - 3;

/**
 * `undefined` when no such process runs. One that was killed is not over while a thread of it is: its first
 * thread is a zombie then, and another may still be writing to a file. One that is over stays for a moment,
 * as a zombie without threads, until its parent has heard of it; it does nothing any more.
 */
export function processStart(pid: number): string | undefined {
  const stat = readStat(pid);
  return stat === undefined ? undefined : startIn(stat);
}

/** `stat`: the text of /proc/PID/stat. */
export function startIn(stat: string): string | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[STATE]?.toUpperCase();
  const isOver = state === 'X' || (state === 'Z' && Number(fields[THREADS]) <= 1);
  return isOver ? undefined : fields[START];
}

function readStat(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}
