/**
 * What the demo says while it runs: a line at a time, with the seconds since it began; and which step it is
 * in.
 */
import { systemClock } from '@landfall/runtime';
import type { Output } from '../terminal/output.ts';

export class Narration {
  readonly output: Output;
  readonly #startedMs = systemClock.nowMs();
  #step = 'begin';

  constructor(output: Output) {
    this.output = output;
  }

  /** The step that is under way: named when it fails. */
  get step(): string {
    return this.#step;
  }

  enter(step: string): void {
    this.#step = step;
    this.say(`── ${step}`);
  }

  say(line: string): void {
    const seconds = ((systemClock.nowMs() - this.#startedMs) / 1000).toFixed(0).padStart(4);
    this.output.err(`${seconds} s  ${line}\n`);
  }

  /** Output of something else, indented under the last line. */
  quote(text: string): void {
    this.output.err(text.replace(/^(?=.)/gm, '        │ '));
  }
}
