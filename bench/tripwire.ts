/**
 * The ransomware tripwire beside what servers do all day, and beside attacks: on a real file system,
 * replicated by the real agent to the real replication server. False alarms of each workload; of each attack
 * how long it takes to be noticed, what was encrypted until then, and whether the point that was pinned is
 * older than the first encrypted byte.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { GIB, MIB, systemClock } from '../packages/runtime/src/index.ts';
import { type Bench, runBenchmark } from './bed/benchmark.ts';
import { Replication } from './bed/replication.ts';
import { atMost, type Row } from './bed/rows.ts';
import { ATTACKS, type Attack, encryptedAt, runAttack } from './tripwire/attacks.ts';
import { measureCost } from './tripwire/cost.ts';
import { changedFilesOf, hashesOf } from './tripwire/file-hashes.ts';
import { linesSince, looksOf, type Suspicion, suspicionsSince } from './tripwire/suspicions.ts';
import { copyFiles, makeVictimDisk, removeAll, syncDisk, type VictimDisk } from './tripwire/victim-disk.ts';
import { WORKLOADS, type Workload } from './tripwire/workloads.ts';

interface Campaign {
  readonly bench: Bench;
  readonly disk: VictimDisk;
  readonly replication: Replication;
  /** 1, or less for a quick run. */
  readonly size: number;
}

const DISK_BYTES = 8 * GIB;
const QUICK_DISK_BYTES = 2 * GIB;
const SYNC_TIMEOUT_MS = 10 * 60_000;
const VICTIM_BYTES = 300 * MIB;
const SLOW_VICTIM_BYTES = 100 * MIB;
/** Until what a workload left has been looked at, comparisons included. */
const SETTLE_MS = 25_000;
const AGE_MS = 50_000;
const DETECTION_MS_MAX = 180_000;

await runBenchmark({
  name: 'tripwire',
  bytesNeeded: () => 2 * DISK_BYTES,
  measure: measureTripwire,
});

async function measureTripwire(bench: Bench): Promise<readonly Row[]> {
  const size = bench.options.quick ? 0.25 : 1;
  const disk = await makeVictimDisk(bench, bench.options.quick ? QUICK_DISK_BYTES : DISK_BYTES);
  const replication = await Replication.create(bench, {
    devices: [disk.device],
    serverOptions: ['--log-level', 'debug'],
  });
  replication.startAgent();
  await replication.untilContinuous(SYNC_TIMEOUT_MS);
  const campaign = { bench, disk, replication, size };
  const rows: Row[] = [];
  for (const workload of bench.options.quick ? WORKLOADS.slice(3, 4) : WORKLOADS) {
    rows.push(await runWorkload(campaign, workload));
  }
  for (const attack of ATTACKS) rows.push(...(await watchAttack(campaign, attack)));
  await replication.close();
  rows.push(...(await measureCost(bench)));
  return rows;
}

async function runWorkload(campaign: Campaign, workload: Workload): Promise<Row> {
  const { bench, disk, size } = campaign;
  const folder = join(disk.mountPoint, 'workload');
  await mkdir(folder);
  await workload.prepare(folder, size);
  const fromMs = await settled(campaign);
  await workload.run(folder, size);
  await syncDisk(disk);
  await systemClock.sleep(SETTLE_MS);
  const suspicions = await suspicionsSince(campaign.replication.serverLog, fromMs);
  const looks = looksOf(await linesSince(campaign.replication.serverLog, fromMs));
  bench.say(`${workload.name}: ${suspicions.length} alarms; ${JSON.stringify(looks)}`);
  await removeAll(folder);
  return atMost(0, {
    what: `${workload.name}: false alarms in ${looks.looks} looks at ${looks.writtenMib} MiB`,
    measured: suspicions.length,
    unit: 'alarms',
    required: workload.isAmbiguous !== true,
  });
}

/** What was before is durable, looked at and forgotten; from then on, by the clock, something is watched. */
async function settled({ disk, replication }: Campaign): Promise<number> {
  await syncDisk(disk);
  await replication.takeRecoveryPoint(SYNC_TIMEOUT_MS);
  await systemClock.sleep(SETTLE_MS);
  await replication.acknowledgeTripwire();
  await systemClock.sleep(2000);
  return systemClock.nowMs();
}

async function watchAttack(campaign: Campaign, attack: Attack): Promise<readonly Row[]> {
  const { bench, disk, replication, size } = campaign;
  const folder = join(disk.mountPoint, 'files');
  await copyFiles(folder, attack.bytesPerSecond === undefined ? VICTIM_BYTES * size : SLOW_VICTIM_BYTES);
  const before = await hashesOf(folder);
  // As old as files are that are worth attacking: older than any margin of the pin.
  await syncDisk(disk);
  await systemClock.sleep(AGE_MS);
  const fromMs = await settled(campaign);
  let suspicion: Suspicion | undefined;
  const encrypting = runAttack(attack, folder, () => suspicion !== undefined);
  while (suspicion === undefined && systemClock.nowMs() - fromMs < DETECTION_MS_MAX) {
    await systemClock.sleep(250);
    [suspicion] = await suspicionsSince(replication.serverLog, fromMs);
  }
  const progress = await encrypting;
  await syncDisk(disk);
  await systemClock.sleep(SETTLE_MS);
  const alarms = await suspicionsSince(replication.serverLog, fromMs);
  const beganMs = progress[0]?.atMs ?? fromMs;
  const detectedMs = suspicion?.detectedAtMs ?? Number.POSITIVE_INFINITY;
  const delayMs = detectedMs - beganMs;
  const encryptedMb = encryptedAt(progress, detectedMs) / 1e6;
  const pinnedBeforeMs = beganMs - (suspicion?.pinnedAtMs ?? Number.POSITIVE_INFINITY);
  const changedFiles = await changedIn(campaign, suspicion?.pinnedEpoch, before);
  const said = { alarms: alarms.length, delayMs, encryptedMb, pinnedBeforeMs, changedFiles, ...suspicion };
  const looks = looksOf(await linesSince(replication.serverLog, fromMs));
  bench.say(`attack, ${attack.name}: ${JSON.stringify({ ...said, ...looks })}`);
  await removeAll(folder);
  const what = `attack, ${attack.name}`;
  return [
    atMost(120, { what: `${what}: noticed after`, measured: delayMs / 1000, unit: 's' }),
    atMost(VICTIM_BYTES / 1e6, {
      what: `${what}: encrypted until then`,
      measured: encryptedMb,
      unit: 'MB',
      required: false,
    }),
    atMost(0, {
      what: `${what}: of ${before.size} files, in the pinned point not as they were before it`,
      measured: changedFiles,
      unit: 'files',
    }),
    atMost(1, { what: `${what}: incidents`, measured: alarms.length, unit: 'incidents' }),
  ];
}

/** The pinned point as whoever recovers it finds it: a copy of it, mounted, its journal replayed. */
async function changedIn(
  { bench, replication }: Campaign,
  epoch: number | undefined,
  before: ReadonlyMap<string, string>,
): Promise<number> {
  if (epoch === undefined) return before.size;
  const uri = await replication.exportDisk(epoch);
  return changedFilesOf(bench.folder, uri, before);
}
