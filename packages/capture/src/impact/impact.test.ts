/**
 * The controller with its reader on a simulated device, where reads under way lengthen writes: the budget
 * holds, and reading goes on.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { type Clock, seededRandom } from '@landfall/runtime';
import { SourceMeters } from '../engine/source-meters.ts';
import type { BlockEvent } from '../tracing/block-event.ts';
import type { DiskReader, TraceSource } from '../tracing/trace-source.ts';
import { FLOOR_BYTES_PER_SECOND, FLOOR_CHURN_FACTOR } from './gentle-reader.ts';
import { ImpactBudget, LEVEL_MIN } from './impact-budget.ts';
import { WriteLatency } from './write-latency.ts';

const MIB = 1024 * 1024;
const READS_AT_ONCE = 16;

class SteppedClock implements Clock {
  #nowNs = 0n;
  #sleepers: { readonly atNs: bigint; readonly wake: () => void }[] = [];

  nowMs(): number {
    return Number(this.#nowNs / 1_000_000n);
  }

  monotonicNs(): bigint {
    return this.#nowNs;
  }

  sleep(durationMs: number): Promise<void> {
    const atNs = this.#nowNs + BigInt(Math.round(durationMs * 1e6));
    return new Promise((wake) => this.#sleepers.push({ atNs, wake }));
  }

  async step(): Promise<void> {
    await setImmediate();
    this.#nowNs += 1_000_000n;
    const due = this.#sleepers.filter(({ atNs }) => atNs <= this.#nowNs);
    this.#sleepers = this.#sleepers.filter(({ atNs }) => atNs > this.#nowNs);
    for (const { wake } of due) wake();
  }
}

interface SimulatedRun {
  readonly budgetPercent: number;
  /** By how much each read under way lengthens a write. */
  readonly harmPercent: number;
  readonly writesPerMs: number;
  readonly durationMs: number;
}

/** What the workload felt and what was read in the second half, when the controller has settled. */
async function simulate({ budgetPercent, harmPercent, writesPerMs, durationMs }: SimulatedRun) {
  const clock = new SteppedClock();
  const random = seededRandom(3);
  let reading = 0;
  let readMib = 0;
  let pending: BlockEvent[] = [];
  const reader: DiskReader = {
    readsInFlightMax: READS_AT_ONCE,
    read: async (_range, use) => {
      reading += 1;
      await clock.sleep(3 + random.integer(4));
      reading -= 1;
      readMib += 1;
      return use(Buffer.alloc(0));
    },
    close: async () => undefined,
  };
  const trace: TraceSource = {
    start: () => undefined,
    stop: () => undefined,
    counts: { events: 0, lost: 0, passthrough: 0 },
    drain: () => {
      const events = pending;
      pending = [];
      return { events, completeThroughNs: Number(clock.monotonicNs()), idle: [], doubt: undefined };
    },
  };
  const meters = new SourceMeters(budgetPercent);
  const metered = meters.attach({ sizesBytes: [64 * MIB], trace, reader, clock, baseNs: 0n });
  let stopped = false;
  const loops = Array.from({ length: READS_AT_ONCE }, async () => {
    const range = { diskIndex: 0, offsetBytes: 0, lengthBytes: MIB };
    while (!stopped) await metered.bulkReader.read(range, () => undefined);
  });
  const latencies: number[] = [];
  let readBefore = 0;
  for (let ms = 0; ms < durationMs; ms += 1) {
    const nowNs = Number(clock.monotonicNs());
    for (let index = 0; index < writesPerMs; index += 1) {
      const latencyNs = 200_000 * (0.8 + random.integer(400) / 1000) * (1 + (harmPercent / 100) * reading);
      const sector = 8 * random.integer((64 * MIB) / 4096);
      const range = { operation: 'write', diskIndex: 0, sector, sectorCount: 8 } as const;
      pending.push(
        { kind: 'issue', ...range, timeNs: nowNs },
        { kind: 'complete', ...range, timeNs: nowNs + latencyNs },
      );
      if (ms > durationMs / 2) latencies.push(latencyNs / 200_000);
    }
    if (ms % 20 === 0) metered.trace.drain(() => false);
    if (ms === durationMs / 2) readBefore = readMib;
    await clock.step();
  }
  stopped = true;
  let ended = false;
  Promise.all(loops).then(() => {
    ended = true;
  });
  while (!ended) await clock.step();
  const mean = latencies.reduce((sum, one) => sum + one, 0) / latencies.length;
  return { increasePercent: (mean - 1) * 100, mibPerSecond: ((readMib - readBefore) * 2000) / durationMs };
}

test('reads that lengthen writes are slowed down until the budget holds, and go on', async () => {
  const run = { harmPercent: 4, writesPerMs: 2, durationMs: 12_000 };
  const unlimited = await simulate({ ...run, budgetPercent: 0 });
  const limited = await simulate({ ...run, budgetPercent: 10 });
  assert.ok(unlimited.increasePercent > 40, `without a budget: ${unlimited.increasePercent} %`);
  assert.ok(limited.increasePercent < 11, `with a budget of 10 %: ${limited.increasePercent} %`);
  assert.ok(limited.mibPerSecond > 100, `${limited.mibPerSecond} MiB/s`);
});

test('when one read alone is over the budget, the named minimum is still read', async () => {
  const run = { harmPercent: 100, writesPerMs: 1, durationMs: 12_000, budgetPercent: 5 };
  const { mibPerSecond, increasePercent } = await simulate(run);
  assert.ok(mibPerSecond >= (0.95 * FLOOR_BYTES_PER_SECOND) / MIB, `${mibPerSecond} MiB/s`);
  assert.ok(increasePercent < 15, `${increasePercent} % at the minimum of ${LEVEL_MIN}`);
});

test('a backlog is read at twice what changes, however much that lengthens writes', async () => {
  const run = { harmPercent: 100, writesPerMs: 10, durationMs: 4000, budgetPercent: 5 };
  const { mibPerSecond } = await simulate(run);
  const churnMib = (10_000 * 4096) / MIB;
  assert.ok(mibPerSecond >= 0.9 * FLOOR_CHURN_FACTOR * 0.9 * churnMib, `${mibPerSecond} MiB/s`);
});

test('reads that do no harm, and reads beside an idle workload, are as fast as without a budget', async () => {
  for (const run of [
    { harmPercent: 0, writesPerMs: 2 },
    { harmPercent: 50, writesPerMs: 0 },
  ]) {
    const free = await simulate({ ...run, budgetPercent: 0, durationMs: 4000 });
    const limited = await simulate({ ...run, budgetPercent: 10, durationMs: 4000 });
    assert.ok(limited.mibPerSecond > 0.85 * free.mibPerSecond, JSON.stringify({ run, free, limited }));
  }
});

test('a write counts only when it saw our reads from its beginning to its end, or not at all', () => {
  const latency = new WriteLatency(0);
  latency.readingBegan(100);
  latency.readingEnded(200);
  latency.readingBegan(300);
  const write = (sector: number, fromNs: number, untilNs: number): BlockEvent[] => {
    const range = { operation: 'write', diskIndex: 1, sector, sectorCount: 8 } as const;
    return [
      { kind: 'issue', ...range, timeNs: fromNs },
      { kind: 'complete', ...range, timeNs: untilNs },
    ];
  };
  const told = (fromNs: number, untilNs: number) => latency.add(write(8, fromNs, untilNs));
  assert.deepEqual(told(10, 60), [{ latencyNs: 50, whileReading: false }]);
  assert.deepEqual(told(110, 160), [{ latencyNs: 50, whileReading: true }]);
  assert.deepEqual(told(90, 120), []);
  assert.deepEqual(told(190, 320), []);
  assert.deepEqual(told(310, 900), [{ latencyNs: 590, whileReading: true }]);
  const requeued = write(16, 10, 60);
  const taken = { ...requeued[0], kind: 'requeue', timeNs: 20 } as BlockEvent;
  assert.deepEqual(latency.add([requeued[0] as BlockEvent, taken, requeued[1] as BlockEvent]), []);
});

test('the level never leaves its bounds, whatever the latencies are', () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const random = seededRandom(seed);
    const budget = new ImpactBudget(READS_AT_ONCE, random.integer(30));
    for (let nowMs = 0; nowMs < 20_000; nowMs += 100) {
      for (let count = random.integer(60); count > 0; count -= 1) {
        budget.observe(1 + random.integer(1_000_000), random.integer(2) === 0);
      }
      budget.isQuiet(nowMs);
      const { level } = budget.status;
      assert.ok(level >= LEVEL_MIN && level <= READS_AT_ONCE, `seed ${seed}: ${level}`);
      assert.ok(budget.readsAtOnce >= 1 && budget.pauseMs(1) <= 1 / LEVEL_MIN);
    }
  }
});

test('latencies that scatter widely, and are the same with reads and without, slow nothing down', () => {
  for (let seed = 1; seed <= 12; seed += 1) {
    const random = seededRandom(seed);
    const budget = new ImpactBudget(READS_AT_ONCE, 10);
    let levels = 0;
    // One write in ten takes forty times as long, as on a disk that others use too.
    const latencyNs = () => 100_000 * (1 + random.integer(1000) / 1000) * (random.integer(10) === 0 ? 40 : 1);
    for (let nowMs = 0; nowMs < 60_000; nowMs += 100) {
      for (let write = 0; write < 50; write += 1) budget.observe(latencyNs(), true);
      for (let write = 0; write < 5; write += 1) budget.observe(latencyNs(), false);
      budget.isQuiet(nowMs);
      levels += budget.status.level;
    }
    assert.ok(levels / 600 > READS_AT_ONCE / 4, `seed ${seed}: mean level ${levels / 600}`);
  }
});
