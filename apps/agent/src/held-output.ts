/**
 * Lines for the log, kept back while the file systems of this server are frozen: whoever writes to one waits
 * until it is thawed, and the agent is to thaw it. A line too many is dropped, and counted.
 */
const LINES_MAX = 1000;

export class HeldOutput {
  readonly #write: (line: string) => void;
  #isHeld = false;
  #lines: string[] = [];
  #droppedCount = 0;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  write(line: string): void {
    if (!this.#isHeld) this.#write(line);
    else if (this.#lines.length < LINES_MAX) this.#lines.push(line);
    else this.#droppedCount += 1;
  }

  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    for (const line of this.#lines.splice(0)) this.#write(line);
    if (this.#droppedCount > 0)
      this.#write(`${JSON.stringify({ event: 'lines-dropped', count: this.#droppedCount })}\n`);
    this.#droppedCount = 0;
  }
}
