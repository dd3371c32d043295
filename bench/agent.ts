/**
 * What the agent itself needs: memory with a TiB of disks, and processor time when there is nothing to do.
 * The memory is the most it ever had resident, while the disks (never written, so that no disk of that size
 * is needed) are being copied and a load writes to them.
 */
import { GIB, MIB, runChecked, systemClock, TIB } from '../packages/runtime/src/index.ts';
import { type Bench, runBenchmark } from './bed/benchmark.ts';
import { writeRandomly } from './bed/fio.ts';
import { cpuPercent, peakResidentBytes } from './bed/process-cost.ts';
import { Replication } from './bed/replication.ts';
import { atMost, type Row } from './bed/rows.ts';
import { attachRandom, attachSparse } from './bed/source-disks.ts';

const DISKS = 2;
const IDLE_DISK_BYTES = 128 * MIB;
const SYNC_TIMEOUT_MS = 5 * 60_000;
const LOAD_WRITES_PER_SECOND = 1000;
const SETTLE_MS = 5000;
const MEMORY_MAX = 200;
const IDLE_PERCENT_MAX = 1;

await runBenchmark({
  name: 'agent',
  bytesNeeded: () => 4 * GIB,
  measure: async (bench) => [await measureMemory(bench), await measureIdle(bench)],
});

async function measureMemory(bench: Bench): Promise<Row> {
  const devices: string[] = [];
  for (let index = 0; index < DISKS; index += 1) {
    devices.push(await attachSparse(bench.folder, `large-${index}`, TIB / DISKS));
  }
  const replication = await Replication.create(bench, { devices });
  replication.startAgent();
  await replication.until(
    'the first copy begins',
    async () => (await bytesRead(replication)) > 0,
    SYNC_TIMEOUT_MS,
  );
  await writeRandomly(bench.folder, {
    name: 'large',
    device: devices[0] ?? '',
    blockBytes: 4096,
    queueDepth: 8,
    writesPerSecond: LOAD_WRITES_PER_SECOND,
    seconds: bench.options.quick ? 4 : 60,
  });
  const peakBytes = await peakResidentBytes(replication.agentPid);
  bench.say(
    `${((await bytesRead(replication)) / GIB).toFixed(0)} GiB read so far, ${(peakBytes / 1e6).toFixed(0)} MB resident`,
  );
  await replication.close();
  for (const device of devices) await runChecked(['losetup', '--detach', device]);
  return atMost(MEMORY_MAX, {
    what: 'agent: most memory resident, 1 TiB of disks, while copying them and 1,000 writes/s',
    measured: peakBytes / 1e6,
    unit: 'MB',
  });
}

async function bytesRead(replication: Replication): Promise<number> {
  return (await replication.agentStatus())?.replication.bytesRead ?? 0;
}

async function measureIdle(bench: Bench): Promise<Row> {
  const device = await attachRandom(bench.folder, 'idle', IDLE_DISK_BYTES);
  const replication = await Replication.create(bench, { devices: [device] });
  replication.startAgent();
  await replication.untilFirstPoint(SYNC_TIMEOUT_MS);
  await replication.untilContinuous(SYNC_TIMEOUT_MS);
  // What it does once, a little after its start, is not idling.
  await systemClock.sleep(SETTLE_MS);
  const measured = await cpuPercent(replication.agentPid, bench.options.quick ? 4000 : 30_000);
  await replication.close();
  return atMost(IDLE_PERCENT_MAX, {
    what: 'agent: processor time of an idle server, replicating continuously',
    measured,
    unit: '% of a core',
  });
}
