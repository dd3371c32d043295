/** Compaction under every failure: whatever happens, what is listed reads, and what is damaged is named. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperationError, seededRandom } from '@landfall/runtime';
import { putEpoch, rawExtent, readDisk } from '../extents.testing.ts';
import type { JournalGroup } from '../group/journal-group.ts';
import type { SimulatedJournalFiles } from '../storage/simulated-journal-files.ts';
import { CONTENT_AT, placesOf } from '../test-storage.testing.ts';
import {
  checkListed,
  DISKS,
  hasPower,
  keptEpochs,
  maintainFully,
  openToMaintain,
  writeJournal,
} from './compacted-journal.testing.ts';

const EPOCHS = 45;

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof OperationError && error.code === code;
}

function listed(group: JournalGroup): readonly number[] {
  return group
    .recoveryPoints()
    .map(({ epoch }) => epoch)
    .toReversed();
}

test('thinning and compaction leave what is listed, in much less space, also after opening again', async () => {
  const { files, states } = await writeJournal(1);
  const before = recordBytesOf(files);
  const group = await openToMaintain(files);
  assert.ok((await maintainFully(group)) > 0);
  assert.deepEqual(listed(group), keptEpochs(EPOCHS));
  await checkListed(group, states);
  for (let epoch = 1; epoch <= EPOCHS; epoch += 1) {
    if (listed(group).includes(epoch)) continue;
    await assert.rejects(group.openView(epoch), hasCode('RECOVERY_POINT_MISSING'));
  }
  await group.close();
  assert.ok(recordBytesOf(files) < 0.7 * before);
  const again = await openToMaintain(files);
  assert.deepEqual(listed(again), keptEpochs(EPOCHS));
  await checkListed(again, states);
  assert.equal(await maintainFully(again), 0, 'what is compacted is not compacted again');
  assert.equal(await putEpoch(again, [rawExtent(0, 0, Buffer.alloc(100, 'new'))]), EPOCHS + 1);
  await again.close();
});

function recordBytesOf(files: SimulatedJournalFiles): number {
  const segments = files.paths().filter((path) => path.includes('/segments/'));
  return segments.reduce((sum, path) => sum + files.content(path).length - CONTENT_AT, 0);
}

test('the power may go at any operation of thinning and compaction', async () => {
  const { files, states } = await writeJournal(2);
  let operations = 0;
  for (let cutAfter = 1; ; cutAfter += 1) {
    const copy = files.copy();
    let ended = false;
    try {
      const group = await openToMaintain(copy);
      copy.cutPowerAfter(cutAfter);
      await maintainFully(group);
      ended = await hasPower(copy);
    } catch (error) {
      assert.ok(hasCode('JOURNAL_STORAGE_FAILED')(error), String(error));
    }
    if (ended) break;
    operations += 1;
    if (cutAfter % 2 === 0) copy.restartAfterPowerCut();
    else copy.restartAfterKill();
    const group = await openToMaintain(copy);
    assert.ok([EPOCHS, keptEpochs(EPOCHS).length].includes(group.recoveryPointCount), 'all or none went');
    await checkListed(group, states);
    await maintainFully(group);
    assert.deepEqual(listed(group), keptEpochs(EPOCHS));
    await checkListed(group, states);
    await group.close();
  }
  assert.ok(operations > 20, `${operations} operations`);
});

test('a sync may fail anywhere in thinning and compaction, and the journal goes on', async () => {
  const { files, states } = await writeJournal(3);
  let failures = 0;
  for (let after = 0; after < 60; after += 1) {
    const copy = files.copy();
    const group = await openToMaintain(copy);
    copy.failSync(after);
    await maintainFully(group).catch((error: unknown) => {
      assert.ok(hasCode('JOURNAL_STORAGE_FAILED')(error), String(error));
      failures += 1;
    });
    await checkListed(group, states);
    copy.failSync(Number.POSITIVE_INFINITY);
    await putEpoch(group, [rawExtent(0, 0, states.get(EPOCHS)?.[0]?.subarray(0, 100) ?? Buffer.alloc(1))]);
    await maintainFully(group);
    await checkListed(group, states);
    await group.close();
    const again = await openToMaintain(copy);
    await checkListed(again, states);
    await again.close();
  }
  assert.ok(failures > 5, `${failures} failures`);
});

test('a full disk ends compaction, nothing else; with space it goes on and leaves no file behind', async () => {
  const { files, states } = await writeJournal(4);
  const used = await files.allocatedBytes();
  let full = 0;
  for (let more = 0; more < 4000; more += 170) {
    const copy = files.copy();
    const group = await openToMaintain(copy);
    copy.setCapacity(used + more);
    await maintainFully(group).catch((error: unknown) => {
      assert.ok(hasCode('STAGING_FULL')(error), String(error));
      full += 1;
    });
    await checkListed(group, states);
    copy.setCapacity(Number.POSITIVE_INFINITY);
    await putEpoch(group, [rawExtent(1, 0, states.get(EPOCHS)?.[1]?.subarray(0, 100) ?? Buffer.alloc(1))]);
    await maintainFully(group);
    await checkListed(group, states);
    const paths = copy.paths();
    await group.close();
    const again = await openToMaintain(copy);
    assert.deepEqual(copy.paths(), paths, 'there was nothing to clean up');
    await again.close();
  }
  assert.ok(full > 0, 'the disk was full');
});

test('a file that a view reads stays until it is closed, and no longer than to the next opening', async () => {
  const { files, states } = await writeJournal(5);
  const group = await openToMaintain(files);
  const segmentsBefore = files.paths().filter((path) => path.includes('segments/'));
  const view = await group.openView(EPOCHS);
  await maintainFully(group);
  assert.ok(segmentsBefore.every((path) => files.paths().includes(path)));
  const content = Buffer.alloc(DISKS[0]?.sizeBytes ?? 0);
  await view.disks[0]?.read(0, content);
  assert.ok(content.equals(states.get(EPOCHS)?.[0] ?? Buffer.alloc(0)));
  const copy = files.copy();
  await view.close();
  const left = files.paths().filter((path) => path.includes('segments/'));
  assert.ok(left.length < segmentsBefore.length);
  const crashed = await openToMaintain(copy);
  assert.deepEqual(copy.paths(), files.paths());
  await checkListed(crashed, states);
  await crashed.close();
  await group.close();
});

test('a point stays while a view of it is open', async () => {
  const { files, states } = await writeJournal(6);
  const group = await openToMaintain(files);
  const [droppedEpoch = 0] = [...states.keys()].filter((epoch) => !keptEpochs(EPOCHS).includes(epoch));
  const view = await group.openView(droppedEpoch);
  await maintainFully(group);
  assert.ok(listed(group).includes(droppedEpoch));
  await checkListed(group, states);
  await view.close();
  await maintainFully(group);
  assert.deepEqual(listed(group), keptEpochs(EPOCHS));
  await group.close();
});

test('a damaged extent stays damaged, named and in its place, through compaction', async () => {
  for (const part of ['payload', 'header'] as const) {
    const { files, states } = await writeJournal(7);
    const lines: string[] = [];
    const path = 'disk-0/segments/0001';
    const [record = 0] = await placesOf(files, path, 'LFxt');
    const at = record + (part === 'header' ? 10 : 72); // Of an encrypted file the whole block of 16 goes.
    files.damage(path, (bytes) => bytes.writeUInt8(bytes.readUInt8(at) ^ 0x10, at));
    const group = await openToMaintain(files, { lines });
    const damagedBefore = await damagedPoints(group);
    assert.ok(damagedBefore.includes(2), 'the first point after the base has the damage');
    const kept = damagedBefore.filter((epoch) => keptEpochs(EPOCHS).includes(epoch));
    await group.pin(2, 'damaged');
    await maintainFully(group);
    assert.ok(!files.paths().includes(path), 'its segment was compacted');
    assert.deepEqual(
      await damagedPoints(group),
      [...new Set([2, ...kept])].toSorted((a, b) => a - b),
    );
    assert.ok(lines.some((line) => line.includes('journal-extent-damaged')));
    await group.close();
    const again = await openToMaintain(files);
    assert.ok((await damagedPoints(again)).includes(2));
    await assert.rejects(readDisk(again, 2, 0), hasCode('EXTENT_DAMAGED'));
    await again.close();
    assert.ok(states.size > 0);
  }
});

async function damagedPoints(group: JournalGroup): Promise<readonly number[]> {
  const damaged: number[] = [];
  for (const epoch of listed(group)) {
    await readDisk(group, epoch, 0).catch((error: unknown) => {
      assert.ok(hasCode('EXTENT_DAMAGED')(error));
      damaged.push(epoch);
    });
  }
  return damaged;
}

test('a segment whose commit record is damaged stays as it is, is named, and reads', async () => {
  const { files, states } = await writeJournal(8);
  const lines: string[] = [];
  const path = 'disk-0/segments/0002';
  for (const at of await placesOf(files, path, 'LFcm')) {
    files.damage(path, (bytes) => bytes.writeUInt8(bytes.readUInt8(at + 20) ^ 1, at + 20));
  }
  const group = await openToMaintain(files, { lines });
  await maintainFully(group);
  assert.ok(lines.some((line) => line.includes('journal-segment-not-compacted')));
  assert.ok(files.paths().includes(path));
  await checkListed(group, states);
  await group.close();
});

test('a bit that flips anywhere in a compacted journal is named, and never read', async () => {
  const { files, states } = await writeJournal(9);
  const group = await openToMaintain(files);
  await group.pin(3, 'before the update');
  await group.lock(4, 4_000_000_000_000);
  await maintainFully(group);
  await group.close();
  const random = seededRandom(9);
  let named = 0;
  for (let flips = 0; flips < 150; flips += 1) {
    const copy = files.copy();
    const paths = flips % 5 === 0 ? ['points'] : copy.paths();
    const path = paths[random.integer(paths.length)] ?? '';
    const size = copy.content(path).length;
    const bit = random.integer(Math.max(1, size * 8));
    copy.damage(
      path,
      (bytes) => size > 0 && bytes.writeUInt8((bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7)), bit >> 3),
    );
    try {
      const opened = await openToMaintain(copy);
      assert.deepEqual(listed(opened), listedThen(keptEpochs(EPOCHS), [3, 4]));
      await checkListed(opened, states);
      await opened.close();
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      assert.ok(['JOURNAL_DAMAGED', 'EXTENT_DAMAGED'].includes(error.code), `${path}: ${error.message}`);
      assert.ok(error.context?.path !== undefined);
      named += 1;
    }
  }
  assert.ok(named > 50, `${named} were named`);
});

function listedThen(kept: readonly number[], named: readonly number[]): readonly number[] {
  return [...new Set([...kept, ...named])].toSorted((left, right) => left - right);
}
