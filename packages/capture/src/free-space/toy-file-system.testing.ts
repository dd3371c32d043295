/**
 * Tests only: a file system of single blocks on one simulated disk, to see what a crash leaves of it. It
 * has a map in memory and one that a crash would bring back, which a commit makes equal to the first; a
 * block that was freed is given out again only after that. Content is one number a block: the id of the
 * write that put it there, or, where nothing was written yet, a negative one.
 */
import type { Random } from '@landfall/runtime';
import type { BlockEvent } from '../tracing/block-event.ts';
import { BLOCK_SECTORS } from '../tracker/read-ticket.ts';
import { type SimulatedEvent, simulateEvent } from '../tracker/simulated-disks.ts';

export const TORN = -1_000_000;

interface ToyWrite {
  readonly id: number;
  readonly life: number;
  readonly issueTime: number;
  readonly deviceTime: number;
  readonly appliedTime: number;
  readonly doneTime: number;
  readonly ackTime: number;
}

interface ToyBlock {
  /** Counts allocations; 0: in use before the story began. `undefined`: free. */
  life: number | undefined;
  readonly writes: ToyWrite[];
  /** When a crash brings back which life. */
  readonly committed: { readonly time: number; readonly life: number | undefined }[];
}

export class ToyFileSystem {
  readonly events: SimulatedEvent[] = [];
  readonly blockCount: number;
  readonly #random: Random;
  readonly #blocks: readonly ToyBlock[];
  #nextId = 1;
  #nextLife = 1;

  constructor(random: Random, blockCount: number) {
    this.#random = random;
    this.blockCount = blockCount;
    this.#blocks = Array.from({ length: blockCount }, () => {
      const life = random.integer(2) === 0 ? 0 : undefined;
      return { life, writes: [], committed: [{ time: -1, life }] };
    });
  }

  isFree(block: number): boolean {
    return this.#at(block).life === undefined;
  }

  /** Something a file system does. */
  act(now: number): void {
    const block = this.#at(this.#random.integer(this.blockCount));
    const roll = this.#random.integer(10);
    if (roll === 0 && this.#random.integer(4) === 0) this.commit(now);
    else if (block.life === undefined) this.#allocate(block);
    else if (roll < 4) this.#free(block, now);
    else this.#write(block, now);
  }

  commit(now: number): void {
    for (const block of this.#blocks) block.committed.push({ time: now, life: block.life });
  }

  isQuiet(now: number): boolean {
    return this.#blocks.every(({ writes }) => writes.every(({ ackTime }) => ackTime < now));
  }

  /** What a read of the device gives. */
  read(index: number, time: number): number {
    const { writes } = this.#at(index);
    const tears = writes.some(({ deviceTime, doneTime }) => deviceTime <= time && time < doneTime);
    if (tears && this.#random.integer(2) === 0) return TORN;
    return writes.findLast(({ appliedTime }) => appliedTime <= time)?.id ?? initialOf(index);
  }

  /** Whether a crash at `time` may leave that value, or leaves the block unused or without content. */
  isLegal(index: number, value: number, time: number): boolean {
    const { writes, committed } = this.#at(index);
    const life = committed.findLast((entry) => entry.time <= time)?.life;
    if (life === undefined) return true;
    const own = writes.filter((write) => write.life === life);
    const acknowledged = own.filter(({ ackTime }) => ackTime <= time);
    if (acknowledged.length === 0 && life !== 0) return true;
    if (value === initialOf(index)) return life === 0 && acknowledged.length === 0;
    const holder = own.find(({ id }) => id === value);
    if (holder === undefined || holder.issueTime > time) return false;
    return !acknowledged.some(({ issueTime }) => issueTime > holder.ackTime);
  }

  #allocate(block: ToyBlock): void {
    if (block.committed.at(-1)?.life !== undefined) return;
    block.life = this.#nextLife;
    this.#nextLife += 1;
  }

  #free(block: ToyBlock, now: number): void {
    if (block.writes.some(({ ackTime }) => ackTime >= now)) return;
    block.life = undefined;
  }

  #write(block: ToyBlock, now: number): void {
    const { life, writes } = block;
    if (life === undefined || writes.some(({ ackTime }) => ackTime >= now)) return;
    const random = this.#random;
    const deviceTime = this.#emit('issue', block, now);
    const doneTime = deviceTime + 1 + random.integer(40);
    const ackTime = this.#emit('complete', block, doneTime);
    const appliedTime = deviceTime + random.integer(doneTime - deviceTime + 1);
    writes.push({ id: this.#nextId, life, issueTime: now, deviceTime, appliedTime, doneTime, ackTime });
    this.#nextId += 1;
  }

  #emit(kind: BlockEvent['kind'], block: ToyBlock, timeNs: number): number {
    const place = { sector: this.#blocks.indexOf(block) * BLOCK_SECTORS, sectorCount: BLOCK_SECTORS };
    const event = { kind, operation: 'write' as const, diskIndex: 0, ...place, timeNs };
    const simulated = simulateEvent(event, this.#random);
    this.events.push(simulated);
    return simulated.commitTime;
  }

  #at(index: number): ToyBlock {
    const block = this.#blocks[index];
    if (block === undefined) throw new Error(`there is no block ${index}`);
    return block;
  }
}

function initialOf(index: number): number {
  return -1 - index;
}
