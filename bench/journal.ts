/**
 * The journal by itself, on real files: appending beside fio, what recovery points cost, opening a long
 * history, reading a point of it, and what a killed process leaves. Each measurement is a task in a process
 * of its own (bench/journal/).
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  GIB,
  KIB,
  MIB,
  OperationError,
  runChecked,
  systemClock,
  TIB,
} from '../packages/runtime/src/index.ts';
import { type Bench, type BenchOptions, runBenchmark } from './bed/benchmark.ts';
import { ExportServer } from './bed/export-server.ts';
import { writeSequentially } from './bed/fio.ts';
import { atLeast, atMost, type Row } from './bed/rows.ts';
import { forgetCached, runTask, writeAndKill } from './journal/run-task.ts';
import type { Recovered } from './journal/window-task.ts';

const ROUNDS = 3;
const WINDOW_GIB_DEFAULT = 10;
const EPOCHS_A_DAY = 864_000;
const EXTENT_BYTES = 64 * KIB;
const EXTENTS_PER_SYNC = 256;
const BLOCK_BYTES = 4 * KIB;
const COPY_TIMEOUT_MS = 10 * 60_000;
const SOURCE_SERVER_ID = 's-0123456789abcdef0';

/** How much of everything, of which the quick form takes little. */
interface Sizes {
  readonly rounds: number;
  readonly appendEpochs: number;
  readonly points: number;
  readonly epochs: number;
  readonly historyExtents: number;
  readonly diskBytes: number;
  readonly windowBytes: number;
}

await runBenchmark({
  name: 'journal',
  bytesNeeded: (options) => {
    const { windowBytes, diskBytes } = sizesOf(options);
    return Math.max(windowBytes, 3 * diskBytes) + 4 * GIB;
  },
  measure: async (bench) => [
    ...(await measureAppend(bench)),
    ...(await measurePoints(bench)),
    ...(await measureDay(bench)),
    ...(await measureHistory(bench)),
    ...(await measureReading(bench)),
    ...(await measureRecovery(bench)),
  ],
});

function sizesOf({ quick, sizeGib = WINDOW_GIB_DEFAULT }: BenchOptions): Sizes {
  const some = { rounds: 1, appendEpochs: 4, points: 100, epochs: 10_000 };
  if (quick) return { ...some, historyExtents: 50_000, diskBytes: 64 * MIB, windowBytes: 64 * MIB };
  return {
    rounds: ROUNDS,
    appendEpochs: 128,
    points: 1000,
    epochs: EPOCHS_A_DAY,
    historyExtents: 10_000_000,
    diskBytes: 4 * GIB,
    windowBytes: sizeGib * GIB,
  };
}

/** In turns; the best of each side. */
async function measureAppend(bench: Bench): Promise<readonly Row[]> {
  const { rounds, appendEpochs: epochs } = sizesOf(bench.options);
  const bytes = epochs * EXTENTS_PER_SYNC * EXTENT_BYTES;
  const path = join(bench.folder, 'append');
  const ours: number[] = [];
  const peers: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const blocks = { blockBytes: EXTENT_BYTES, blocksPerSync: EXTENTS_PER_SYNC };
    peers.push(await writeSequentially(bench.folder, { path, bytes, ...blocks }));
    await rm(path);
    const parameters = { extentBytes: EXTENT_BYTES, extentsPerEpoch: EXTENTS_PER_SYNC, epochs };
    const { seconds } = await runTask(bench, 'append', path, parameters);
    ours.push(bytes / seconds);
    await rm(path, { recursive: true });
    bench.say(`append: ${megabytes(ours.at(-1))}, fio ${megabytes(peers.at(-1))}`);
  }
  const writes = { extentBytes: BLOCK_BYTES, extentsPerEpoch: 100, epochs: epochs * 8, scattered: true };
  const { bytesWritten } = await runTask(bench, 'append', path, writes);
  await rm(path, { recursive: true });
  return [
    atLeast(0.8, {
      what: 'append, extents of 64 KiB, fdatasync every 16 MiB: speed of ours / fio',
      measured: Math.max(...ours) / Math.max(...peers),
      unit: '×',
    }),
    atMost(1.05, {
      what: 'append, 1,000 writes of 4 KiB/s, epochs of 100 ms: bytes written / bytes of the writes',
      measured: bytesWritten / (writes.epochs * writes.extentsPerEpoch * BLOCK_BYTES),
      unit: '×',
    }),
  ];
}

async function measurePoints(bench: Bench): Promise<readonly Row[]> {
  const { rounds, points } = sizesOf(bench.options);
  const folder = join(bench.folder, 'points');
  const costs = { small: [] as number[], large: [] as number[] };
  for (let round = 1; round <= rounds; round += 1) {
    for (const [size, diskBytes] of [['small', GIB] as const, ['large', TIB] as const]) {
      const { secondsPerPoint } = await runTask(bench, 'takePoints', folder, { diskBytes, points });
      costs[size].push(secondsPerPoint);
      await rm(folder, { recursive: true });
      bench.say(`a recovery point of a ${size} disk: ${(secondsPerPoint * 1e6).toFixed(0)} µs`);
    }
  }
  return [
    atMost(1.2, {
      what: 'a recovery point, one block changed: time on a disk of 1 TiB / of 1 GiB',
      measured: Math.min(...costs.large) / Math.min(...costs.small),
      unit: '×',
    }),
  ];
}

async function measureDay(bench: Bench): Promise<readonly Row[]> {
  const { epochs } = sizesOf(bench.options);
  const folder = join(bench.folder, 'day');
  const day = await runTask(bench, 'takeDay', folder, { diskBytes: GIB, epochs });
  await rm(folder, { recursive: true });
  bench.say(`${epochs} epochs: first tenth ${day.firstSeconds} s, last ${day.lastSeconds} s`);
  return [
    atMost(1.2, {
      what: '864,000 recovery points (10/s all day): time of the last tenth / of the first',
      measured: day.lastSeconds / day.firstSeconds,
      unit: '×',
    }),
    atMost(1.2, {
      what: 'the same, processor time only: what it costs without what the disk took',
      ...{ measured: day.lastBusySeconds / day.firstBusySeconds, unit: '×', required: false },
    }),
    atMost(100, {
      what: '864,000 recovery points: memory that is kept of each',
      measured: Math.max(0, day.bytesPerEpoch),
      unit: 'bytes',
      required: false,
    }),
  ];
}

async function measureHistory(bench: Bench): Promise<readonly Row[]> {
  const { rounds, historyExtents: extents } = sizesOf(bench.options);
  const folder = join(bench.folder, 'history');
  bench.say(`writing a history of ${extents} extents`);
  await runTask(bench, 'writeHistory', folder, { extents, diskBytes: TIB });
  const opened: Awaited<ReturnType<typeof openCold>>[] = [];
  for (let round = 1; round <= rounds; round += 1) opened.push(await openCold(bench, folder));
  await rm(folder, { recursive: true });
  const kept = Math.min(...opened.map(({ keptBytes }) => keptBytes));
  return [
    atMost(1, {
      what: 'a view in the middle of 10 million extents: from asking for it until its first MiB is read',
      measured: Math.min(...opened.map(({ viewSeconds }) => viewSeconds)),
      unit: 's',
    }),
    atMost(24, {
      what: 'the same: memory kept by the journal and the view, an extent',
      measured: kept / extents,
      unit: 'bytes',
    }),
    atMost(2, {
      what: 'the same: opening the journal itself, nothing of it in memory',
      measured: Math.min(...opened.map(({ journalSeconds }) => journalSeconds)),
      unit: 's',
      required: false,
    }),
  ];
}

async function openCold(bench: Bench, folder: string) {
  await forgetCached(folder);
  const opened = await runTask(bench, 'openHistory', folder);
  const { journalSeconds, viewSeconds, residentBytes } = opened;
  const seconds = `journal ${journalSeconds.toFixed(2)} s, view ${(viewSeconds * 1000).toFixed(1)} ms`;
  bench.say(`opened: ${seconds}, ${(residentBytes / 1e6).toFixed(0)} MB resident`);
  return opened;
}

interface ReadDisk {
  readonly sizeBytes: number;
  readonly stagingFolder: string;
  readonly folder: string;
  readonly rawPath: string;
  /** See `view-task.ts`. */
  readonly filesEpoch: number;
  readonly databaseEpoch: number;
}

async function measureReading(bench: Bench): Promise<readonly Row[]> {
  const { diskBytes: sizeBytes } = sizesOf(bench.options);
  const stagingFolder = join(bench.folder, 'staging');
  const folder = join(stagingFolder, SOURCE_SERVER_ID);
  const rawPath = join(bench.folder, 'raw');
  bench.say('writing a disk to a journal and to a raw file');
  const points = await runTask(bench, 'writeDisk', folder, { sizeBytes, rawPath });
  await runTask(bench, 'compareDisk', folder, { rawPath });
  const disk = { sizeBytes, stagingFolder, folder, rawPath, ...points };
  const rows = [...(await measureViews(bench, disk)), ...(await measureNbd(bench, disk))];
  await rm(stagingFolder, { recursive: true });
  await rm(rawPath);
  return rows;
}

async function measureViews(bench: Bench, disk: ReadDisk): Promise<readonly Row[]> {
  const { folder, rawPath, filesEpoch, databaseEpoch } = disk;
  const found = { raw: [] as number[], files: [] as number[], database: [] as number[] };
  for (let round = 1; round <= sizesOf(bench.options).rounds; round += 1) {
    await forgetCached(rawPath);
    found.raw.push((await runTask(bench, 'readRaw', rawPath)).bytesPerSecond);
    for (const [history, epoch] of [['files', filesEpoch] as const, ['database', databaseEpoch] as const]) {
      await forgetCached(folder);
      found[history].push((await runTask(bench, 'readView', folder, { epoch })).bytesPerSecond);
      bench.say(
        `view, ${history}: ${megabytes(found[history].at(-1))}, raw file ${megabytes(found.raw.at(-1))}`,
      );
    }
  }
  const [raw, files, database] = [found.raw, found.files, found.database].map((speeds) =>
    Math.max(...speeds),
  );
  const what = 'reading a view from front to back, nothing of it in memory: speed / of the raw file';
  return [
    atLeast(0.8, { what, measured: (files ?? 0) / (raw ?? 0), unit: '×' }),
    atLeast(0.8, {
      what: 'the same after one block of 16 KiB in 25 was changed in no order',
      measured: (database ?? 0) / (raw ?? 0),
      unit: '×',
      required: false,
    }),
  ];
}

async function measureNbd(bench: Bench, disk: ReadDisk): Promise<readonly Row[]> {
  const { sizeBytes, folder, rawPath } = disk;
  const speeds = { ours: [] as number[], raw: [] as number[] };
  const server = await ExportServer.start(bench, { ...disk, sourceServerId: SOURCE_SERVER_ID });
  const uri = await server.exportDisk(disk.filesEpoch);
  for (let round = 1; round <= sizesOf(bench.options).rounds; round += 1) {
    await forgetCached(rawPath);
    speeds.raw.push(sizeBytes / (await copySeconds(rawPath)));
    await forgetCached(folder);
    speeds.ours.push(sizeBytes / (await copySeconds(uri)));
    bench.say(`nbdcopy: NBD ${megabytes(speeds.ours.at(-1))}, raw file ${megabytes(speeds.raw.at(-1))}`);
  }
  await server.close();
  return [
    atLeast(0.6, {
      what: 'the same through NBD, with nbdcopy: speed / of the raw file',
      measured: Math.max(...speeds.ours) / Math.max(...speeds.raw),
      unit: '×',
    }),
  ];
}

async function copySeconds(source: string): Promise<number> {
  const startNs = systemClock.monotonicNs();
  await runChecked(['nbdcopy', source, 'null:'], { timeoutMs: COPY_TIMEOUT_MS });
  return Number(systemClock.monotonicNs() - startNs) / 1e9;
}

/** Opening is timed with what is durable out of memory; the rest is where `kill -9` left it. */
async function measureRecovery(bench: Bench): Promise<readonly Row[]> {
  const closed = await recoverOnce(bench, { extentBytes: BLOCK_BYTES, extentsPerEpoch: 1000 });
  const open = await recoverOnce(bench, { extentBytes: MIB });
  const { windowBytes } = sizesOf(bench.options);
  const window = `${(windowBytes / GIB).toPrecision(2)} GiB`;
  return [
    atMost(2, {
      what: `opening after kill -9, a window of ${window} of epochs of 4 KiB extents, until it is read`,
      measured: closed.seconds,
      unit: 's',
    }),
    atMost(2, {
      what: `opening after kill -9 in the middle of an epoch of ${window} (a rescan), until it is read`,
      measured: open.seconds,
      unit: 's',
    }),
    atMost(5, {
      what: 'the same, until an epoch can be put: what the killed process left is gone',
      ...{ measured: open.writableSeconds, unit: 's', required: false },
    }),
  ];
}

async function recoverOnce(
  bench: Bench,
  epochs: { readonly extentBytes: number; readonly extentsPerEpoch?: number },
): Promise<Recovered> {
  const { windowBytes } = sizesOf(bench.options);
  const folder = join(bench.folder, 'window');
  const { durableEpoch } = await writeAndKill(bench, folder, { ...epochs, windowBytes, diskBytes: TIB });
  await forgetCached(folder);
  const recovered = await runTask(bench, 'recover', folder);
  await rm(folder, { recursive: true });
  const { seconds, writableSeconds, lastEpoch } = recovered;
  const told = `read in ${seconds.toFixed(2)} s, written in ${writableSeconds.toFixed(2)} s`;
  bench.say(`opened after kill -9: ${told}, ${lastEpoch} epochs`);
  if (lastEpoch >= durableEpoch) return recovered;
  const message = `epoch ${durableEpoch} was acknowledged, ${lastEpoch} is the last one there`;
  throw new OperationError('BENCHMARK_FAILED', message);
}

function megabytes(bytesPerSecond = Number.NaN): string {
  return `${(bytesPerSecond / 1e6).toFixed(0)} MB/s`;
}
