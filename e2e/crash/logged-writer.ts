/** A workload's writer: a process of ours that logs every write it has finished, a line each. */
import { join } from 'node:path';
import { readIfExists, systemClock } from '../../packages/runtime/src/index.ts';
import { OwnProcess } from './own-process.ts';

const POLL_MS = 20;

export interface LoggedWriterOptions {
  /** `sqlite`, `stamped`: names its files and its messages. */
  readonly name: string;
  /** For its log; not on the disks under test. */
  readonly folder: string;
  readonly script: string;
  /** Its parameters, given the path of its log. */
  readonly parameters: (log: string) => readonly string[];
}

export class LoggedWriter {
  readonly #name: string;
  readonly #log: string;
  readonly #process: OwnProcess;

  constructor({ name, folder, script, parameters }: LoggedWriterOptions) {
    this.#name = name;
    this.#log = join(folder, `${name}-history`);
    const node = [process.execPath, '--disable-warning=ExperimentalWarning'] as const;
    const argv = [...node, script, ...parameters(this.#log)] as const;
    this.#process = new OwnProcess({ argv, logFile: join(folder, `${name}-writer.log`) });
  }

  /** Resolves when the first write is finished. */
  async start(): Promise<void> {
    this.#process.start();
    while ((await this.lines()).length === 0) {
      this.assertRunning();
      await systemClock.sleep(POLL_MS);
    }
  }

  async stop(): Promise<void> {
    await this.#process.end('SIGTERM');
  }

  /** It stands still and no write is under way any more: what is on the disks is a cut. */
  pause(): Promise<void> {
    return this.#process.pause();
  }

  resume(): void {
    this.#process.resume();
  }

  assertRunning(): void {
    if (this.#process.isRunning) return;
    throw new Error(`the ${this.#name} writer has ended by itself: see ${this.#name}-writer.log`);
  }

  /** Whole lines of its log. */
  async lines(): Promise<readonly string[]> {
    return ((await readIfExists(this.#log)) ?? '').split('\n').slice(0, -1);
  }
}
