/**
 * A scan against disks in memory whose every state is known: random writes at random moments of the passes,
 * lost epochs, redone extents. What a replica made of the epochs holds is compared with what the disks held.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CapturedExtent } from '../engine/epoch-source.ts';
import { SCAN_CHUNK_BYTES } from './chunk-hashes.ts';
import { ScanSource } from './scan-source.ts';
import { ScannedWorld, SIZES } from './scanned-world.testing.ts';

const HISTORIES = Number(process.env.LANDFALL_SCAN_HISTORIES ?? 40);

test(`${HISTORIES} random histories: a point misses nothing from before its time, and a cut is exact`, async () => {
  for (let seed = 1; seed <= HISTORIES; seed += 1) {
    const world = new ScannedWorld(seed);
    for (let points = 0; points < 4; points += 1) {
      world.writeDuringReads = world.random.integer(3) > 0;
      for (let writes = world.random.integer(4); writes > 0; writes -= 1) world.write();
      const cut = await world.nextPoint();
      const what = `seed ${seed}, point ${points} (${cut.consistency})`;
      if (cut.consistency === 'CRASH_CONSISTENT') assert.ok(world.isEqual(), `${what}: S2`);
      if (world.lastWriteNs < cut.cutMonotonicNs) assert.ok(world.isEqual(), `${what}: S1`);
    }
    world.writeDuringReads = false;
    await world.nextPoint();
    const quiet = await world.nextPoint();
    assert.equal(quiet.consistency, 'CRASH_CONSISTENT', `seed ${seed}: nothing was written`);
    assert.ok(world.isEqual(), `seed ${seed}: what differed is found`);
    assert.equal(world.dirtyBytes(), 0);
  }
});

test('the first copy is the first pass, and an unchanged disk sends nothing in the next', async () => {
  const world = new ScannedWorld(7);
  world.writeDuringReads = false;
  world.write();
  const total = SIZES.reduce((sum, size) => sum + size, 0);
  assert.equal(world.dirtyBytes(), total);
  const first = await world.nextPoint();
  assert.equal(first.consistency, 'CRASH_CONSISTENT');
  const beforeNs = world.clock.monotonicNs();
  const second = await world.nextPoint();
  assert.deepEqual(second.extents, []);
  assert.ok(second.cutMonotonicNs - beforeNs >= 10_000_000n, 'the disks rested in between');
  assert.equal(world.source.stats().quietPasses, 2);
});

test('a pass that was written into is as old as its beginning, and says so', async () => {
  const world = new ScannedWorld(3);
  world.writeDuringReads = false;
  await world.nextPoint();
  world.writeDuringReads = true;
  const cut = await world.nextPoint();
  assert.equal(cut.consistency, 'SCANNED');
  const { lastPassDurationMs = 0 } = world.source.stats();
  const ageMs = Number(world.clock.monotonicNs() - cut.cutMonotonicNs) / 1e6;
  assert.ok(ageMs >= lastPassDurationMs && lastPassDurationMs > 0, 'S3');
});

test('where the kernel does not count writes no point is called a cut', async () => {
  const world = new ScannedWorld(5);
  const blind = new ScanSource({
    ...{ disks: world.source.disks, clock: world.clock, restMs: { least: 0, most: 0 } },
    reader: {
      readsInFlightMax: 1,
      read: async (range, use) => use(Buffer.alloc(range.lengthBytes)),
      close: async () => undefined,
    },
    writeMarks: SIZES.map(() => () => undefined),
  });
  const cut = await blind.nextCut({ waitMs: 1000, signal: new AbortController().signal });
  assert.equal(cut?.consistency, 'SCANNED');
});

test('a chunk that cannot be read loses nothing that was read beside it', async () => {
  const world = new ScannedWorld(9);
  let failing = true;
  const source = new ScanSource({
    ...{ disks: world.source.disks, clock: world.clock, restMs: { least: 0, most: 0 } },
    reader: {
      readsInFlightMax: 4,
      read: async (range, use) => {
        if (failing && range.offsetBytes === SCAN_CHUNK_BYTES) throw new Error('medium error');
        return use(Buffer.alloc(range.lengthBytes, 1));
      },
      close: async () => undefined,
    },
    writeMarks: SIZES.map(() => () => '0'),
  });
  for (const [index, size] of SIZES.entries()) source.markDirty(index, { offsetBytes: 0, lengthBytes: size });
  await assert.rejects(source.takeBulk(8 * SCAN_CHUNK_BYTES), /medium error/);
  failing = false;
  const taken: CapturedExtent[] = [];
  for (let round = 0; round < 8; round += 1) taken.push(...(await source.takeBulk(8 * SCAN_CHUNK_BYTES)));
  const bytes = taken.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0);
  assert.equal(
    bytes,
    SIZES.reduce((sum, size) => sum + size, 0),
  );
  await source.stop();
  await assert.rejects(source.takeBulk(1), { code: 'CAPTURE_STOPPED' });
});
