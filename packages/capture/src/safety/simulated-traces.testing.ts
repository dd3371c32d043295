/** Tests only: what the safety net has of the simulated world; every step of it passes through `pass`. */
import type { Clock } from '@landfall/runtime';
import { DirtyMap } from '../tracker/dirty-map.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { CheckpointStore } from './file-checkpoint.ts';
import type { DrainedTrace, SafetyTrace, SafetyTraceName, TraceIdentity } from './safety-trace.ts';
import { BLOCKS, type KernelTrace, type SimulatedKernel } from './simulated-safety.testing.ts';

export class SimulatedTrace implements SafetyTrace {
  readonly name: SafetyTraceName;
  readonly #kernel: SimulatedKernel;
  readonly #trace: KernelTrace;
  readonly #pass: () => Promise<void>;
  readonly #onDrain: () => void;
  #mark = '';

  constructor(options: {
    readonly name: SafetyTraceName;
    readonly kernel: SimulatedKernel;
    readonly pass: () => Promise<void>;
    readonly onDrain: () => void;
  }) {
    this.name = options.name;
    this.#kernel = options.kernel;
    this.#trace = options.kernel[options.name];
    this.#pass = options.pass;
    this.#onDrain = options.onDrain;
  }

  async begin(mark: string): Promise<void> {
    await this.#pass();
    this.#trace.isOn = false;
    await this.#pass();
    this.#kernel.finishRecording();
    this.#trace.empty();
    await this.#pass();
    this.#trace.isOn = true;
    await this.#pass();
    this.#trace.record(mark);
    this.#mark = mark;
    await this.#pass();
  }

  identity(): TraceIdentity {
    const { name } = this;
    const committed = [this.#trace.committed];
    return {
      ...{ name, mark: this.#mark, inode: 1, settings: {}, committed, madeAtNs: '0' },
      sectorsWritten: [this.#kernel.completedCount + this.#kernel.uncountedBy(this.#trace)],
    };
  }

  usage() {
    return { share: this.#trace.events.length / 40, lostEvents: 0 };
  }

  async alteration(): Promise<string | undefined> {
    await this.#pass();
    return this.#trace.isOn ? undefined : 'it is off';
  }

  async drain(identity: TraceIdentity): Promise<DrainedTrace> {
    await this.#pass();
    const trace = this.#trace;
    if (!trace.isOn) return { kind: 'DOUBT', reason: 'it is off' };
    const counted = this.#kernel.completedCount;
    const count = trace.committed;
    if (trace.readCount > 0) return { kind: 'DOUBT', reason: 'it was read' };
    if (count < (identity.committed[0] ?? 0)) return { kind: 'DOUBT', reason: 'it was cleared' };
    const dirty = new DirtyMap(BLOCKS);
    let [marked, completed] = [false, 0];
    const before = identity.committed[0] ?? 0;
    for (let index = 0; index < count; index += 1) {
      this.#onDrain();
      const event = trace.read();
      if (event === identity.mark) marked = true;
      if (typeof event === 'object') {
        dirty.set(event.block);
        completed += event.kind === 'complete' && index >= before ? 1 : 0;
      }
      if (index % 4 === 0) await this.#pass();
    }
    if (!marked) return { kind: 'DOUBT', reason: 'its mark is gone' };
    const missing = counted - (identity.sectorsWritten[0] ?? 0) > completed;
    if (missing) return { kind: 'DOUBT', reason: 'writes are missing' };
    const disk = { dirty: dirty.copy(), discarded: new DirtyMap(BLOCKS).copy(), extents: [] };
    return { kind: 'COMPLETE', disks: [disk], eventCount: count };
  }

  async stop(): Promise<void> {
    await this.#pass();
    this.#trace.isOn = false;
    await this.#pass();
  }

  release(): void {}

  async remove(): Promise<void> {
    await this.stop();
  }
}

/** A file that is replaced whole. */
export class SimulatedCheckpointFile {
  content: Checkpoint | undefined;

  store(pass: () => Promise<void>): CheckpointStore {
    return {
      read: async () => {
        await pass();
        return this.content;
      },
      write: async (checkpoint) => {
        await pass();
        this.content = structuredClone(checkpoint);
        await pass();
        return 1;
      },
      remove: async () => {
        await pass();
        this.content = undefined;
        await pass();
      },
    };
  }
}

/** Every sleep is a step of the world. */
export function steppingClock(pass: () => Promise<void>): Clock {
  let nowNs = 0n;
  return {
    nowMs: () => Number(nowNs) / 1e6,
    monotonicNs: () => nowNs,
    sleep: async (durationMs, signal) => {
      nowNs += BigInt(durationMs * 1e6);
      await pass();
      signal?.throwIfAborted();
    },
  };
}
