/**
 * How long it takes until a server is back: from the launch call to the first HTTP 200, of a point that
 * nobody has looked at and of one that was verified (its conversion is kept), beside QEMU alone on the same
 * disk and beside the field's usual way from views of the same disks. Ours is the whole: the call over the
 * API, control plane, replication server with its journal, launch host. The guest is one of the matrix: a
 * Debian 12 from SATA and e1000, whose initial RAM filesystem has no virtio driver. Beside its own disk,
 * which is almost empty, it has one full of data, as servers do: the usual way has to copy it before anything
 * starts.
 */
import { join } from 'node:path';
import { cacheFolder } from '../apps/cli/src/setup/cache-folder.ts';
import type { BuiltGuest } from '../e2e/guests/guest-disks.ts';
import { ViewServer } from '../e2e/guests/view-server.ts';
import { type Accelerator, probeAccelerator } from '../packages/launch/src/index.ts';
import { createLogger, GIB, MIB, OperationError, runChecked } from '../packages/runtime/src/index.ts';
import { type Bench, type BenchOptions, runBenchmark } from './bed/benchmark.ts';
import { atLeast, atMost, type Row } from './bed/rows.ts';
import type { LaunchTimes } from './rto/launch-times.ts';
import { Launches } from './rto/launches.ts';
import { flatten, timePlainBoot, timeUsualWay, type UsualTimes } from './rto/plain-boots.ts';
import { ReplicatedServer, type SourceDisk } from './rto/replicated-server.ts';

const LAUNCHER = join(import.meta.dirname, '../landfall');
const GUEST = '12-bios-ext4-static';
const ROUNDS = 3;
/** Boots that a goal of seconds compares, in each round: one says little on a machine that is shared. */
const PAIRS = 2;
const DATA_GIB_DEFAULT = 16;
const QUICK_DATA_BYTES = 256 * MIB;
const DATA_TIMEOUT_MS = 10 * 60_000;
const BUILD_TIMEOUT_MS = 30 * 60_000;

interface Round {
  readonly unverified: LaunchTimes;
  readonly pairs: readonly Pair[];
  readonly usual: UsualTimes;
}

interface Pair {
  readonly plainMs: number;
  readonly verified: LaunchTimes;
}

await runBenchmark({
  name: 'rto',
  // The disk, the journal, and the copy of the usual way.
  bytesNeeded: (options) => 10 * GIB + 3 * dataBytesOf(options),
  measure: measureRto,
});

function dataBytesOf({ quick, sizeGib = DATA_GIB_DEFAULT }: BenchOptions): number {
  return quick ? QUICK_DATA_BYTES : sizeGib * GIB;
}

async function measureRto(bench: Bench): Promise<readonly Row[]> {
  // The appliance is the one that is there, not one built anew beside the benchmark's temporary files.
  process.env.LIBGUESTFS_CACHEDIR ??= '/var/tmp';
  const guest = await buildGuest(bench);
  const logger = createLogger({ program: 'bench-rto', level: 'warn' });
  const { accelerator } = await probeAccelerator(join(bench.folder, 'accelerator.json'), logger);
  bench.say(`machines run with ${accelerator}`);
  const data = await makeDataDisk(bench);
  const disks = [...guest.disks.map((disk) => ({ ...disk, isShared: true })), data];
  bench.say('replicating them');
  const server = await ReplicatedServer.create(bench, disks);
  const views = await serveViews(bench.folder, disks);
  try {
    const place = { folder: bench.folder, accelerator };
    const viewUris = views.map(({ uri }) => uri);
    return rowsOf(await measureRounds(bench, new Launches(server), { place, dataPath: data.path, viewUris }));
  } finally {
    for (const view of views) await view.stop();
    await server.close();
  }
}

/** What the usual way copies from: quicker than any journal. */
async function serveViews(folder: string, disks: readonly SourceDisk[]): Promise<readonly ViewServer[]> {
  const views: ViewServer[] = [];
  for (const [index, { path }] of disks.entries())
    views.push(await ViewServer.start(folder, `view-${index}`, path));
  return views;
}

/** Out of the cache, or into it. It ends with this process. */
async function buildGuest(bench: Bench): Promise<BuiltGuest> {
  bench.say(`the guest: ${GUEST} of the guest matrix, built now if it is not there`);
  const argv = ['setpriv', '--pdeathsig', 'TERM', LAUNCHER, 'guest-matrix', '--build', '--only', GUEST];
  const env = { LANDFALL_CACHE_DIR: cacheFolder(), TMPDIR: undefined };
  const { stdout } = await runChecked(argv, { env, timeoutMs: BUILD_TIMEOUT_MS });
  const guest = (JSON.parse(stdout) as Readonly<Record<string, BuiltGuest>>)[GUEST];
  if (guest === undefined) throw new OperationError('BENCHMARK_FAILED', `${GUEST} was not built`);
  return guest;
}

async function makeDataDisk(bench: Bench): Promise<SourceDisk> {
  const sizeBytes = dataBytesOf(bench.options);
  bench.say(`a disk of ${sizeBytes / GIB} GiB of random data`);
  const path = join(bench.folder, 'data.raw');
  const count = `count=${sizeBytes / MIB}`;
  const argv = ['dd', 'if=/dev/urandom', `of=${path}`, 'bs=1M', count, 'conv=fsync'] as const;
  await runChecked(argv, { timeoutMs: DATA_TIMEOUT_MS });
  return { path, sizeBytes, isShared: false };
}

interface Peers {
  readonly place: { readonly folder: string; readonly accelerator: Accelerator };
  readonly dataPath: string;
  readonly viewUris: readonly string[];
}

async function measureRounds(
  bench: Bench,
  launches: Launches,
  { place, dataPath, viewUris }: Peers,
): Promise<Round[]> {
  bench.say('a proof of boot, whose conversion is kept');
  await launches.verify();
  bench.say('a converted disk for QEMU alone');
  const local = join(bench.folder, 'converted.raw');
  let macAddress = '';
  await launches.convertOnly(async (overlay, ofCard) => {
    await flatten(overlay, local);
    macAddress = ofCard;
  });
  const rounds: Round[] = [];
  await launches.awaitReadyAppliance();
  const pairOf = () => timePair(bench, launches, { ...place, disks: [local, dataPath], macAddress });
  const { quick } = bench.options;
  for (let round = 1; round <= (quick ? 1 : ROUNDS); round += 1) {
    const unverified = await launches.time('UNVERIFIED');
    sayLaunch(bench, 'not verified', unverified);
    await launches.awaitReadyAppliance();
    const pairs: Pair[] = [];
    for (let pair = 1; pair <= (quick ? 1 : PAIRS); pair += 1) pairs.push(await pairOf());
    const usual = await timeUsualWay({ ...place, viewUris });
    const { copyMs, conversionMs, totalMs } = usual;
    bench.say(`the usual way: ${totalMs} ms, of it copy ${copyMs} ms, virt-v2v-in-place ${conversionMs} ms`);
    rounds.push({ unverified, pairs, usual });
  }
  return rounds;
}

async function timePair(
  bench: Bench,
  launches: Launches,
  request: Parameters<typeof timePlainBoot>[0],
): Promise<Pair> {
  const plainMs = await timePlainBoot(request);
  bench.say(`QEMU alone: ${plainMs} ms`);
  const verified = await launches.time('VERIFIED');
  sayLaunch(bench, 'verified', verified);
  return { plainMs, verified };
}

function sayLaunch(bench: Bench, what: string, { toStartMs, toAnswerMs, wasPrepared }: LaunchTimes): void {
  const conversion = wasPrepared ? 'its conversion was kept' : 'converted';
  bench.say(`landfall, ${what}: ${toAnswerMs} ms, of it ${toStartMs} ms until it was started; ${conversion}`);
}

function rowsOf(rounds: readonly Round[]): readonly Row[] {
  const best = (msOf: (round: Round) => number | readonly number[]) => Math.min(...rounds.flatMap(msOf));
  const unverifiedMs = best(({ unverified }) => unverified.toAnswerMs);
  const conversionMs = best(({ unverified }) => unverified.toStartMs);
  const verifiedMs = best(({ pairs }) => pairs.map(({ verified }) => verified.toAnswerMs));
  const plainMs = best(({ pairs }) => pairs.map((pair) => pair.plainMs));
  const usualMs = best(({ usual }) => usual.totalMs);
  return [
    atMost(90, {
      what: 'launch call → HTTP 200, point not verified',
      ...{ measured: unverifiedMs / 1000, unit: 's', required: false },
    }),
    atMost(0.25, {
      what: 'point not verified: launch call → started / virt-v2v-in-place alone',
      ...{ measured: conversionMs / best(({ usual }) => usual.conversionMs), unit: '×' },
    }),
    atLeast(5, {
      what: 'point not verified: copy, virt-v2v-in-place, boot / launch call → HTTP 200',
      ...{ measured: usualMs / unverifiedMs, unit: '×' },
    }),
    atLeast(5, {
      what: 'verified point: copy, virt-v2v-in-place, boot / launch call → HTTP 200',
      ...{ measured: usualMs / verifiedMs, unit: '×' },
    }),
    atMost(3, {
      what: 'verified point: launch call → HTTP 200, more than QEMU alone on the same disk',
      ...{ measured: (verifiedMs - plainMs) / 1000, unit: 's' },
    }),
  ];
}
