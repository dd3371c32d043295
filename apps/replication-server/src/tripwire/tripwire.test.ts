/** All servers watched together, over real journals; what was learned outlives the program. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { payloadChecksum } from '@landfall/block';
import { type JournalGroup, openJournalGroup } from '@landfall/journal';
import { type Clock, createLogger, MIB, type Random, seededRandom, silentLogger } from '@landfall/runtime';
import { VirtualClock } from '@landfall/runtime/virtual-clock';
import type { DetectorState } from './detector.ts';
import { Tripwire } from './tripwire.ts';

const CHUNK_BYTES = 256 * 1024;
const CHUNKS = 200;
const HOUR_MS = 3_600_000;

async function openGroup(t: TestContext): Promise<{ readonly group: JournalGroup; readonly folder: string }> {
  const parent = await mkdtemp(join(tmpdir(), 'landfall-tripwires-'));
  const folder = join(parent, 'journal');
  const disks = [{ diskId: 'disk-0', sizeBytes: CHUNKS * CHUNK_BYTES }];
  const options = { disks, create: true, reserveBytes: 0, logger: silentLogger };
  const group = await openJournalGroup({ folder, ...options });
  t.after(async () => {
    await group.close();
    await rm(parent, { recursive: true });
  });
  return { group, folder };
}

/** Epochs a second each, of noise or of text, over the whole disk. */
async function writeOver(
  watched: { readonly tripwire: Tripwire; readonly group: JournalGroup; readonly clock: VirtualClock },
  random: Random,
  isNoise: boolean,
): Promise<void> {
  const { tripwire, group, clock } = watched;
  const store = tripwire.of({ sourceServerId: 's-1', group }).changes.watch(group);
  const noise = random.bytes(CHUNK_BYTES * 2);
  for (let chunk = 0; chunk < CHUNKS; chunk += 20) {
    for (let index = chunk; index < chunk + 20; index += 1) {
      const from = random.integer(CHUNK_BYTES);
      const payload = isNoise
        ? noise.subarray(from, from + CHUNK_BYTES)
        : Buffer.alloc(CHUNK_BYTES, `line ${from} of a text\n`);
      const place = { diskIndex: 0, offsetBytes: index * CHUNK_BYTES, lengthBytes: CHUNK_BYTES };
      await store.putExtent({ ...place, codec: 0, checksum: payloadChecksum(payload) }, payload);
    }
    const epoch = store.lastEpoch + 1;
    const cut = { cutTimeMs: clock.nowMs(), cutMonotonicNs: clock.monotonicNs() };
    await store.commit({ epoch, ...cut, consistency: 'CRASH_CONSISTENT', extentCount: 20 });
    await clock.settle(clock.sleep(1000), HOUR_MS);
    await tripwire.lookAt([{ sourceServerId: 's-1', group }]);
  }
}

test('a suspicion is written down at once, known after a restart, and known when it was acknowledged', async (t) => {
  const clock = new VirtualClock();
  const { group } = await openGroup(t);
  let saved: ReadonlyMap<string, DetectorState> = new Map();
  const save = async (records: ReadonlyMap<string, DetectorState>) => {
    saved = new Map(records);
  };
  const server = { sourceServerId: 's-1', group };
  const start = () => {
    return new Tripwire({ records: saved, save, logger: silentLogger, clock, random: seededRandom(4) });
  };
  const first = start();
  await writeOver({ tripwire: first, group, clock }, seededRandom(1), false);
  await writeOver({ tripwire: first, group, clock }, seededRandom(2), true);
  await clock.settle(clock.sleep(60_000), HOUR_MS);
  await first.lookAt([server]);
  assert.equal(saved.get('s-1')?.incidents.length, 1, 'before the program ends');
  assert.equal(group.pins.length, 1);
  const second = start();
  const told = second.of(server).incidents;
  assert.deepEqual(told, saved.get('s-1')?.incidents);
  assert.ok((told[0]?.convertedBytes ?? 0) > 40 * MIB);
  await second.acknowledge(server, false);
  assert.ok(saved.get('s-1')?.incidents[0]?.acknowledgedAtMs !== undefined);
  await clock.settle(clock.sleep(60_000), HOUR_MS);
  await second.lookAt([server]);
  assert.equal(group.pins.length, 1, 'one attack, one pin');
});

test('a round of no servers, and the end of the program, are no work', async () => {
  const clock = new VirtualClock();
  const records = new Map<string, DetectorState>();
  const save = () => Promise.reject(new Error('nothing changed'));
  const tripwire = new Tripwire({ records, save, logger: silentLogger, clock });
  const stop = new AbortController();
  const running = tripwire.run(() => [], stop.signal);
  await clock.settle(clock.sleep(HOUR_MS), 2 * HOUR_MS);
  stop.abort();
  await clock.settle(running, HOUR_MS);
});

test('a pin that fails is tried again at each look, told once, and written down when it succeeds', async (t) => {
  const clock = new VirtualClock();
  const { group, folder } = await openGroup(t);
  let saved: ReadonlyMap<string, DetectorState> = new Map();
  const save = async (records: ReadonlyMap<string, DetectorState>) => {
    saved = new Map(records);
  };
  const lines: string[] = [];
  const logger = createLogger({ program: 'test', write: (line) => lines.push(line) });
  const tripwire = new Tripwire({ records: saved, save, logger, clock, random: seededRandom(4) });
  await writeOver({ tripwire, group, clock }, seededRandom(1), false);
  const inTheWay = join(folder, 'points.tmp');
  await mkdir(inTheWay);
  await writeOver({ tripwire, group, clock }, seededRandom(2), true);
  for (let looks = 0; looks < 5; looks += 1) {
    await clock.settle(clock.sleep(20_000), HOUR_MS);
    await tripwire.lookAt([{ sourceServerId: 's-1', group }]);
  }
  const [incident] = saved.get('s-1')?.incidents ?? [];
  assert.deepEqual([incident?.pinnedEpoch, group.pins.length], [undefined, 0]);
  assert.ok(incident !== undefined && incident.endedAtMs === undefined);
  assert.equal(lines.filter((line) => line.includes('"tripwire-not-pinned"')).length, 1);
  await rm(inTheWay, { recursive: true });
  await tripwire.lookAt([{ sourceServerId: 's-1', group }]);
  const [pin] = group.pins;
  assert.ok(pin !== undefined && pin.epoch < incident.onset.epoch);
  assert.equal(saved.get('s-1')?.incidents[0]?.pinnedEpoch, pin.epoch);
});

test('however long a round takes, most of the time is left to others', async () => {
  const stop = new AbortController();
  const pauses: number[] = [];
  let nowMs = 0;
  const clock: Clock = {
    nowMs: () => nowMs,
    monotonicNs: () => BigInt(nowMs) * 1_000_000n,
    sleep: async (durationMs) => {
      pauses.push(durationMs);
      nowMs += durationMs;
    },
  };
  const rounds = [1, 100, 1000, 60_000];
  const tripwire = new Tripwire({
    ...{ records: new Map(), save: () => Promise.resolve(), logger: silentLogger, clock },
  });
  const servers = () => {
    nowMs += rounds.shift() ?? 0;
    if (rounds.length === 0) stop.abort();
    return [];
  };
  await tripwire.run(servers, stop.signal);
  assert.deepEqual(pauses, [1000, 3000, 5000, 180_000]);
});
