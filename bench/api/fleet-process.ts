/** The fleet as a process beside the control plane; it ends when its standard input does. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { OperationError } from '../../packages/runtime/src/index.ts';
import type { Bench } from '../bed/benchmark.ts';
import type { FleetEnrolled, FleetMeasured, FleetPlan } from './fleet.ts';

const FLEET = join(import.meta.dirname, 'fleet.ts');

export class FleetProcess {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;

  constructor({ folder }: Bench, plan: FleetPlan) {
    // The folder on the command line is what a bench that was killed is cleared by.
    const argv = ['--disable-warning=ExperimentalWarning', FLEET, JSON.stringify(plan), `${folder}/`];
    const child = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    this.#reader = createInterface({ input: child.stdout });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  /** Resolves when all programs are enrolled and have reported. */
  enrolled(): Promise<FleetEnrolled> {
    return this.#next();
  }

  measure(seconds: number): Promise<FleetMeasured> {
    this.#child.stdin?.write(`${seconds}\n`);
    return this.#next();
  }

  async stop(): Promise<void> {
    const closed = once(this.#child, 'close');
    this.#child.stdin?.end();
    await closed;
    this.#reader.close();
  }

  async #next<Line>(): Promise<Line> {
    const line = await this.#lines.next();
    if (line.done !== true) return JSON.parse(line.value) as Line;
    throw new OperationError('BENCHMARK_FAILED', 'the simulated programs ended before they were done');
  }
}
