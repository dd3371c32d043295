/**
 * First sync over loopback TLS, beside what one would copy a disk with otherwise. Ours is timed from
 * starting the agent until its first recovery point is durable; a peer from starting it until its copy is
 * durable. Rounds are interleaved and the best of each counts. What was replicated is compared with the
 * source afterwards.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { GIB, MIB, runChecked, systemClock } from '../packages/runtime/src/index.ts';
import { type Bench, type BenchOptions, runBenchmark } from './bed/benchmark.ts';
import { attachFileSystem } from './bed/file-system-disk.ts';
import { Replication } from './bed/replication.ts';
import { atLeast, type Row } from './bed/rows.ts';
import { attachRandom, dropCached } from './bed/source-disks.ts';
import { copySeconds, NBDCOPY, type Peer, QEMU_IMG, startTlsTarget } from './bed/tls-target.ts';

const SIZE_GIB_DEFAULT = 8;
const QUICK_BYTES = 192 * MIB;
const ROUNDS = 3;
const SYNC_TIMEOUT_MS = 20 * 60_000;
const COMPARE_TIMEOUT_MS = 20 * 60_000;
const LISTED_TIMEOUT_MS = 60_000;

interface Source {
  readonly device: string;
  readonly sizeBytes: number;
  /** Fails when the copy at `path` is not what it should be. */
  check(path: string): Promise<void>;
}

await runBenchmark({
  name: 'sync',
  // Source, journal, a peer's target, and the copy that is compared.
  bytesNeeded: (options) => 3.5 * sizeOf(options),
  measure: async (bench) => [...(await measureFileSystem(bench)), ...(await measureRandom(bench))],
});

function sizeOf({ quick, sizeGib = SIZE_GIB_DEFAULT }: BenchOptions): number {
  return quick ? QUICK_BYTES : sizeGib * GIB;
}

async function measureFileSystem(bench: Bench): Promise<readonly Row[]> {
  const sizeBytes = sizeOf(bench.options);
  bench.say('making a disk: half files, a quarter deleted files, a quarter never written');
  const disk = await attachFileSystem(bench, sizeBytes);
  const source = { ...disk, check: (path: string) => checkFiles(bench, disk.mountPoint, path) };
  const best = await measureRounds(bench, source, [NBDCOPY, QEMU_IMG]);
  const peer = Math.min(best.peer(NBDCOPY), best.peer(QEMU_IMG));
  await runChecked(['umount', disk.mountPoint]);
  await removeDisk(bench, disk.device, 'file-system');
  return [
    atLeast(1.5, {
      what: 'first sync, mounted: half files, a quarter stale, a quarter zero: fastest peer / ours',
      measured: peer / best.ours,
      unit: '×',
    }),
  ];
}

async function measureRandom(bench: Bench): Promise<readonly Row[]> {
  const sizeBytes = Math.max(QUICK_BYTES, sizeOf(bench.options) / 4);
  bench.say('making a disk: every block random');
  const device = await attachRandom(bench.folder, 'random', sizeBytes);
  const source = { device, sizeBytes, check: (path: string) => checkBytes(device, path) };
  const best = await measureRounds(bench, source, [NBDCOPY]);
  return [
    atLeast(0.8, {
      what: 'first sync of random bytes: speed of ours / nbdcopy',
      measured: best.peer(NBDCOPY) / best.ours,
      unit: '×',
    }),
  ];
}

interface Best {
  readonly ours: number;
  peer(peer: Peer): number;
}

async function measureRounds(bench: Bench, source: Source, peers: readonly Peer[]): Promise<Best> {
  const rounds = bench.options.quick ? 1 : ROUNDS;
  const ours: number[] = [];
  const theirs = new Map<Peer, number[]>(peers.map((peer) => [peer, []]));
  const tell = (who: string, seconds: number) => {
    const speed = source.sizeBytes / seconds / 1e6;
    bench.say(`${who}: ${seconds.toFixed(2)} s, ${speed.toFixed(0)} MB/s of disk`);
  };
  for (let round = 1; round <= rounds; round += 1) {
    for (const peer of peers) {
      const seconds = await timePeer(bench, source, peer, round === rounds);
      theirs.get(peer)?.push(seconds);
      tell(peer.name, seconds);
    }
    const seconds = await timeOurs(bench, source, round === rounds);
    ours.push(seconds);
    tell('landfall', seconds);
  }
  return { ours: Math.min(...ours), peer: (peer) => Math.min(...(theirs.get(peer) ?? [])) };
}

async function timePeer(bench: Bench, source: Source, peer: Peer, check: boolean): Promise<number> {
  await dropCached(source.device);
  const target = await startTlsTarget(bench.folder, source.sizeBytes);
  try {
    const seconds = await copySeconds(peer, source.device, target);
    if (check) await source.check(target.path);
    return seconds;
  } finally {
    await target.close();
  }
}

async function timeOurs(bench: Bench, source: Source, check: boolean): Promise<number> {
  await dropCached(source.device);
  const replication = await Replication.create(bench, { devices: [source.device], plainJournal: true });
  const startNs = systemClock.monotonicNs();
  replication.startAgent();
  await replication.untilFirstPoint(SYNC_TIMEOUT_MS);
  const seconds = Number(systemClock.monotonicNs() - startNs) / 1e9;
  bench.say(await replication.describeCpu());
  if (check) await checkReplica(bench, replication, source);
  await replication.close();
  return seconds;
}

async function checkReplica(bench: Bench, replication: Replication, source: Source): Promise<void> {
  const point = await replication.listedPoint(LISTED_TIMEOUT_MS);
  const path = join(bench.folder, 'replica.img');
  await runChecked(['nbdcopy', await replication.exportDisk(point.epoch), path], {
    timeoutMs: COMPARE_TIMEOUT_MS,
  });
  await source.check(path);
  await rm(path);
}

async function checkBytes(device: string, path: string): Promise<void> {
  await runChecked(['cmp', device, path], { timeoutMs: COMPARE_TIMEOUT_MS });
}

/** Free space may differ: what is proved free is not copied. Every file must be there, byte by byte. */
async function checkFiles(bench: Bench, original: string, path: string): Promise<void> {
  const copy = join(bench.folder, 'copy');
  await mkdir(copy, { recursive: true });
  // It was mounted when it was copied: its journal is replayed, as after a power cut.
  await runChecked(['mount', path, copy]);
  await runChecked(['diff', '-r', '--brief', original, copy], { timeoutMs: COMPARE_TIMEOUT_MS });
  await runChecked(['umount', copy]);
}

async function removeDisk(bench: Bench, device: string, name: string): Promise<void> {
  await runChecked(['losetup', '--detach', device]);
  await rm(join(bench.folder, `${name}.disk`));
}
