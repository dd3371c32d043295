/**
 * A disk that nobody wrote to, compared again after a kill -9 of the agent that left no trace of what
 * happened since (as after a reboot): how fast, beside what one core hashes, and what it costs the network.
 * The disk is in memory: what is measured is the programs. The replication server reads and hashes the
 * replica for the first of the rounds and knows the hashes in the others.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTraceInstances } from '../e2e/trace-instances.ts';
import { GIB, MIB, OperationError, runChecked, systemClock } from '../packages/runtime/src/index.ts';
import { type Bench, type BenchOptions, runBenchmark } from './bed/benchmark.ts';
import { Replication } from './bed/replication.ts';
import { atLeast, atMost, type Row } from './bed/rows.ts';
import { attachRandom, bytesReadFrom, dropCached, mountMemory } from './bed/source-disks.ts';

const SIZE_GIB_DEFAULT = 4;
const QUICK_BYTES = 192 * MIB;
const ROUNDS = 3;
const SYNC_TIMEOUT_MS = 20 * 60_000;
const COPY_TIMEOUT_MS = 20 * 60_000;
/** More than what is read to look at a disk before the comparison begins. */
const BEGUN_BYTES = 8 * MIB;

interface Rescan {
  readonly bytesPerSecond: number;
  readonly networkBytes: number;
}

await runBenchmark({
  name: 'rescan',
  bytesNeeded: (options) => 3 * sizeOf(options) + GIB,
  measure: measureRescan,
});

function sizeOf({ quick, sizeGib = SIZE_GIB_DEFAULT }: BenchOptions): number {
  return quick ? QUICK_BYTES : sizeGib * GIB;
}

async function measureRescan(bench: Bench): Promise<readonly Row[]> {
  const sizeBytes = sizeOf(bench.options);
  bench.say('making a disk: every block random');
  const memory = await mountMemory(bench.folder, sizeBytes);
  const device = await attachRandom(memory, 'rescan', sizeBytes);
  const replication = await Replication.create(bench, { devices: [device] });
  replication.startAgent();
  await replication.untilFirstPoint(SYNC_TIMEOUT_MS);
  await replication.untilContinuous(SYNC_TIMEOUT_MS);
  const rescans: Rescan[] = [];
  const hashes: number[] = [];
  const copies: number[] = [];
  const rounds = bench.options.quick ? 1 : ROUNDS;
  for (let round = 1; round <= rounds; round += 1) {
    hashes.push(await hashSpeed(bench));
    copies.push(await rsyncSpeed(bench, device, sizeBytes, round));
    rescans.push(await rescanOnce(bench, replication, device, sizeBytes));
  }
  await replication.close();
  return rowsOf({ rescans, hashes, copies, sizeBytes });
}

function rowsOf(found: {
  rescans: readonly Rescan[];
  hashes: readonly number[];
  copies: readonly number[];
  sizeBytes: number;
}): readonly Row[] {
  const speed = Math.max(...found.rescans.map((rescan) => rescan.bytesPerSecond));
  const networkBytes = Math.max(...found.rescans.map((rescan) => rescan.networkBytes));
  return [
    atLeast(0.8, {
      what: 'rescan of an unchanged disk: bytes compared a second / SHA-256 of one core',
      measured: speed / Math.max(...found.hashes),
      unit: '×',
    }),
    atMost(0.1, {
      what: 'rescan of an unchanged disk: bytes on the network / bytes of the disk',
      measured: (100 * networkBytes) / found.sizeBytes,
      unit: '%',
    }),
    atLeast(1, {
      what: 'rescan of an unchanged disk: speed of ours / rsync --inplace --no-whole-file, no network',
      measured: speed / Math.max(...found.copies),
      unit: '×',
      required: false,
    }),
  ];
}

/** Timed from the first read of the disk until the recovery point that ends the comparison is durable. */
async function rescanOnce(
  bench: Bench,
  replication: Replication,
  device: string,
  sizeBytes: number,
): Promise<Rescan> {
  const before = await replication.takeRecoveryPoint(SYNC_TIMEOUT_MS);
  await replication.stopAgent('SIGKILL');
  // As a reboot would: nothing is left that could say what changed while the agent was away.
  await removeTraceInstances([replication.agentId]);
  await dropCached(device);
  const readBefore = await bytesReadFrom(device);
  replication.startAgent();
  const read = async () => (await bytesReadFrom(device)) - readBefore;
  await replication.until('the comparison begins', async () => (await read()) > BEGUN_BYTES, SYNC_TIMEOUT_MS);
  const startNs = systemClock.monotonicNs();
  const begunBytes = await read();
  // An unchanged disk needs no epoch: one is asked for, which is cut when the comparison has ended.
  const point = await replication.takeRecoveryPoint(SYNC_TIMEOUT_MS);
  const seconds = Number(systemClock.monotonicNs() - startNs) / 1e9;
  const networkBytes = await bytesOnNetwork(replication.port);
  if (point.epoch <= before.epoch || (await read()) < sizeBytes)
    throw new OperationError('BENCHMARK_FAILED', 'the disk was not read to its end: nothing was compared');
  const bytesPerSecond = (sizeBytes - begunBytes) / seconds;
  bench.say(`landfall: ${(bytesPerSecond / 1e6).toFixed(0)} MB/s, ${networkBytes} bytes on the network`);
  return { bytesPerSecond, networkBytes };
}

/** Both directions of the agent's connections, as the kernel counts them. */
async function bytesOnNetwork(port: number): Promise<number> {
  const { stdout } = await runChecked(['ss', '-tinHO', 'state', 'established', `( dport = :${port} )`]);
  const counts = [...stdout.matchAll(/\bbytes_(?:sent|received):(\d+)/g)].map((match) => Number(match[1]));
  if (counts.length === 0) throw new OperationError('BENCHMARK_FAILED', 'the agent has no connection');
  return counts.reduce((sum, count) => sum + count, 0);
}

async function hashSpeed(bench: Bench): Promise<number> {
  const seconds = bench.options.quick ? '1' : '3';
  const argv = ['openssl', 'speed', '-mr', '-seconds', seconds, '-bytes', String(MIB), '-evp', 'sha256'];
  const { stdout } = await runChecked(argv);
  const bytesPerSecond = Number(/^\+F:\d+:[^:]+:([\d.]+)/m.exec(stdout)?.[1]);
  bench.say(`SHA-256 of one core: ${(bytesPerSecond / 1e6).toFixed(0)} MB/s`);
  return bytesPerSecond;
}

/**
 * rsync's delta transfer, both ends on this machine over a pipe: it has to read and hash as we do, without
 * TLS. The copy it compares with is made in the first round.
 */
async function rsyncSpeed(bench: Bench, device: string, sizeBytes: number, round: number): Promise<number> {
  const target = join(bench.folder, 'rsync.img');
  if (round === 1) await runChecked(['cp', '--sparse=never', device, target], { timeoutMs: COPY_TIMEOUT_MS });
  await dropCached(device);
  const argv = ['rsync', '--inplace', '--no-whole-file', '--copy-devices', '--checksum', '--ignore-times'];
  const startNs = systemClock.monotonicNs();
  await runChecked([...argv, device, target], { timeoutMs: COPY_TIMEOUT_MS });
  const seconds = Number(systemClock.monotonicNs() - startNs) / 1e9;
  if (round === (bench.options.quick ? 1 : ROUNDS)) await rm(target);
  bench.say(`rsync: ${(sizeBytes / seconds / 1e6).toFixed(0)} MB/s`);
  return sizeBytes / seconds;
}
