import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MIB, OperationError, seededRandom, silentLogger } from '@landfall/runtime';
import { putEpoch, rawExtent, readDisk, sha256, testCommit, zstdExtent } from '../extents.testing.ts';
import { SimulatedJournalFiles } from '../storage/simulated-journal-files.ts';
import { openTestGroupOn } from '../test-storage.testing.ts';
import type { JournalGroup } from './journal-group.ts';
import type { JournalGroupSettings } from './open-journal-group.ts';

const DISKS = [
  { diskId: 'disk-0', sizeBytes: 3 * MIB },
  { diskId: 'disk-1', sizeBytes: MIB + 512 },
];

async function openSimulated(
  files = new SimulatedJournalFiles(seededRandom(1)),
  settings: Partial<JournalGroupSettings> = {},
): Promise<{ group: JournalGroup; files: SimulatedJournalFiles }> {
  const defaults = { disks: DISKS, logger: silentLogger, create: true, reserveBytes: 0 };
  return { group: await openTestGroupOn(files, { ...defaults, ...settings }), files };
}

function filled(lengthBytes: number, text: string): Buffer {
  return Buffer.alloc(lengthBytes, text);
}

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof OperationError && error.code === code;
}

test('a new journal is empty, has no recovery point and hashes as zeroes', async () => {
  const { group } = await openSimulated();
  assert.equal(group.lastEpoch, 0);
  assert.equal(group.recoveryPointCount, 0);
  assert.equal(group.newestPoint, undefined);
  assert.ok(group.isEmpty(0) && group.isEmpty(1));
  const hashes = await group.chunkHashes(1, 0, 2);
  assert.deepEqual(hashes.subarray(0, 32), sha256(Buffer.alloc(MIB)));
  assert.deepEqual(hashes.subarray(32), sha256(Buffer.alloc(512)));
  await assert.rejects(group.openView(1), hasCode('RECOVERY_POINT_MISSING'));
  await group.close();
});

test('every epoch reads as it was, newest first, over raw, compressed and zero extents', async () => {
  const { group, files } = await openSimulated();
  await putEpoch(group, [rawExtent(0, 0, filled(MIB, 'base')), zstdExtent(1, 100, filled(1000, 'one'))]);
  await putEpoch(group, [rawExtent(0, 500, filled(2000, 'two')), zstdExtent(0, 600, filled(50, 'late'))]);
  await group.putZeroes(0, 0, 2 * MIB);
  await group.putExtent(...extentArguments(rawExtent(0, 1000, filled(10, 'x'))));
  await group.commit(testCommit(3, 2));
  const check = async (opened: JournalGroup) => {
    const first = Buffer.concat([filled(MIB, 'base'), Buffer.alloc(2 * MIB)]);
    assert.ok((await readDisk(opened, 1, 0)).equals(first));
    filled(2000, 'two').copy(first, 500);
    filled(50, 'late').copy(first, 600);
    assert.ok((await readDisk(opened, 2, 0)).equals(first));
    const third = Buffer.alloc(3 * MIB);
    third.fill('x', 1000, 1010);
    assert.ok((await readDisk(opened, 3, 0)).equals(third));
    assert.ok((await readDisk(opened, 3, 1)).equals(await readDisk(opened, 1, 1)));
  };
  await check(group);
  await group.close();
  const { group: again } = await openSimulated(files);
  await check(again);
  assert.equal(again.journalId, group.journalId);
});

function extentArguments(extent: ReturnType<typeof rawExtent>) {
  return [extent.header, extent.payload] as const;
}

test('an abandoned epoch leaves nothing behind, however large it was (J4)', async () => {
  const { group, files } = await openSimulated();
  await putEpoch(group, [rawExtent(0, 0, filled(4096, 'base'))]);
  await putEpoch(group, [rawExtent(0, 0, filled(4096, 'kept'))]);
  const before = files.content('disk-0/segments/0001').length;
  for (let round = 0; round < 3; round += 1) {
    await group.putExtent(...extentArguments(rawExtent(0, round * MIB, filled(MIB, 'gone'))));
  }
  await group.abandon();
  assert.equal(files.content('disk-0/segments/0001').length, before);
  assert.equal(await putEpoch(group, [rawExtent(0, 4, filled(4, 'next'))]), 3);
  const expected = filled(4096, 'kept');
  expected.write('next', 4);
  assert.ok((await readDisk(group, 3, 0)).subarray(0, 4096).equals(expected));
  assert.ok((await readDisk(group, 3, 0)).subarray(4096).equals(Buffer.alloc(3 * MIB - 4096)));
});

test('commits that were not awaited become durable in order and share syncs', async () => {
  const { group } = await openSimulated();
  await putEpoch(group, []);
  const commits = [];
  for (let epoch = 2; epoch <= 20; epoch += 1) {
    await group.putExtent(...extentArguments(rawExtent(epoch % 2, epoch * 10, filled(10, String(epoch)))));
    commits.push(group.commit(testCommit(epoch, 1)));
  }
  await Promise.all(commits);
  assert.equal(group.lastEpoch, 20);
  const content = await readDisk(group, 20, 0);
  assert.ok(content.subarray(200, 210).equals(filled(10, '20')));
  assert.ok((await readDisk(group, 19, 0)).subarray(200, 210).equals(Buffer.alloc(10)));
});

test('segments are sealed at the end of an epoch, and idle disks write nothing', async () => {
  const { group, files } = await openSimulated(undefined, { segmentBytes: 10_000 });
  for (let epoch = 0; epoch < 12; epoch += 1) {
    await putEpoch(group, [rawExtent(0, epoch * 4096, filled(4096, String(epoch)))]);
  }
  const segments = files.paths().filter((path) => path.startsWith('disk-0/segments/'));
  assert.ok(segments.length >= 4, `there are ${segments.length} segments`);
  assert.deepEqual(
    files.paths().filter((path) => path.startsWith('disk-1/segments/')),
    [],
  );
  await group.close();
  const { group: again } = await openSimulated(files);
  for (let epoch = 1; epoch <= 12; epoch += 1) {
    const content = await readDisk(again, epoch, 0);
    assert.ok(content.subarray((epoch - 1) * 4096, epoch * 4096).equals(filled(4096, String(epoch - 1))));
    assert.ok(content.subarray(epoch * 4096).every((byte) => byte === 0));
  }
});

test('a view keeps its point while epochs are appended and segments sealed', async () => {
  const { group } = await openSimulated(undefined, { segmentBytes: 5_000 });
  await putEpoch(group, [rawExtent(0, 0, filled(1000, 'a'))]);
  await putEpoch(group, [rawExtent(0, 0, filled(1000, 'b'))]);
  const view = await group.openView(2);
  for (const text of ['c', 'd', 'e', 'f', 'g', 'h'])
    await putEpoch(group, [rawExtent(0, 0, filled(3000, text))]);
  const content = Buffer.alloc(2000);
  await view.disks[0]?.read(0, content);
  assert.ok(content.equals(Buffer.concat([filled(1000, 'b'), Buffer.alloc(1000)])));
  assert.equal(view.point.epoch, 2);
  await view.close();
});

test('allocation tells holes, zero extents and content apart, in order and without gaps', async () => {
  const { group } = await openSimulated();
  await putEpoch(group, [rawExtent(0, 0, filled(4096, 'x'))]);
  await group.putZeroes(0, 1024, 1024);
  await group.putExtent(...extentArguments(rawExtent(0, 2 * MIB + 10, filled(20, 'y'))));
  await group.commit(testCommit(2, 2));
  const view = await group.openView(2);
  assert.deepEqual(await view.disks[0]?.allocation(0, 3 * MIB), [
    { offsetBytes: 0, lengthBytes: 1024, zero: false },
    { offsetBytes: 1024, lengthBytes: 1024, zero: true },
    { offsetBytes: 2048, lengthBytes: MIB - 2048, zero: false },
    { offsetBytes: MIB, lengthBytes: MIB + 10, zero: true },
    { offsetBytes: 2 * MIB + 10, lengthBytes: 20, zero: false },
    { offsetBytes: 2 * MIB + 30, lengthBytes: MIB - 30, zero: true },
  ]);
});

test('recovery points are listed newest first, found by time, and counted', async () => {
  const { group } = await openSimulated();
  for (let epoch = 1; epoch <= 5; epoch += 1) await putEpoch(group, []);
  const cutMs = (epoch: number) => testCommit(epoch, 0).cutTimeMs;
  assert.deepEqual(
    group.recoveryPoints({ limit: 2 }).map((point) => point.epoch),
    [5, 4],
  );
  const range = { fromMs: cutMs(2), toMs: cutMs(4) };
  assert.deepEqual(
    group.recoveryPoints(range).map((point) => point.epoch),
    [4, 3, 2],
  );
  assert.equal(group.pointAtOrBefore(cutMs(3) + 999)?.epoch, 3);
  assert.equal(group.pointAtOrBefore(cutMs(1) - 1), undefined);
  assert.equal(group.oldestPoint?.epoch, 1);
  assert.equal(group.newestPoint?.epoch, 5);
  assert.equal(group.recoveryPointCount, 5);
});

test('an epoch out of order, with a wrong count, or outside the disk is refused and dropped', async () => {
  const { group } = await openSimulated();
  await putEpoch(group, []);
  const refused = hasCode('EPOCH_REFUSED');
  await assert.rejects(group.commit(testCommit(3, 0)), refused);
  await assert.rejects(group.commit(testCommit(2, 0)), refused, 'refused until it is abandoned');
  await group.abandon();
  await assert.rejects(group.commit(testCommit(2, 1)), refused);
  await group.abandon();
  await assert.rejects(group.putZeroes(0, 3 * MIB, 1), refused);
  await group.abandon();
  await assert.rejects(group.putZeroes(2, 0, 1), refused);
  await group.abandon();
  assert.equal(await putEpoch(group, []), 2);
});

test('an extent that does not match its checksum is never taken', async () => {
  const { group } = await openSimulated();
  await putEpoch(group, []);
  const { header, payload } = rawExtent(0, 0, filled(10, 'x'));
  await assert.rejects(
    group.putExtent({ ...header, checksum: header.checksum ^ 1 }, payload),
    hasCode('EXTENT_DAMAGED'),
  );
  await group.abandon();
  assert.equal(group.isEmpty(0), true);
});

test('an interrupted first sync goes on from what the base holds', async () => {
  const { group, files } = await openSimulated();
  await group.putExtent(...extentArguments(rawExtent(0, MIB, filled(MIB, 'kept'))));
  await group.putExtent(...extentArguments(rawExtent(0, 10, filled(10, 'part'))));
  assert.ok(!group.isEmpty(0) && group.isEmpty(1));
  await group.chunkHashes(0, 0, 1);
  files.restartAfterKill();
  const { group: again } = await openSimulated(files);
  assert.equal(again.journalId, group.journalId);
  assert.ok(!again.isEmpty(0) && again.isEmpty(1));
  const hashes = await again.chunkHashes(0, 0, 3);
  assert.deepEqual(hashes.subarray(32, 64), sha256(filled(MIB, 'kept')));
  assert.deepEqual(hashes.subarray(64), sha256(Buffer.alloc(MIB)));
  await again.putZeroes(0, 0, MIB);
  await again.commit(testCommit(1, 1));
  const expected = Buffer.concat([Buffer.alloc(MIB), filled(MIB, 'kept'), Buffer.alloc(MIB)]);
  assert.ok((await readDisk(again, 1, 0)).equals(expected));
});

test('a full volume drops the open epoch, keeps every point, and goes on when there is space', async () => {
  const { group, files } = await openSimulated();
  await putEpoch(group, [rawExtent(0, 0, filled(1000, 'a'))]);
  await putEpoch(group, [rawExtent(0, 0, filled(1000, 'b'))]);
  files.setCapacity((await files.allocatedBytes()) + 200_000);
  const full = hasCode('STAGING_FULL');
  await group.putExtent(...extentArguments(rawExtent(1, 0, filled(1000, 'c'))));
  const putLarge = () => group.putExtent(...extentArguments(rawExtent(0, 0, filled(MIB, 'c'))));
  // It is being written when its put has resolved: the next one has the error.
  await assert.rejects(putLarge().then(putLarge), full);
  await assert.rejects(group.commit(testCommit(3, 1)), full, 'half of an epoch is never committed');
  assert.ok((await readDisk(group, 2, 0)).subarray(0, 1000).equals(filled(1000, 'b')));
  await group.abandon();
  files.setCapacity(Number.POSITIVE_INFINITY);
  assert.equal(await putEpoch(group, [rawExtent(0, 0, filled(MIB, 'c'))]), 3);
  assert.ok(
    (await readDisk(group, 3, 1)).equals(Buffer.alloc(MIB + 512)),
    'the dropped epoch is gone on all disks',
  );
});

test('the reserve is never touched', async () => {
  const { group, files } = await openSimulated(undefined, { reserveBytes: 100_000 });
  await putEpoch(group, []);
  files.setCapacity((await files.allocatedBytes()) + 100_100);
  await assert.rejects(
    group.putExtent(...extentArguments(rawExtent(0, 0, filled(4096, 'x')))),
    (error) => error instanceof OperationError && error.code === 'STAGING_FULL' && !error.retryable,
  );
});

test('a failed sync drops the epochs it should have covered, and the journal goes on', async () => {
  const { group, files } = await openSimulated();
  await putEpoch(group, []);
  await group.putExtent(...extentArguments(rawExtent(0, 0, filled(10, 'x'))));
  await group.putExtent(...extentArguments(rawExtent(1, 0, filled(10, 'x'))));
  files.failSync(); // The new segments of both disks were synced when they were put.
  await assert.rejects(group.commit(testCommit(2, 2)), hasCode('JOURNAL_STORAGE_FAILED'));
  assert.equal(group.lastEpoch, 1);
  await group.abandon();
  assert.equal(await putEpoch(group, [rawExtent(1, 0, filled(10, 'y'))]), 2);
  await group.close();
  const { group: again } = await openSimulated(files);
  assert.ok((await readDisk(again, 2, 0)).equals(Buffer.alloc(3 * MIB)));
  assert.ok((await readDisk(again, 2, 1)).subarray(0, 10).equals(filled(10, 'y')));
});

test('other disks than the journal has are refused and change nothing', async () => {
  const { group, files } = await openSimulated();
  await putEpoch(group, []);
  await group.close();
  const before = files.paths().map((path) => [path, sha256(files.content(path))]);
  const added = [...DISKS, { diskId: 'disk-2', sizeBytes: MIB }];
  const resized = DISKS.map((disk) => ({ ...disk, sizeBytes: disk.sizeBytes + MIB }));
  for (const disks of [added, resized, DISKS.toReversed(), DISKS.slice(1)]) {
    await assert.rejects(openSimulated(files, { disks }), hasCode('JOURNAL_DISKS_CHANGED'));
  }
  assert.deepEqual(
    files.paths().map((path) => [path, sha256(files.content(path))]),
    before,
  );
});

test('a journal that is open is not opened again, and a missing one is not created unasked', async () => {
  const files = new SimulatedJournalFiles(seededRandom(1));
  await assert.rejects(openSimulated(files, { create: false }), hasCode('JOURNAL_MISSING'));
  await openSimulated(files);
  await assert.rejects(openSimulated(files), hasCode('JOURNAL_IN_USE'));
});

test('discard frees everything, but not while a view is open', async () => {
  const { group, files } = await openSimulated();
  await putEpoch(group, [rawExtent(0, 0, filled(MIB, 'x'))]);
  const view = await group.openView(1);
  await assert.rejects(group.discard(), hasCode('JOURNAL_IN_USE'));
  await view.close();
  assert.ok((await group.discard()) >= MIB);
  assert.deepEqual(files.paths(), []);
  const { group: again } = await openSimulated(files);
  assert.notEqual(again.journalId, group.journalId);
});

test('a discard that was interrupted is finished by the next creation', async () => {
  for (let operations = 1; operations < 12; operations += 1) {
    const { group, files } = await openSimulated();
    await putEpoch(group, [rawExtent(0, 0, filled(1000, 'x'))]);
    files.cutPowerAfter(operations);
    const interrupted = await group.discard().then(
      () => false,
      () => true,
    );
    files.restartAfterPowerCut();
    const { group: again } = await openSimulated(files);
    const old = again.journalId === group.journalId;
    assert.ok(!old || (interrupted && again.lastEpoch === 1), 'it is the old journal, whole, or a new one');
    if (!old) assert.ok(again.isEmpty(0) && again.lastEpoch === 0);
  }
});
