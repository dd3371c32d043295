/**
 * Progress of something long: a bar that redraws itself on a terminal; elsewhere (CI, a log file) one line
 * when the text changes, at most one every few seconds.
 */
import { formatDurationMs } from '@landfall/runtime';
import type { Output } from './output.ts';
import { printable, shorten } from './text.ts';

export interface ProgressState {
  /** What is going on, e.g. `INITIAL_SYNC`. */
  readonly label: string;
  /** 0 … 1, or absent when it cannot be known. */
  readonly fraction?: number;
  readonly etaMs?: number;
  readonly detail?: string;
}

const BAR_WIDTH = 24;
const PLAIN_INTERVAL_MS = 5000;

export class Progress {
  readonly #output: Output;
  readonly #nowMs: () => number;
  #lastLine = '';
  #lastLabel = '';
  #lastShownMs = Number.NEGATIVE_INFINITY;

  constructor(output: Output, nowMs: () => number) {
    this.#output = output;
    this.#nowMs = nowMs;
  }

  show(state: ProgressState): void {
    const line = printable(formatProgress(state));
    if (line === this.#lastLine) return;
    if (this.#output.interactive) this.#output.err(`\r\u001b[2K${this.#fitted(line)}`);
    else if (state.label !== this.#lastLabel || this.#nowMs() - this.#lastShownMs >= PLAIN_INTERVAL_MS) {
      this.#output.err(`${line}\n`);
      this.#lastShownMs = this.#nowMs();
    }
    this.#lastLine = line;
    this.#lastLabel = state.label;
  }

  /** A line that wraps would not be erased by the next. */
  #fitted(line: string): string {
    const { errColumns } = this.#output;
    return errColumns === undefined ? line : shorten(line, errColumns - 1);
  }

  /** Ends the line; what is shown next begins on a fresh one. */
  end(): void {
    if (this.#output.interactive && this.#lastLine !== '') this.#output.err('\n');
    this.#lastLine = '';
  }
}

export function formatProgress(state: ProgressState): string {
  const bar = state.fraction === undefined ? '' : ` ${formatBar(state.fraction)}`;
  const eta = state.etaMs === undefined ? '' : `  ETA ${formatDurationMs(state.etaMs)}`;
  return `${state.label}${bar}${state.detail === undefined ? '' : `  ${state.detail}`}${eta}`;
}

function formatBar(fraction: number): string {
  const clamped = Math.min(1, Math.max(0, fraction));
  const full = Math.round(clamped * BAR_WIDTH);
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_WIDTH - full)}] ${(clamped * 100).toFixed(0).padStart(3)} %`;
}
