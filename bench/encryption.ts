/**
 * What encryption at rest costs: the same epochs appended to a plain journal and to an encrypted one, on real
 * files with their syncs, in turn and in one process; then the newest point of each read from end to end, out
 * of the page cache, where nothing hides the cost.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { applyHeapSettings } from '../apps/replication-server/src/heap-settings.ts';
import { payloadChecksum } from '../packages/block/src/index.ts';
import { type JournalGroup, openJournalGroup, wrappingKeysOf } from '../packages/journal/src/index.ts';
import { GIB, MIB, silentLogger, systemClock, systemRandom } from '../packages/runtime/src/index.ts';
import { type Bench, runBenchmark } from './bed/benchmark.ts';
import { atMost, type Row } from './bed/rows.ts';

const EXTENT_BYTES = 64 * 1024;
/** As `landfall bench journal`: sixteen MiB. */
const EXTENTS_PER_EPOCH = 256;
const PAYLOADS = 64;
const COST_MAX = 15;

interface Speed {
  readonly appendMsPerMib: number;
  readonly readMsPerMib: number;
}

applyHeapSettings();
await runBenchmark({
  name: 'encryption',
  bytesNeeded: () => GIB,
  measure,
});

async function measure(bench: Bench): Promise<readonly Row[]> {
  const [rounds, epochs] = bench.options.quick ? [2, 2] : [15, 16];
  const payloads = Array.from({ length: PAYLOADS }, () => systemRandom.bytes(EXTENT_BYTES));
  const plain: Speed[] = [];
  const encrypted: Speed[] = [];
  await measureOne(bench, payloads, 1, false);
  await measureOne(bench, payloads, 1, true);
  for (let round = 0; round < rounds; round += 1) {
    for (const isEncrypted of round % 2 === 0 ? [false, true] : [true, false]) {
      const speed = await measureOne(bench, payloads, epochs, isEncrypted);
      (isEncrypted ? encrypted : plain).push(speed);
    }
    bench.say(
      `${round + 1} of ${rounds}: ${describe(plain.at(-1))} plain, ${describe(encrypted.at(-1))} encrypted`,
    );
  }
  const cost = (of: (speed: Speed) => number) =>
    (median(encrypted.map(of)) / median(plain.map(of)) - 1) * 100;
  const append = cost((speed) => speed.appendMsPerMib);
  const read = cost((speed) => speed.readMsPerMib);
  return [
    atMost(COST_MAX, { what: 'append, longer when encrypted', measured: append, unit: '%' }),
    atMost(COST_MAX, {
      what: 'read from the page cache, longer',
      measured: read,
      unit: '%',
      required: false,
    }),
  ];
}

async function measureOne(
  bench: Bench,
  payloads: readonly Buffer[],
  epochs: number,
  isEncrypted: boolean,
): Promise<Speed> {
  const folder = join(bench.folder, 'journal');
  const sizeBytes = epochs * EXTENTS_PER_EPOCH * EXTENT_BYTES;
  const wrapping = wrappingKeysOf([{ kind: 'env', name: 'KEY' }], { KEY: '0f'.repeat(32) });
  const group = await openJournalGroup({
    ...{ folder, disks: [{ diskId: 'disk-0', sizeBytes }], create: true, logger: silentLogger },
    ...(isEncrypted ? { encryption: { wrapping } } : {}),
  });
  try {
    await group.commit(commitOf(1, 0));
    const appendMs = await timed(() => append(group, payloads, epochs));
    const readMs = await timed(() => readAll(group, sizeBytes));
    return { appendMsPerMib: (appendMs * MIB) / sizeBytes, readMsPerMib: (readMs * MIB) / sizeBytes };
  } finally {
    await group.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The next epoch is put while the one before it becomes durable, as agents do. */
async function append(group: JournalGroup, payloads: readonly Buffer[], epochs: number): Promise<void> {
  let durable: Promise<void> = Promise.resolve();
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    for (let index = 0; index < EXTENTS_PER_EPOCH; index += 1) {
      const number = epoch * EXTENTS_PER_EPOCH + index;
      const payload = payloads[number % PAYLOADS] ?? Buffer.alloc(EXTENT_BYTES);
      const place = { diskIndex: 0, offsetBytes: number * EXTENT_BYTES, lengthBytes: EXTENT_BYTES };
      await group.putExtent({ ...place, codec: 0, checksum: payloadChecksum(payload) }, payload);
    }
    await durable;
    durable = group.commit(commitOf(epoch + 2, EXTENTS_PER_EPOCH));
  }
  await durable;
}

async function readAll(group: JournalGroup, sizeBytes: number): Promise<void> {
  const view = await group.openView(group.lastEpoch);
  const target = Buffer.alloc(MIB);
  for (let offset = 0; offset < sizeBytes; offset += MIB) await view.disks[0]?.read(offset, target);
  await view.close();
}

function commitOf(epoch: number, extentCount: number) {
  const [cutTimeMs, cutMonotonicNs] = [systemClock.nowMs(), systemClock.monotonicNs()];
  return { epoch, cutTimeMs, cutMonotonicNs, consistency: 'CRASH_CONSISTENT' as const, extentCount };
}

async function timed(action: () => Promise<void>): Promise<number> {
  const startNs = systemClock.monotonicNs();
  await action();
  return Number(systemClock.monotonicNs() - startNs) / 1e6;
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;
}

function describe(speed: Speed | undefined): string {
  return `${(1000 / (speed?.appendMsPerMib ?? 1)).toFixed(0)} MiB/s`;
}
