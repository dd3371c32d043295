/**
 * A scan that freezes, against disks in memory whose every state is known: whoever writes, and whenever it
 * thaws, a cut is exact; and nothing stays frozen.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperationError } from '@landfall/runtime';
import { ScanSource } from '../scan/scan-source.ts';
import { ScannedWorld, SIZES } from '../scan/scanned-world.testing.ts';

const HISTORIES = Number(process.env.LANDFALL_SCAN_HISTORIES ?? 40);

/** Longer than anything is put off. */
const LONG_MS = 60 * 60_000;
const ALWAYS = { intervalMs: 0, limitMs: 10_000 };

const FROZEN_HISTORIES = HISTORIES / 2;

test(`${FROZEN_HISTORIES} random histories with a freeze: a cut is exact, whoever writes and whenever it thaws`, async () => {
  let cuts = 0;
  for (let seed = 1; seed <= FROZEN_HISTORIES; seed += 1) {
    const world = new ScannedWorld(seed, ALWAYS);
    for (let points = 0; points < 6; points += 1) {
      world.freezer.isRogueWriting = world.random.integer(3) === 0;
      world.freezer.readsUntilThaw = world.random.integer(3) === 0 ? 1 + world.random.integer(4) : 1000;
      for (let writes = world.random.integer(4); writes > 0; writes -= 1) world.write();
      if (world.random.integer(4) > 0) world.passTime(LONG_MS);
      const cut = await world.nextPoint();
      const what = `seed ${seed}, point ${points} (${cut.consistency})`;
      if (cut.consistency === 'CRASH_CONSISTENT') assert.ok(world.isEqual(), `${what}: S4`);
      if (world.lastWriteNs < cut.cutMonotonicNs) assert.ok(world.isEqual(), `${what}: S1`);
      assert.equal(world.freezer.isFrozen, false, `${what}: thawed`);
    }
    cuts += world.source.stats().freeze?.cuts ?? 0;
  }
  assert.ok(cuts > FROZEN_HISTORIES, `${cuts} cuts by freezing`);
});

test('while everybody writes, a freeze makes a cut, and the next comes only when it is due', async () => {
  const world = new ScannedWorld(11, { intervalMs: 1000, limitMs: 10_000 });
  assert.equal((await world.nextPoint()).consistency, 'CRASH_CONSISTENT');
  for (let points = 0; points < 3; points += 1) await world.nextPoint();
  assert.equal(world.source.stats().freeze?.cuts, 1);
  assert.equal(world.freezer.freezes, 1);
  assert.ok((world.source.stats().freeze?.lastFrozenMs ?? 0) >= 4, 'a millisecond a chunk');
});

test('a freeze that would take longer than it may is not begun, and the reason is told', async () => {
  const world = new ScannedWorld(12, { intervalMs: 0, limitMs: 2 });
  assert.equal((await world.nextPoint()).consistency, 'SCANNED');
  assert.equal(world.freezer.freezes, 0);
  assert.match(world.source.stats().freeze?.failure ?? '', /would take 0\.0 s, and a freeze may take 0\.0 s/);
});

test('what comes to nothing is told, and put off: a thaw too early, a writer that is no file system, a refusal', async () => {
  const world = new ScannedWorld(13, { intervalMs: 100, limitMs: 10_000 });
  const failureAfter = async (change: () => void) => {
    change();
    world.passTime(LONG_MS);
    for (const before = world.source.stats().freeze?.failure; ; ) {
      const { consistency } = await world.nextPoint();
      const { failure } = world.source.stats().freeze ?? {};
      if (failure === undefined || failure === before) continue;
      assert.equal(consistency, 'SCANNED');
      return failure;
    }
  };
  const thawed = await failureAfter(() => {
    world.freezer.readsUntilThaw = 1;
  });
  assert.match(thawed ?? '', /thawed before its end/);
  const written = await failureAfter(() => {
    world.freezer.readsUntilThaw = 1000;
    world.freezer.isRogueWriting = true;
  });
  assert.match(written ?? '', /written although/);
  const refused = await failureAfter(() => {
    world.freezer.failure = new OperationError('FREEZE_FAILED', 'no file system can be frozen');
  });
  assert.match(refused ?? '', /FREEZE_FAILED/);
});

test('a freeze ends with a chunk that cannot be read, with a call that is aborted, and with the scan', async () => {
  for (const end of ['FAILURE', 'ABORT', 'STOP'] as const) {
    const world = new ScannedWorld(14, ALWAYS);
    const stop = new AbortController();
    let source: ScanSource | undefined;
    const reader = {
      readsInFlightMax: 1,
      read: async <Result>(range: { lengthBytes: number }, use: (bytes: Buffer) => Result) => {
        world.writes += world.freezer.isFrozen ? 0 : 1;
        if (world.freezer.isFrozen && end === 'FAILURE') throw new Error('medium error');
        if (world.freezer.isFrozen && end === 'ABORT') stop.abort(new Error('aborted'));
        if (world.freezer.isFrozen && end === 'STOP') Promise.allSettled([source?.stop()]);
        return use(Buffer.alloc(range.lengthBytes));
      },
      close: async () => undefined,
    };
    source = new ScanSource({
      ...{
        disks: world.source.disks,
        clock: world.clock,
        reader,
        freeze: { freezer: world.freezer, ...ALWAYS },
      },
      writeMarks: SIZES.map(() => () => String(world.writes)),
    });
    await assert.rejects(source.nextCut({ waitMs: 1000, signal: stop.signal }));
    assert.deepEqual([world.freezer.freezes, world.freezer.isFrozen], [1, false], end);
  }
});

test('after a failure nothing is frozen for a minute, and then for two, however short the interval', async () => {
  const world = new ScannedWorld(15, ALWAYS);
  world.freezer.readsUntilThaw = 0;
  while (world.freezer.freezes === 0) await world.nextPoint();
  const attempts: number[] = [];
  for (const waitMs of [0, 59_000, 1000, 60_000, 59_000, 1000]) {
    world.passTime(waitMs);
    // What was written into for sure: others are cuts without a freeze.
    while ((await world.nextPoint()).consistency !== 'SCANNED');
    attempts.push(world.freezer.freezes);
  }
  assert.deepEqual(attempts, [1, 1, 2, 2, 2, 3]);
});

test('a freeze under which writes never settle lasts a second, and one whose counters fail no longer', async () => {
  const world = new ScannedWorld(16, { intervalMs: 0, limitMs: 60_000 });
  world.writeMark = () => (world.freezer.isFrozen ? undefined : String(world.writes));
  const beganNs = world.clock.monotonicNs();
  while (world.freezer.freezes === 0) await world.nextPoint();
  assert.match(world.source.stats().freeze?.failure ?? '', /under way all the time/);
  assert.ok(world.clock.monotonicNs() - beganNs < 2_000_000_000n);
  world.passTime(LONG_MS);
  world.writeMark = () => {
    if (world.freezer.isFrozen) throw new Error('no such disk');
    return String(world.writes);
  };
  await assert.rejects(async () => {
    for (let points = 0; points < 100; points += 1) await world.nextPoint();
  }, /no such disk/);
  assert.deepEqual([world.freezer.freezes, world.freezer.isFrozen], [2, false]);
});
