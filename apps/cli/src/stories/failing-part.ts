/**
 * What Node's spec reporter tells of failed tests at the end of a run. With two lanes their ends lie far
 * apart, and a log of which only the end is kept would lose the first: so it is told again at the very end.
 * A lane is several runs.
 */

const HEADING = '✖ failing tests:';
const FAILED = '✖ ';

export class FailingPart {
  readonly #limit: number;
  readonly #kept: string[] = [];
  readonly #names: string[] = [];
  #leftOut = 0;
  #isInside = false;

  /** `limit`: lines kept, from the heading on. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** A run of its own follows, in which nothing has failed so far. */
  nextRun(): void {
    this.#isInside = false;
  }

  take(line: string): void {
    if (line === HEADING) this.#isInside = true;
    if (!this.#isInside) return;
    if (line !== HEADING && line.startsWith(FAILED)) this.#names.push(line);
    if (this.#kept.length < this.#limit) this.#kept.push(line);
    else this.#leftOut += 1;
  }

  /** What is known of each, then the names of all, whatever was cut. Nothing when no test failed. */
  lines(): readonly string[] {
    const cut = this.#leftOut === 0 ? [] : [`… and ${this.#leftOut} more lines above`];
    return [...this.#kept, ...cut, ...this.#names];
  }
}
