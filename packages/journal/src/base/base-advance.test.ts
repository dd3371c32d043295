/**
 * The base moves forward under every failure: whatever happens, what is listed reads, and damage is named.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger, OperationError, type Random, seededRandom } from '@landfall/runtime';
import { checkListed, hasPower, maintainFully } from '../compaction/compacted-journal.testing.ts';
import type { JournalDisk } from '../documents/manifest.ts';
import { putEpoch, rawExtent, sha256, testCommit, zstdExtent } from '../extents.testing.ts';
import type { JournalGroup } from '../group/journal-group.ts';
import { SimulatedJournalFiles } from '../storage/simulated-journal-files.ts';
import { CONTENT_AT, openTestGroupOn } from '../test-storage.testing.ts';
import { CHUNK_BYTES } from './base-table.ts';

const EPOCHS = 24;
const KEPT = 6;
const FIRST_SIZES = [CHUNK_BYTES + 70_000, 100_000];
/** Disk 0 grows over the end of its last chunk; disk 1 shrinks, and grows again. */
const SIZES_FROM = new Map([
  [8, [CHUNK_BYTES + 200_001, 40_000]],
  [12, [2 * CHUNK_BYTES + 5, 150_000]],
]);

interface Written {
  readonly files: SimulatedJournalFiles;
  readonly states: ReadonlyMap<number, readonly Buffer[]>;
}

function disksOf(sizes: readonly number[]): readonly JournalDisk[] {
  return sizes.map((sizeBytes, index) => ({ diskId: `disk-${index}`, sizeBytes }));
}

function openJournal(files: SimulatedJournalFiles, lines: string[] = []): Promise<JournalGroup> {
  const logger = createLogger({ program: 'test', write: (line) => lines.push(line) });
  const retention = {
    tiers: [{ everyMs: 0, forMs: (KEPT - 1) * 1000 + 1 }],
    ...{ thinEveryMs: 0, tableFactor: 0 },
  };
  return openTestGroupOn(files, { logger, segmentBytes: 60_000, reserveBytes: 0, retention });
}

/** Closed, and nothing dropped yet. */
async function writeJournal(seed: number, { resizes = true } = {}): Promise<Written> {
  const random = seededRandom(seed);
  const files = new SimulatedJournalFiles(random);
  const group = await openTestGroupOn(files, {
    ...{ disks: disksOf(FIRST_SIZES), create: true, segmentBytes: 60_000, reserveBytes: 0 },
    logger: createLogger({ program: 'test', write: () => undefined }),
  });
  let disks: Buffer[] = FIRST_SIZES.map((size) => Buffer.alloc(size));
  const states = new Map<number, readonly Buffer[]>();
  for (let epoch = 1; epoch <= EPOCHS; epoch += 1) {
    const sizes = resizes ? SIZES_FROM.get(epoch) : undefined;
    let count = 0;
    if (sizes !== undefined) {
      await group.changeDisks(disksOf(sizes));
      disks = disks.map((disk, index) => resized(disk, sizes[index] ?? 0));
      count += await putWhole(group, disks);
    }
    for (let puts = 3; puts > 0; puts -= 1) count += await putSome(group, disks, random);
    await group.commit(testCommit(epoch, count));
    states.set(
      epoch,
      disks.map((disk) => Buffer.from(disk)),
    );
  }
  await group.close();
  return { files, states };
}

function resized(disk: Buffer, sizeBytes: number): Buffer {
  const result = Buffer.alloc(sizeBytes);
  disk.copy(result);
  return result;
}

/** What an agent finds to differ in the chunks whose size changed. */
async function putWhole(group: JournalGroup, disks: readonly Buffer[]): Promise<number> {
  let count = 0;
  for (const [diskIndex, disk] of disks.entries()) {
    const from = Math.floor((disk.length - 1) / CHUNK_BYTES) * CHUNK_BYTES;
    const { header, payload } = zstdExtent(diskIndex, from, Buffer.from(disk.subarray(from)));
    await group.putExtent(header, payload);
    if (from > 0) {
      const before = zstdExtent(diskIndex, 0, Buffer.from(disk.subarray(0, from)));
      await group.putExtent(before.header, before.payload);
    }
    count += from > 0 ? 2 : 1;
  }
  return count;
}

async function putSome(group: JournalGroup, disks: readonly Buffer[], random: Random): Promise<number> {
  const diskIndex = random.integer(3) === 0 ? 1 : 0;
  const disk = disks[diskIndex] ?? Buffer.alloc(0);
  const kind = random.integer(8);
  const chunk = random.integer(Math.ceil(disk.length / CHUNK_BYTES)) * CHUNK_BYTES;
  const offset = kind === 0 ? chunk : random.integer(disk.length);
  const lengthMax = kind === 0 ? CHUNK_BYTES : ([700, 30_000, 65_536 * 3][random.integer(3)] ?? 700);
  const length = Math.min(disk.length - offset, kind === 0 ? lengthMax : 1 + random.integer(lengthMax));
  if (kind <= 1) {
    disk.fill(0, offset, offset + length);
    await group.putZeroes(diskIndex, offset, length);
    return 1;
  }
  const content = Buffer.alloc(length, random.bytes(16));
  content.copy(disk, offset);
  const { header, payload } = (kind < 5 ? zstdExtent : rawExtent)(diskIndex, offset, content);
  await group.putExtent(header, payload);
  return 1;
}

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof OperationError && error.code === code;
}

async function checkHashes(group: JournalGroup, states: Written['states']): Promise<void> {
  for (const [index, expected] of (states.get(group.lastEpoch) ?? []).entries()) {
    const count = Math.ceil(expected.length / CHUNK_BYTES);
    const hashes = await group.chunkHashes(index, 0, count);
    for (let chunk = 0; chunk < count; chunk += 1) {
      const content = expected.subarray(chunk * CHUNK_BYTES, (chunk + 1) * CHUNK_BYTES);
      assert.deepEqual(hashes.subarray(chunk * 32, chunk * 32 + 32), sha256(content));
    }
  }
}

test('old segments go into the base, and every listed point reads as before, also opened again', async () => {
  let advanced = 0;
  for (let seed = 1; seed <= 8; seed += 1) {
    const { files, states } = await writeJournal(seed);
    const lines: string[] = [];
    const group = await openJournal(files, lines);
    const view = await group.openView(EPOCHS - 1);
    for (let steps = 0; ; steps += 1) {
      assert.ok(steps < 5000, 'maintenance ends');
      const { hasMore } = await group.maintain();
      for (const [index, expected] of (states.get(EPOCHS - 1) ?? []).entries()) {
        const from = (steps * 50_000) % expected.length;
        const part = Buffer.alloc(Math.min(expected.length - from, 120_000));
        await view.disks[index]?.read(from, part);
        assert.ok(part.equals(expected.subarray(from, from + part.length)), `seed ${seed}, step ${steps}`);
      }
      if (!hasMore) break;
    }
    advanced += lines.filter((line) => line.includes('journal-base-advanced')).length;
    assert.equal(group.recoveryPointCount, KEPT);
    await checkListed(group, states);
    await checkHashes(group, states);
    await view.close();
    await group.close();
    const again = await openJournal(files);
    await checkListed(again, states);
    await checkHashes(again, states);
    await putEpoch(again, [rawExtent(0, 5, Buffer.alloc(10, 'x'))]);
    await again.close();
  }
  assert.ok(advanced > 8, `${advanced} times a base advanced`);
});

test('the power may go at any operation while the base advances', { timeout: 120_000 }, async () => {
  const { files, states } = await writeJournal(3);
  let operations = 0;
  for (let cutAfter = 1; ; cutAfter += 1) {
    const copy = files.copy();
    const group = await openJournal(copy);
    copy.cutPowerAfter(cutAfter);
    const ended = await maintainFully(group).then(
      () => hasPower(copy),
      (error: unknown) => {
        assert.ok(hasCode('JOURNAL_STORAGE_FAILED')(error), String(error));
        return false;
      },
    );
    if (ended) break;
    operations += 1;
    if (cutAfter % 3 === 0) copy.restartAfterKill();
    else copy.restartAfterPowerCut();
    const opened = await openJournal(copy);
    await checkListed(opened, states);
    await maintainFully(opened);
    assert.equal(opened.recoveryPointCount, KEPT);
    await checkListed(opened, states);
    await opened.close();
  }
  assert.ok(operations > 30, `${operations} operations`);
});

test('a sync may fail anywhere while the base advances, and a full disk only stops it', async () => {
  const { files, states } = await writeJournal(4);
  const used = await files.allocatedBytes();
  let failures = 0;
  for (let round = 0; round < 24; round += 1) {
    const copy = files.copy();
    const group = await openJournal(copy);
    if (round % 2 === 0) copy.failSync(round / 2);
    else copy.setCapacity(used + round * 700);
    await maintainFully(group).catch((error: unknown) => {
      assert.ok(hasCode('JOURNAL_STORAGE_FAILED')(error) || hasCode('STAGING_FULL')(error), String(error));
      failures += 1;
    });
    await checkListed(group, states);
    copy.setCapacity(Number.POSITIVE_INFINITY);
    copy.failSync(Number.POSITIVE_INFINITY);
    await maintainFully(group);
    await checkListed(group, states);
    const paths = copy.paths();
    await group.close();
    const again = await openJournal(copy);
    assert.deepEqual(copy.paths(), paths, 'there was nothing to clean up');
    await checkListed(again, states);
    await again.close();
  }
  assert.ok(failures > 5, `${failures} failures`);
});

test('damage in the base or in a segment stops the advance, is named, and never becomes content', async () => {
  let stopped = 0;
  for (let seed = 1; seed <= 18; seed += 1) {
    const { files, states } = await writeJournal(5, { resizes: false });
    const random = seededRandom(seed);
    const path = ['disk-0/base', 'disk-0/segments/0001', 'disk-1/segments/0001'][seed % 3] ?? '';
    const at = 64 + random.integer(files.content(path).length - 64);
    files.damage(path, (bytes) => bytes.writeUInt8((bytes[at] ?? 0) ^ 0x20, at));
    const lines: string[] = [];
    try {
      const group = await openJournal(files, lines);
      await maintainFully(group);
      await checkListedOrNamed(group, states);
      if (lines.some((line) => line.includes('journal-base-not-advanced'))) stopped += 1;
      await group.close();
      const again = await openJournal(files);
      await checkListedOrNamed(again, states);
      await again.close();
    } catch (error) {
      assert.ok(hasCode('JOURNAL_DAMAGED')(error), String(error));
    }
  }
  assert.ok(stopped > 0, 'damage stopped the advance');
});

/** Block by block: what reads is right, what does not says that it is damaged. */
async function checkListedOrNamed(group: JournalGroup, states: Written['states']): Promise<void> {
  for (const { epoch } of group.recoveryPoints()) {
    const view = await group.openView(epoch);
    for (const [index, expected] of (states.get(epoch) ?? []).entries()) {
      for (let from = 0; from < expected.length; from += 32_768) {
        const part = Buffer.alloc(Math.min(32_768, expected.length - from));
        await view.disks[index]?.read(from, part).then(
          () => assert.ok(part.equals(expected.subarray(from, from + part.length)), `laundered at ${from}`),
          (error: unknown) => assert.ok(hasCode('EXTENT_DAMAGED')(error), String(error)),
        );
      }
    }
    await view.close();
  }
}

test('a bit that flips in an advanced base or its table is named, and never read', async () => {
  const { files, states } = await writeJournal(6);
  const group = await openJournal(files);
  await maintainFully(group);
  await group.close();
  const random = seededRandom(6);
  for (let flips = 0; flips < 40; flips += 1) {
    const copy = files.copy();
    const paths = copy.paths().filter((path) => path.includes('base') || path.endsWith('manifest'));
    const path = paths[flips % paths.length] ?? '';
    const at = random.integer(copy.content(path).length);
    copy.damage(path, (bytes) => bytes.writeUInt8((bytes[at] ?? 0) ^ 4, at));
    try {
      const opened = await openJournal(copy);
      await checkListedOrNamed(opened, states);
      await opened.close();
    } catch (error) {
      assert.ok(hasCode('JOURNAL_DAMAGED')(error), String(error));
    }
  }
});

test('what a first sync left in the file under a hole does not come to light when the hole is filled', async () => {
  const files = new SimulatedJournalFiles(seededRandom(8));
  const [sizeBytes = 0] = FIRST_SIZES;
  const created = await openTestGroupOn(files, {
    ...{ disks: disksOf([sizeBytes]), create: true, segmentBytes: 1000, reserveBytes: 0 },
    logger: createLogger({ program: 'test', write: () => undefined }),
  });
  await putEpoch(created, []);
  const disk = Buffer.alloc(sizeBytes);
  const states = new Map<number, readonly Buffer[]>();
  for (let epoch = 2; epoch <= EPOCHS; epoch += 1) {
    const content = Buffer.alloc(2000, `${epoch}.`);
    content.copy(disk, 70_000 + epoch * 100);
    await putEpoch(created, [rawExtent(0, 70_000 + epoch * 100, content)]);
    states.set(epoch, [Buffer.from(disk)]);
  }
  await created.close();
  files.damage('disk-0/base', (bytes) => bytes.fill('left', CONTENT_AT, CONTENT_AT + 200_000));
  const group = await openJournal(files);
  await checkListed(group, states);
  const before = await files.allocatedBytes();
  await maintainFully(group);
  assert.ok((await files.allocatedBytes()) < before, 'segments went into the base');
  await checkListed(group, states);
  await checkHashes(group, states);
  await group.close();
});
