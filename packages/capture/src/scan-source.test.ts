/**
 * A scan against disks in memory whose every state is known: random writes at random moments of the passes,
 * lost epochs, redone extents. What a replica made of the epochs holds is compared with what the disks held.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Clock, OperationError, type Random, seededRandom } from '@landfall/runtime';
import { SCAN_CHUNK_BYTES } from './chunk-hashes.ts';
import type { CapturedExtent, Cut } from './epoch-source.ts';
import type { DiskFreezer, FreezeHold } from './freeze/disk-freezer.ts';
import { ScanSource } from './scan-source.ts';

const SIZES = [3 * SCAN_CHUNK_BYTES + 512, SCAN_CHUNK_BYTES];
const HISTORIES = Number(process.env.LANDFALL_SCAN_HISTORIES ?? 40);

/** A block is one number at the start of its 64 KiB, so that disks are cheap to write and to compare. */
const BLOCK_BYTES = 64 * 1024;

/** Keeps everybody from writing, or only pretends to; thaws by itself after so many reads. */
class WorldFreezer implements DiskFreezer {
  isRogueWriting = false;
  readsUntilThaw = Number.POSITIVE_INFINITY;
  failure: OperationError | undefined;
  freezes = 0;
  #isFrozen = false;

  get keepsOut(): boolean {
    return this.#isFrozen && !this.isRogueWriting;
  }

  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  async freeze(): Promise<FreezeHold> {
    if (this.failure !== undefined) throw this.failure;
    this.freezes += 1;
    this.#isFrozen = true;
    const isHeld = () => this.#isFrozen;
    return {
      get isHeld() {
        return isHeld();
      },
      thaw: async () => {
        this.#isFrozen = false;
      },
    };
  }

  onRead(): void {
    if (!this.#isFrozen) return;
    this.readsUntilThaw -= 1;
    if (this.readsUntilThaw <= 0) this.#isFrozen = false;
  }
}

class ScannedWorld {
  readonly random: Random;
  readonly disks = SIZES.map((sizeBytes) => Buffer.alloc(sizeBytes));
  readonly replica = SIZES.map((sizeBytes) => Buffer.alloc(sizeBytes));
  readonly source: ScanSource;
  readonly clock: Clock;
  writes = 0;
  writeDuringReads = true;
  readonly freezer = new WorldFreezer();
  #nowNs = 1_000_000_000n;
  #wroteAtNs = 0n;

  constructor(seed: number, freeze?: { readonly intervalMs: number; readonly limitMs: number }) {
    this.random = seededRandom(seed);
    this.clock = {
      nowMs: () => Number(this.#nowNs / 1_000_000n),
      monotonicNs: () => this.#nowNs,
      sleep: async (durationMs) => {
        this.#nowNs += BigInt(Math.round(durationMs * 1e6));
      },
    };
    this.source = new ScanSource({
      disks: SIZES.map((sizeBytes, index) => ({
        diskId: `disk-${index}`,
        deviceName: `/dev/s${index}`,
        sizeBytes,
      })),
      reader: {
        readsInFlightMax: 2,
        read: async (range, use) => {
          if (this.writeDuringReads && this.random.integer(3) === 0) this.write();
          this.#nowNs += 1_000_000n;
          this.freezer.onRead();
          const disk = this.disks[range.diskIndex] ?? Buffer.alloc(0);
          return use(disk.subarray(range.offsetBytes, range.offsetBytes + range.lengthBytes));
        },
        close: async () => undefined,
      },
      writeMarks: SIZES.map(() => () => String(this.writes)),
      clock: this.clock,
      restMs: { least: 10, most: 20 },
      ...(freeze === undefined ? {} : { freeze: { freezer: this.freezer, ...freeze } }),
    });
    for (const [index, sizeBytes] of SIZES.entries()) {
      this.source.markDirty(index, { offsetBytes: 0, lengthBytes: sizeBytes });
    }
  }

  get lastWriteNs(): bigint {
    return this.#wroteAtNs;
  }

  write(): void {
    if (this.freezer.keepsOut) return;
    const diskIndex = this.random.integer(this.disks.length);
    const disk = this.disks[diskIndex] ?? Buffer.alloc(0);
    const block = this.random.integer(Math.ceil(disk.length / BLOCK_BYTES));
    this.writes += 1;
    disk.writeUInt32LE(this.random.integer(4) === 0 ? 0 : this.writes, block * BLOCK_BYTES);
    this.#wroteAtNs = this.#nowNs;
  }

  apply(extents: readonly CapturedExtent[]): void {
    for (const { diskIndex, offsetBytes, lengthBytes, content } of extents) {
      const disk = this.replica[diskIndex];
      if (content === undefined) disk?.fill(0, offsetBytes, offsetBytes + lengthBytes);
      else content.copy(disk ?? Buffer.alloc(0), offsetBytes);
    }
  }

  /**
   * As the sender does: bulk while there is much, else the next cut; some of it is lost and asked for again.
   */
  async nextPoint(): Promise<Cut> {
    const signal = new AbortController().signal;
    for (;;) {
      const bulk = await this.source.takeBulk(2 * SCAN_CHUNK_BYTES);
      if (this.random.integer(8) === 0) this.#lose(bulk);
      else this.apply(bulk);
      if (bulk.length > 0) continue;
      const cut = await this.source.nextCut({ waitMs: this.random.integer(30), signal });
      if (cut === undefined) continue;
      this.apply(cut.extents);
      return cut;
    }
  }

  #lose(extents: readonly CapturedExtent[]): void {
    for (const extent of extents) this.source.markDirty(extent.diskIndex, extent);
  }

  isEqual(): boolean {
    return this.disks.every((disk, index) => this.replica[index]?.equals(disk));
  }

  dirtyBytes(): number {
    return SIZES.reduce((sum, _size, index) => sum + this.source.dirtyBytes(index), 0);
  }
}

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
