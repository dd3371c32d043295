/**
 * What the tripwire costs the replication server: processor time of appending the same epochs to a journal
 * with and without it, in turns, in this process.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Tripwire } from '../../apps/replication-server/src/tripwire/tripwire.ts';
import { payloadChecksum } from '../../packages/block/src/index.ts';
import { openJournalGroup, wrappingKeysOf } from '../../packages/journal/src/index.ts';
import type { EpochStore } from '../../packages/replication/src/index.ts';
import { MIB, silentLogger, systemClock } from '../../packages/runtime/src/index.ts';
import type { Bench } from '../bed/benchmark.ts';
import { atMost, type Row } from '../bed/rows.ts';

const EXTENT_BYTES = 256 * 1024;
const EXTENTS_PER_EPOCH = 40;
const EPOCHS = 100;
const EPOCH_MS = 100;
const DISK_BYTES = 1024 * MIB;
const ROUNDS = 3;

/** Incompressible, all of it, and over what was written before: the worst case, every piece is read twice. */
export async function measureCost(bench: Bench): Promise<readonly Row[]> {
  const payloads = Array.from({ length: 16 }, () => randomBytes(EXTENT_BYTES));
  const seconds = { watched: [] as number[], plain: [] as number[] };
  for (let round = 0; round < (bench.options.quick ? 1 : ROUNDS); round += 1) {
    seconds.plain.push(await append(bench, payloads, false));
    seconds.watched.push(await append(bench, payloads, true));
  }
  const [plain, watched] = [Math.min(...seconds.plain), Math.min(...seconds.watched)];
  const gib = (EPOCHS * EXTENTS_PER_EPOCH * EXTENT_BYTES) / 2 ** 30;
  bench.say(`processor time of appending ${gib.toFixed(2)} GiB: ${plain} s, watched ${watched} s`);
  return [
    atMost(3, {
      what: 'processor time of appending at 100 MiB/s, encrypted journal: more with the tripwire',
      measured: 100 * (watched / plain - 1),
      unit: '%',
      required: false,
    }),
    atMost(60, {
      what: 'processor time of the tripwire for each GiB that is written',
      measured: (1000 * (watched - plain)) / gib,
      unit: 'ms',
      required: false,
    }),
  ];
}

/** Resolves to seconds of processor time, of all threads of this process. */
async function append(bench: Bench, payloads: readonly Buffer[], isWatched: boolean): Promise<number> {
  const folder = join(bench.folder, 'cost');
  await mkdir(folder);
  const wrapping = wrappingKeysOf([{ kind: 'env', name: 'KEY' }], { KEY: '0f'.repeat(32) });
  const disks = [{ diskId: 'disk-0', sizeBytes: DISK_BYTES }];
  const group = await openJournalGroup({
    folder: join(folder, 'journal'),
    disks,
    create: true,
    logger: silentLogger,
    encryption: { wrapping },
  });
  const records = new Map();
  const tripwire = new Tripwire({
    records,
    save: async () => undefined,
    logger: silentLogger,
    clock: systemClock,
  });
  const server = { sourceServerId: 's-bench', group };
  const store = isWatched ? tripwire.of(server).changes.watch(group) : group;
  const stop = new AbortController();
  const watched = isWatched ? tripwire.run(() => [server], stop.signal) : undefined;
  try {
    await putEpoch(store, 1, payloads);
    const before = process.cpuUsage();
    for (let epoch = 2; epoch < EPOCHS + 2; epoch += 1) {
      const nextNs = systemClock.monotonicNs() + BigInt(EPOCH_MS) * 1_000_000n;
      await putEpoch(store, epoch, payloads);
      await systemClock.sleep(Math.max(0, Number(nextNs - systemClock.monotonicNs()) / 1e6));
    }
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6;
  } finally {
    stop.abort();
    await watched;
    await group.close();
    await rm(folder, { recursive: true });
  }
}

async function putEpoch(store: EpochStore, epoch: number, payloads: readonly Buffer[]): Promise<void> {
  for (let index = 0; index < EXTENTS_PER_EPOCH; index += 1) {
    const payload = payloads[(epoch + index) % payloads.length] ?? Buffer.alloc(EXTENT_BYTES);
    const place = {
      diskIndex: 0,
      offsetBytes: ((epoch * EXTENTS_PER_EPOCH + index) * EXTENT_BYTES) % DISK_BYTES,
      lengthBytes: EXTENT_BYTES,
    };
    await store.putExtent({ ...place, codec: 0, checksum: payloadChecksum(payload) }, payload);
  }
  const cut = { cutTimeMs: systemClock.nowMs(), cutMonotonicNs: systemClock.monotonicNs() };
  await store.commit({ epoch, ...cut, consistency: 'CRASH_CONSISTENT', extentCount: EXTENTS_PER_EPOCH });
}
