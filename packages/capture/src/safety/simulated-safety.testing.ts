/**
 * Tests only: a kernel, an agent and a replica for the safety net to live in, where anything may happen
 * between any two steps of it, a crash included. What is durable, and what the kernel holds, outlives the
 * agent.
 *
 * A write: its issue is recorded by each trace in turn, it is applied, its completion is recorded by each
 * trace in turn, and only then counted and acknowledged. Any other thing may happen in between.
 */
import assert from 'node:assert/strict';
import type { Random } from '@landfall/runtime';
import { DirtyMap } from '../tracker/dirty-map.ts';
import { BLOCK_BYTES } from '../tracker/read-ticket.ts';
import type { ReplicaDebt, SafetySource } from './safety-net.ts';
import type { Uncertainty } from './uncertainty.ts';

export const BLOCKS = 12;
export const TORN = -1;
const JOURNAL = 'journal-1';

interface TraceEvent {
  readonly block: number;
  readonly kind: 'issue' | 'complete';
}

/** What the kernel holds of one instance. */
export class KernelTrace {
  isOn = false;
  events: (TraceEvent | string)[] = [];
  committed = 0;
  readCount = 0;

  record(event: TraceEvent | string): void {
    if (!this.isOn) return;
    this.events.push(event);
    this.committed += 1;
  }

  empty(): void {
    this.events = [];
    this.committed = 0;
    this.readCount = 0;
  }

  read(): TraceEvent | string | undefined {
    this.readCount += 1;
    return this.events.shift();
  }
}

interface Write {
  readonly block: number;
  readonly value: number;
  readonly before: number;
  /** Traces that have yet to record the event under way. */
  recording: KernelTrace[];
  phase: 'issuing' | 'applying' | 'completing';
}

export class SimulatedKernel {
  readonly disk: number[] = new Array(BLOCKS).fill(0);
  readonly a = new KernelTrace();
  readonly b = new KernelTrace();
  live = new KernelTrace();
  writes: Write[] = [];
  completedCount = 0;
  #lastValue = 0;
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  step(): void {
    const random = this.#random;
    if (random.integer(3) === 0 && this.writes.length < 3) this.#begin(random.integer(BLOCKS));
    const write = this.writes[random.integer(this.writes.length + 1)];
    if (write !== undefined) this.#advance(write);
  }

  /** Torn while the device has a write of it: between the and the completion's recording. */
  readBlock(block: number): number {
    const write = this.writes.find(
      (candidate) => candidate.block === block && candidate.phase === 'applying',
    );
    if (write === undefined) return this.disk[block] ?? 0;
    return [write.before, write.value, TORN][this.#random.integer(3)] ?? TORN;
  }

  /** Completions the trace has had its turn with, to be counted any moment now. */
  uncountedBy(trace: KernelTrace): number {
    return this.writes.filter(({ phase, recording }) => phase === 'completing' && !recording.includes(trace))
      .length;
  }

  /** What the kernel waits for before it empties a buffer: events under way are recorded to their end. */
  finishRecording(): void {
    for (const write of this.writes) while (write.recording.length > 0) this.#advance(write);
  }

  #begin(block: number): void {
    if (this.writes.some((write) => write.block === block)) return;
    this.#lastValue += 1;
    const before = this.disk[block] ?? 0;
    this.writes.push({ block, value: this.#lastValue, before, recording: this.#traces(), phase: 'issuing' });
  }

  #advance(write: Write): void {
    const { block } = write;
    const trace = write.recording.pop();
    if (trace !== undefined) {
      trace.record({ block, kind: write.phase === 'issuing' ? 'issue' : 'complete' });
      return;
    }
    if (write.phase === 'issuing') write.phase = 'applying';
    else if (write.phase === 'applying') {
      this.disk[block] = write.value;
      write.phase = 'completing';
      write.recording = this.#traces();
    } else {
      this.completedCount += 1;
      this.writes = this.writes.filter((other) => other !== write);
    }
  }

  #traces(): KernelTrace[] {
    const traces = [this.live, this.a, this.b];
    const first = this.#random.integer(3);
    return [...traces.slice(first), ...traces.slice(0, first)];
  }
}

/** Durable epochs, and those on their way. */
export class SimulatedReplica {
  readonly journalId = JOURNAL;
  image: number[] = new Array(BLOCKS).fill(0);
  lastEpoch = 0;
  arriving: { readonly epoch: number; readonly changes: ReadonlyMap<number, number> }[] = [];

  makeDurable(): number | undefined {
    const next = this.arriving.shift();
    if (next === undefined) return undefined;
    for (const [block, value] of next.changes) this.image[block] = value;
    this.lastEpoch = next.epoch;
    return next.epoch;
  }
}

interface Taken {
  readonly blocks: readonly number[];
  readonly changes: ReadonlyMap<number, number>;
}

/** Engine and sender of one process. */
export class SimulatedAgent implements SafetySource {
  readonly disks = [{ diskId: 'disk-0', deviceName: '/dev/vda', sizeBytes: BLOCKS * BLOCK_BYTES }];
  readonly generation = 0;
  readonly #kernel: SimulatedKernel;
  readonly #replica: SimulatedReplica;
  readonly #random: Random;
  readonly #dirty = new DirtyMap(BLOCKS);
  #inFlight: number[] = [];
  #isSettled = false;
  #events = 0;
  #handedOver: readonly number[] = [];
  #handing: Taken | undefined;
  #inHand: Taken[] = [];
  #open = new Map<number, number>();
  #sent: { readonly epoch: number; readonly blocks: readonly number[] }[] = [];
  #position: { readonly journalId: string; readonly lastEpoch: number } | undefined;
  isComparing = false;

  constructor(kernel: SimulatedKernel, replica: SimulatedReplica, random: Random) {
    this.#kernel = kernel;
    this.#replica = replica;
    this.#random = random;
    kernel.live = new KernelTrace();
    kernel.live.isOn = true;
  }

  begin(previous: { readonly journalId: string; readonly lastEpoch: number } | undefined): void {
    const { lastEpoch, journalId } = this.#replica;
    const resumes = previous?.journalId === journalId && previous.lastEpoch <= lastEpoch && lastEpoch > 0;
    this.#position = { journalId, lastEpoch };
    this.isComparing = !resumes;
  }

  debt(): ReplicaDebt | undefined {
    if (this.#position === undefined || this.isComparing) return undefined;
    const blocks = [...this.#inHand.flatMap((taken) => taken.blocks), ...this.#open.keys()];
    blocks.push(...this.#sent.flatMap((sent) => sent.blocks));
    return { ...this.#position, taken: blocks.map((block) => ({ diskIndex: 0, ...extentOf(block) })) };
  }

  isDirty(block: number): boolean {
    this.#pump();
    return this.#dirty.has(block);
  }

  dirtyBytes(): number {
    return this.#dirty.count * BLOCK_BYTES;
  }

  markDirty(_disk: number, extent: { readonly offsetBytes: number; readonly lengthBytes: number }): void {
    this.#dirty.setRange(extent.offsetBytes / BLOCK_BYTES, extent.lengthBytes / BLOCK_BYTES);
  }

  markDiscarded(): void {
    assert.fail('nothing is discarded here');
  }

  stats(): ReturnType<SafetySource['stats']> {
    return { events: this.#events } as ReturnType<SafetySource['stats']>;
  }

  uncertain(): Uncertainty {
    this.#pump();
    const extents = this.#inFlight.map(extentOf);
    const disks = [{ dirty: this.#dirty.copy(), discarded: new DirtyMap(BLOCKS).copy(), extents }];
    const handedOver = this.#handedOver.map((block) => ({ diskIndex: 0, ...extentOf(block) }));
    return { kind: 'KNOWN', isSettled: this.#isSettled, disks, handedOver };
  }

  /** One thing a sender does. */
  step(): void {
    if (this.#position === undefined) return;
    this.#pump();
    if (this.isComparing) this.#compare();
    else
      [this.#take, this.#hand, this.#send, this.#commit, this.#acknowledge][this.#random.integer(5)]?.call(
        this,
      );
  }

  #compare(): void {
    if (this.#kernel.writes.length > 0) return;
    this.#replica.image = this.#kernel.disk.slice();
    this.#replica.lastEpoch += 1;
    this.#position = { journalId: JOURNAL, lastEpoch: this.#replica.lastEpoch };
    this.#dirty.clearRange(0, BLOCKS);
    this.isComparing = false;
  }

  #take(): void {
    if (this.#handing !== undefined) return;
    const blocks: number[] = [];
    for (
      let block = this.#dirty.firstDirty();
      block !== undefined;
      block = this.#dirty.firstDirty(block + 1)
    ) {
      if (this.#random.integer(2) === 0) blocks.push(block);
    }
    for (const block of blocks) if (!this.#inFlight.includes(block)) this.#dirty.clear(block);
    this.#handedOver = blocks;
    this.#handing = {
      blocks,
      changes: new Map(blocks.map((block) => [block, this.#kernel.readBlock(block)])),
    };
  }

  #hand(): void {
    if (this.#handing !== undefined) this.#inHand.push(this.#handing);
    this.#handing = undefined;
  }

  #send(): void {
    const taken = this.#inHand.shift();
    for (const [block, value] of taken?.changes ?? []) this.#open.set(block, value);
  }

  #commit(): void {
    if (this.#inHand.length > 0 || this.#open.size === 0 || this.#position === undefined) return;
    const epoch = (this.#sent.at(-1)?.epoch ?? this.#position.lastEpoch) + 1;
    this.#replica.arriving.push({ epoch, changes: this.#open });
    this.#sent.push({ epoch, blocks: [...this.#open.keys()] });
    this.#open = new Map();
  }

  #acknowledge(): void {
    const epoch = this.#replica.makeDurable();
    if (epoch === undefined) return;
    this.#sent = this.#sent.filter((sent) => sent.epoch > epoch);
    this.#position = { journalId: JOURNAL, lastEpoch: epoch };
  }

  #pump(): void {
    for (let event = this.#kernel.live.read(); event !== undefined; event = this.#kernel.live.read()) {
      if (typeof event === 'string') continue;
      const { block, kind } = event;
      this.#events += 1;
      this.#dirty.set(block);
      if (kind === 'issue') this.#inFlight.push(block);
      else this.#inFlight = this.#inFlight.filter((other) => other !== block);
    }
    if (this.#kernel.writes.length > 0 || this.#isSettled) return;
    this.#isSettled = true;
    this.#inFlight = [];
  }
}

function extentOf(block: number) {
  return { offsetBytes: block * BLOCK_BYTES, lengthBytes: BLOCK_BYTES };
}
