/** One CPU's part of a trace instance: its pages, and the kernel's counters of it. */
import { closeSync, openSync, readSync } from 'node:fs';
import { assert, systemErrorCode } from '@landfall/runtime';

export const STATS_BYTES_MAX = 1024;

/** False when there is nothing to read now. */
export function readPage(pipe: number, page: Buffer): boolean {
  try {
    return readSync(pipe, page, 0, page.length, null) === page.length;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'EAGAIN' || code === 'ENODEV') return false;
    throw error;
  }
}

export interface CpuStats {
  /** In the buffer now. */
  readonly entries: number;
  /** Taken out by readers. */
  readonly readEvents: number;
  /** Events committed since the instance was made: entries + overrun + read events. */
  readonly committed: number;
  readonly lost: number;
  readonly dropped: number;
}

export function readStats(file: number, buffer: Buffer): CpuStats {
  const text = buffer.toString('latin1', 0, readSync(file, buffer, 0, buffer.length, 0));
  const [entries, overrun] = [countOf(text, 'entries'), countOf(text, 'overrun')];
  const readEvents = countOf(text, 'read events');
  return {
    entries,
    readEvents,
    committed: entries + overrun + readEvents,
    lost: overrun + countOf(text, 'commit overrun'),
    dropped: countOf(text, 'dropped events'),
  };
}

/** The number on the line `NAME: NUMBER`. */
function countOf(text: string, name: string): number {
  const label = `${name}: `;
  const at = text.startsWith(label) ? 0 : text.indexOf(`\n${label}`) + 1;
  assert(at > 0 || text.startsWith(label), `the counters have a line for ${name}`);
  return Number.parseInt(text.slice(at + label.length), 10);
}

export interface OpenCpuStats {
  read(): CpuStats;
  close(): void;
}

/** Of one `per_cpu/cpuN` folder. */
export function openCpuStats(folder: string): OpenCpuStats {
  const file = openSync(`${folder}/stats`, 'r');
  const text = Buffer.alloc(STATS_BYTES_MAX);
  return { read: () => readStats(file, text), close: () => closeSync(file) };
}
