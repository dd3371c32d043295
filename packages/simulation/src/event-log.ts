/**
 * What happened in a simulation, line by line on virtual time. The hash of all lines is the identity of a
 * run: the same seed gives the same hash, or something outside has had a say. Only the newest lines are kept,
 * to explain a violation.
 */
import { createHash, type Hash } from 'node:crypto';

const LINES_KEPT_MAX = 400;

export class EventLog {
  readonly #hash: Hash = createHash('sha256');
  readonly #nowMs: () => number;
  #lines: string[] = [];

  /** `nowMs` of the virtual clock, without moving it. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  note(text: string): void {
    const line = `${this.#nowMs()} ${text}`;
    this.#hash.update(line);
    this.#lines.push(line);
    if (this.#lines.length >= 2 * LINES_KEPT_MAX) this.#lines = this.#lines.slice(-LINES_KEPT_MAX);
  }

  get lines(): readonly string[] {
    return this.#lines.slice(-LINES_KEPT_MAX);
  }

  /** Ends the log. */
  digest(): string {
    return this.#hash.digest('hex').slice(0, 16);
  }
}
