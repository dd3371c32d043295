/**
 * Whether a thread is one of this process: a read seen in the trace is ours only when one of our threads
 * issued it. New threads are learnt when an unknown one is asked for, at most once a second. In a PID
 * namespace the trace's numbers are others; then no read is ever taken for ours, and their windows are those
 * of user space.
 */
import { readdirSync } from 'node:fs';

const REFRESH_INTERVAL_NS = 1e9;

export class OwnThreads {
  #ids: ReadonlySet<number> = new Set();
  #refreshedNs = -Infinity;

  has(threadId: number, nowNs: number): boolean {
    if (this.#ids.has(threadId)) return true;
    if (nowNs - this.#refreshedNs < REFRESH_INTERVAL_NS) return false;
    this.#refreshedNs = nowNs;
    this.#ids = new Set(readdirSync('/proc/self/task').map(Number));
    return this.#ids.has(threadId);
  }
}
