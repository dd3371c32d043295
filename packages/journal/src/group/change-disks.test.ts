import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MIB, seededRandom, silentLogger } from '@landfall/runtime';
import { putEpoch, rawExtent, readDisk, sha256, testCommit } from '../extents.testing.ts';
import { SimulatedJournalFiles } from '../storage/simulated-journal-files.ts';
import { openTestGroupOn } from '../test-storage.testing.ts';
import { currentSize, sizeAt, withSize } from './disk-sizes.ts';
import type { JournalGroup } from './journal-group.ts';

const DISKS = [
  { diskId: 'disk-0', sizeBytes: 2 * MIB + 512 },
  { diskId: 'disk-1', sizeBytes: MIB },
];

async function openSimulated(files = new SimulatedJournalFiles(seededRandom(1))) {
  const isNew = files.paths().length === 0;
  const disks = isNew ? { disks: DISKS } : {};
  const group = await openTestGroupOn(files, {
    ...{ ...disks, logger: silentLogger, create: true, reserveBytes: 0 },
  });
  return { group, files };
}

function filled(lengthBytes: number, text: string): Buffer {
  return Buffer.alloc(lengthBytes, text);
}

async function sizesAt(group: JournalGroup, epoch: number): Promise<number[]> {
  const view = await group.openView(epoch);
  const sizes = view.disks.map(({ sizeBytes }) => sizeBytes);
  await view.close();
  return sizes;
}

test('sizes are of epochs; a change that no epoch saw is replaced, and one to the same size is none', () => {
  const grown = withSize([{ fromEpoch: 1, sizeBytes: 10 }], { fromEpoch: 5, sizeBytes: 20 });
  assert.deepEqual(
    [0, 1, 4, 5, 9].map((epoch) => sizeAt(grown, epoch)),
    [0, 10, 10, 20, 20],
  );
  assert.equal(currentSize(withSize(grown, { fromEpoch: 5, sizeBytes: 0 })), 0);
  assert.deepEqual(withSize(grown, { fromEpoch: 5, sizeBytes: 10 }), [{ fromEpoch: 1, sizeBytes: 10 }]);
  assert.equal(withSize(grown, { fromEpoch: 6, sizeBytes: 20 }).length, 2);
});

test('a disk that grew reads as zeroes behind its old end, and older points keep the old size', async () => {
  const { group, files } = await openSimulated();
  await putEpoch(group, [rawExtent(0, MIB, filled(MIB + 512, 'old'))]);
  await group.changeDisks([{ diskId: 'disk-0', sizeBytes: 5 * MIB }, ...DISKS.slice(1)]);
  const hashes = await group.chunkHashes(0, 0, 4);
  const half = Buffer.concat([filled(MIB + 512, 'old').subarray(MIB), Buffer.alloc(MIB - 512)]);
  assert.deepEqual(hashes.subarray(64, 96), sha256(half), 'the old end lies inside a chunk');
  assert.deepEqual(hashes.subarray(96), sha256(Buffer.alloc(MIB)));
  await putEpoch(group, [rawExtent(0, 3 * MIB, filled(MIB, 'new'))]);
  const check = async (opened: JournalGroup) => {
    assert.deepEqual(await sizesAt(opened, 1), [2 * MIB + 512, MIB]);
    assert.deepEqual(await sizesAt(opened, 2), [5 * MIB, MIB]);
    const before = Buffer.concat([Buffer.alloc(MIB), filled(MIB + 512, 'old')]);
    assert.ok((await readDisk(opened, 1, 0)).equals(before));
    const after = Buffer.concat([before, Buffer.alloc(MIB - 512), filled(MIB, 'new'), Buffer.alloc(MIB)]);
    assert.ok((await readDisk(opened, 2, 0)).equals(after));
    const view = await opened.openView(2);
    const zero = await view.disks[0]?.allocation(4 * MIB, MIB);
    assert.deepEqual(zero, [{ offsetBytes: 4 * MIB, lengthBytes: MIB, zero: true }]);
    await view.close();
  };
  await check(group);
  await group.close();
  const { group: again } = await openSimulated(files);
  await check(again);
  await again.close();
});

test('a shrunk disk ends where it ends now; what a view of an older point holds open stays readable', async () => {
  const { group } = await openSimulated();
  await putEpoch(group, [rawExtent(0, 2 * MIB, filled(512, 'tail'))]);
  const old = await group.openView(1);
  await group.changeDisks([{ diskId: 'disk-0', sizeBytes: MIB + 100 }, ...DISKS.slice(1)]);
  assert.deepEqual((await group.chunkHashes(0, 0, 2)).subarray(32), sha256(Buffer.alloc(100)));
  await assert.rejects(group.putZeroes(0, MIB, 101), { code: 'EPOCH_REFUSED' });
  await group.abandon();
  await putEpoch(group, [rawExtent(0, MIB, filled(100, 'end'))]);
  assert.deepEqual(await sizesAt(group, 2), [MIB + 100, MIB]);
  assert.ok((await readDisk(group, 2, 0)).subarray(MIB).equals(filled(100, 'end')));
  const tail = Buffer.alloc(512);
  await old.disks[0]?.read(2 * MIB, tail);
  assert.ok(tail.equals(filled(512, 'tail')), 'J3');
  await old.close();
  await group.close();
});

test('disks join and leave: each point shows those there were, and a disk that comes back is compared', async () => {
  const { group, files } = await openSimulated();
  await putEpoch(group, [rawExtent(1, 0, filled(10, 'one'))]);
  const joined = { diskId: 'disk-2', sizeBytes: 3 * MIB };
  await group.changeDisks([...DISKS, joined]);
  assert.ok(group.isEmpty(2), 'nothing of it was ever written');
  await putEpoch(group, [rawExtent(2, 2 * MIB, filled(MIB, 'two'))]);
  await group.changeDisks([...DISKS.slice(0, 1), joined]);
  await assert.rejects(group.putZeroes(1, 0, 1), { code: 'EPOCH_REFUSED' });
  await group.abandon();
  await putEpoch(group, []);
  await group.changeDisks([...DISKS, joined]);
  assert.ok(!group.isEmpty(1), 'what it held is still there to compare with');
  assert.deepEqual((await group.chunkHashes(1, 0, 1)).toString('hex'), sha256(withOne()).toString('hex'));
  await putEpoch(group, []);
  await group.close();
  const { group: again } = await openSimulated(files);
  const sizes = await Promise.all([1, 2, 3, 4].map((epoch) => sizesAt(again, epoch)));
  const [first = 0, second = 0] = DISKS.map(({ sizeBytes }) => sizeBytes);
  assert.deepEqual(sizes, [
    [first, second, 0],
    [first, second, 3 * MIB],
    [first, 0, 3 * MIB],
    [first, second, 3 * MIB],
  ]);
  assert.ok((await readDisk(again, 4, 2)).subarray(2 * MIB).equals(filled(MIB, 'two')));
  assert.ok((await readDisk(again, 4, 1)).equals(withOne()));
  await again.close();
});

function withOne(): Buffer {
  return Buffer.concat([filled(10, 'one'), Buffer.alloc(MIB - 10)]);
}

test('how a point was taken is kept with it', async () => {
  const { group, files } = await openSimulated();
  await group.commit({ ...testCommit(1, 0), consistency: 'SCANNED' });
  await group.commit({ ...testCommit(2, 0), consistency: 'SCANNED' });
  await putEpoch(group, []);
  await group.close();
  const { group: again } = await openSimulated(files);
  const kinds = again.recoveryPoints().map(({ consistency }) => consistency);
  assert.deepEqual(kinds, ['CRASH_CONSISTENT', 'SCANNED', 'SCANNED']);
  await again.close();
});

test('a joining disk is written with the epochs of the others and is in no point before it is a member', async () => {
  const { group, files } = await openSimulated();
  await putEpoch(group, []);
  const joining = { diskId: 'disk-2', sizeBytes: 2 * MIB, isJoining: true };
  await group.changeDisks([...DISKS, joining]);
  assert.deepEqual(group.disks[2], joining);
  await putEpoch(group, [rawExtent(0, 0, filled(10, 'a')), rawExtent(2, MIB, filled(MIB, 'half'))]);
  assert.equal((await sizesAt(group, 2))[2], 0);
  assert.deepEqual(
    (await group.chunkHashes(2, 1, 1)).toString('hex'),
    sha256(filled(MIB, 'half')).toString('hex'),
  );
  await group.close();
  const { group: again } = await openSimulated(files);
  assert.equal(again.disks[2]?.sizeBytes, 0, 'that it joins is known while a connection lasts');
  await again.changeDisks([...DISKS, joining]);
  await putEpoch(again, [rawExtent(2, 0, filled(MIB, 'rest'))]);
  await again.changeDisks([...DISKS, { diskId: 'disk-2', sizeBytes: 2 * MIB }]);
  await putEpoch(again, []);
  assert.deepEqual([(await sizesAt(again, 3))[2], (await sizesAt(again, 4))[2]], [0, 2 * MIB]);
  const whole = Buffer.concat([filled(MIB, 'rest'), filled(MIB, 'half')]);
  assert.ok((await readDisk(again, 4, 2)).equals(whole));
  await again.close();
});
