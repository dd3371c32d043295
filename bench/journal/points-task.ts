/** What recovery points cost: each by itself on disks of any size, and ten a second all day. */
import { systemClock } from '../../packages/runtime/src/index.ts';
import { percentile } from '../bed/cut-watch.ts';
import { keptBytes } from './kept-memory.ts';
import { commitEmptyBase, commitOf, createJournal, headerOf, payloadAt, randomPayloads } from './load.ts';

const BLOCK_BYTES = 4096;
const PAYLOADS = 256;
const WARM_UP_POINTS = 200;
const WARM_UP_EPOCHS = 5000;
const DECILES = 10;
const DECILE_PARTS = 50;
/** Epochs closed and not yet durable: what a sender that does not wait has under way. */
const UNDER_WAY_MAX = 64;

export interface PointsParameters {
  readonly diskBytes: number;
  readonly points: number;
}

/** A recovery point with one changed block each, all over the disk, waited for: the median of their times. */
export async function takePoints(folder: string, { diskBytes, points }: PointsParameters) {
  const payloads = randomPayloads(PAYLOADS, BLOCK_BYTES);
  const group = await createJournal({ folder, sizeBytes: diskBytes });
  await commitEmptyBase(group);
  const seconds: number[] = [];
  for (let index = 0; index < WARM_UP_POINTS + points; index += 1) {
    const startNs = systemClock.monotonicNs();
    const payload = payloadAt(payloads, index);
    await group.putExtent(headerOf(blockFor(index, diskBytes) * BLOCK_BYTES, payload), payload.bytes);
    await group.commit(commitOf(index + 2, 1));
    if (index >= WARM_UP_POINTS) seconds.push(secondsSince(startNs));
  }
  await group.close();
  return { secondsPerPoint: percentile(seconds, 0.5) };
}

export interface DayParameters {
  readonly diskBytes: number;
  readonly epochs: number;
}

export interface DayResult {
  readonly firstSeconds: number;
  readonly lastSeconds: number;
  /** Of processor, all threads. */
  readonly firstBusySeconds: number;
  readonly lastBusySeconds: number;
  readonly bytesPerEpoch: number;
}

/**
 * As many epochs as a day has tenths of a second, as fast as they go. Each tenth of the day is timed in
 * parts, of which the median counts: what else the machine does now and then is not the journal's.
 */
export async function takeDay(folder: string, { diskBytes, epochs }: DayParameters): Promise<DayResult> {
  const payloads = randomPayloads(PAYLOADS, BLOCK_BYTES);
  const group = await createJournal({ folder, sizeBytes: diskBytes });
  await commitEmptyBase(group);
  const underWay: Promise<void>[] = [];
  const seconds: number[] = [];
  const busySeconds: number[] = [];
  const memory: number[] = [];
  let number = 0;
  const run = async (count: number) => {
    for (const end = number + count; number < end; number += 1) {
      const payload = payloadAt(payloads, number);
      await group.putExtent(headerOf(blockFor(number, diskBytes) * BLOCK_BYTES, payload), payload.bytes);
      underWay.push(group.commit(commitOf(number + 2, 1)));
      if (underWay.length >= UNDER_WAY_MAX) await underWay.shift();
    }
    await Promise.all(underWay.splice(0));
  };
  await run(WARM_UP_EPOCHS);
  for (let decile = 0; decile < DECILES; decile += 1) {
    const parts: number[] = [];
    const busyBefore = process.cpuUsage();
    for (let part = 0; part < DECILE_PARTS; part += 1) {
      const startNs = systemClock.monotonicNs();
      await run(epochs / DECILES / DECILE_PARTS);
      parts.push(secondsSince(startNs));
    }
    seconds.push(percentile(parts, 0.5) * DECILE_PARTS);
    const { user, system } = process.cpuUsage(busyBefore);
    busySeconds.push((user + system) / 1e6);
    memory.push(keptBytes());
  }
  await group.close();
  const [firstSeconds = Number.NaN] = seconds;
  const [firstBusySeconds = Number.NaN] = busySeconds;
  const lastBusySeconds = busySeconds.at(-1) ?? Number.NaN;
  const bytesPerEpoch = ((memory.at(-1) ?? 0) - (memory[0] ?? 0)) / (epochs - epochs / DECILES);
  const lastSeconds = seconds.at(-1) ?? Number.NaN;
  return { firstSeconds, lastSeconds, firstBusySeconds, lastBusySeconds, bytesPerEpoch };
}

function secondsSince(startNs: bigint): number {
  return Number(systemClock.monotonicNs() - startNs) / 1e9;
}

/** All over the disk, none twice before all of a large part of it were written. */
function blockFor(index: number, diskBytes: number): number {
  return (index * 1_000_003) % (diskBytes / BLOCK_BYTES);
}
