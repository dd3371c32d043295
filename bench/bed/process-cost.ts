/** What a program under test costs, as the kernel counts it. Source: proc_pid_stat(5), proc_pid_status(5). */
import { readFile } from 'node:fs/promises';
import { systemClock } from '../../packages/runtime/src/index.ts';

/** Fields after the command's name, which is in brackets and may hold anything: the first is field 3. */
const UTIME_FIELD = 14 - 3;
const STIME_FIELD = 15 - 3;
/** USER_HZ, the same on every Linux of this architecture. */
const TICKS_PER_SECOND = 100;

/** The most memory the process ever had resident. */
export async function peakResidentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}

/** Percent of one core, of all threads of the process, over the time given. */
export async function cpuPercent(pid: number, durationMs: number): Promise<number> {
  const before = { cpuSeconds: await cpuSeconds(pid), ns: systemClock.monotonicNs() };
  await systemClock.sleep(durationMs);
  const used = (await cpuSeconds(pid)) - before.cpuSeconds;
  return (100 * used) / (Number(systemClock.monotonicNs() - before.ns) / 1e9);
}

/** Processor time of all threads since the process began. It hardly depends on who else is at work. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[UTIME_FIELD]) + Number(fields[STIME_FIELD])) / TICKS_PER_SECOND;
}
