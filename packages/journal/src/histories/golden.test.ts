/**
 * A journal written by a released format opens forever: each folder of `testdata` was written once, the
 * newest by `LANDFALL_WRITE_GOLDEN=NAME` on this test, and is never written again; a new format version gets
 * a folder of its own.
 */
import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { silentLogger } from '@landfall/runtime';
import { putEpoch, rawExtent, readDisk, sha256, testCommit, zstdExtent } from '../extents.testing.ts';
import type { JournalGroup } from '../group/journal-group.ts';
import { openJournalGroup } from '../group/open-journal-group.ts';
import { TEST_WRAPPING_KEY, testEncryption } from '../test-storage.testing.ts';

const RETENTION = {
  tiers: [
    { everyMs: 0, forMs: 4000 },
    { everyMs: 5000, forMs: 30_000 },
  ],
  ...{ thinEveryMs: 0, tableFactor: 0 },
};
const goldenOf = (name: string) => fileURLToPath(new URL(`../../testdata/${name}`, import.meta.url));
const NEWEST = 'v3';
/** The same journal, encrypted. */
const NEWEST_ENCRYPTED = `${NEWEST}-encrypted`;
const WRITTEN = [NEWEST, NEWEST_ENCRYPTED];
const encryptionOf = (name: string) =>
  name.endsWith('-encrypted') ? { encryption: testEncryption([TEST_WRAPPING_KEY]) } : {};
const DISKS = [
  { diskId: 'disk-0', sizeBytes: 150_000 },
  { diskId: 'disk-1', sizeBytes: 4096 },
];

/**
 * Base, sealed segments, an open one; raw, zstd and zero extents; empty epochs; a disk that rests; and of
 * version 2: disks that join, grow, shrink and leave, and scanned points; and of version 3: dropped, named
 * and locked points, compacted segments, a base that advanced, and one that was advancing when the program
 * ended.
 */
async function writeGolden(name: string): Promise<void> {
  const folder = goldenOf(name);
  await rm(folder, { recursive: true, force: true });
  const options = {
    folder,
    disks: DISKS,
    logger: silentLogger,
    create: true,
    segmentBytes: 6000,
    reserveBytes: 0,
    retention: RETENTION,
    ...encryptionOf(name),
  };
  const group = await openJournalGroup(options);
  await putEpoch(group, [
    rawExtent(0, 70_000, Buffer.alloc(3000, 'base')),
    zstdExtent(1, 512, Buffer.alloc(100, 'b')),
  ]);
  for (let epoch = 2; epoch <= 9; epoch += 1) {
    const content = Buffer.from(Array.from({ length: 1500 }, (_, at) => (at * epoch) & 0xff));
    const raw = rawExtent(0, 69_000 + epoch * 700, content);
    await putEpoch(
      group,
      epoch === 6 ? [] : [raw, zstdExtent(epoch % 2, epoch * 300, Buffer.alloc(600, String(epoch)))],
    );
  }
  await group.putZeroes(0, 71_000, 2000);
  await group.commit(testCommit(10, 1));
  const [first = { diskId: 'disk-0', sizeBytes: 1 }] = DISKS;
  await group.changeDisks([
    first,
    { diskId: 'disk-1', sizeBytes: 9000 },
    { diskId: 'disk-2', sizeBytes: 5000 },
  ]);
  await putEpoch(group, [
    rawExtent(1, 8000, Buffer.alloc(1000, 'g')),
    rawExtent(2, 0, Buffer.alloc(5000, 'j')),
  ]);
  await group.changeDisks([
    { ...first, sizeBytes: 70_000 },
    { diskId: 'disk-2', sizeBytes: 5000 },
  ]);
  await group.putZeroes(2, 100, 200);
  await group.commit({ ...testCommit(12, 1), consistency: 'SCANNED' });
  await thinAndGoOn(group, folder);
  await writeFile(join(folder, 'expected.json'), `${JSON.stringify(await contents(group), undefined, 1)}\n`);
  await group.close();
}

async function thinAndGoOn(group: JournalGroup, folder: string): Promise<void> {
  await overwrite(group, 50);
  await group.pin(3, 'before the update');
  await group.lock(40, Date.UTC(2100, 0, 1));
  const did = new Set<string>();
  for (let step = await group.maintain(); step.hasMore; step = await group.maintain()) did.add(step.did);
  assert.ok(['DROPPED_POINTS', 'REPLACED'].every((kind) => did.has(kind)));
  await group.unpin(3);
  await overwrite(group, 60);
  for (let step = await group.maintain(); step.hasMore; step = await group.maintain()) did.add(step.did);
  await overwrite(group, 90);
  await group.pin(88, 'before the next update');
  const isAdvancing = async () =>
    /"advance": \{/.test(await readFile(join(folder, 'disk-0/manifest'), 'utf8'));
  while (!(await isAdvancing())) did.add((await group.maintain()).did);
  assert.ok(did.has('ADVANCED'));
}

/** Up to an epoch, mostly the same places again. */
async function overwrite(group: JournalGroup, lastEpoch: number): Promise<void> {
  for (let epoch = group.lastEpoch + 1; epoch <= lastEpoch; epoch += 1) {
    const content = Buffer.from(Array.from({ length: 1200 }, (_, at) => (at * epoch) & 0xff));
    const raw = rawExtent(0, (epoch % 4) * 1000, content);
    await putEpoch(group, [raw, zstdExtent(2, (epoch % 3) * 900, Buffer.alloc(800, String(epoch)))]);
  }
}

async function contents(group: JournalGroup) {
  const epochs = [];
  for (const point of group.recoveryPoints().toReversed()) {
    const disks = [];
    for (const index of group.disks.keys())
      disks.push(sha256(await readDisk(group, point.epoch, index)).toString('hex'));
    epochs.push({ ...point, disks });
  }
  return { journalId: group.journalId, epochs };
}

for (const name of ['v1', 'v2', NEWEST, NEWEST_ENCRYPTED]) {
  test(`the journal of format version ${name} opens, reads as it did, and takes new epochs`, async (t) => {
    const golden = goldenOf(name);
    if (process.env.LANDFALL_WRITE_GOLDEN === name && WRITTEN.includes(name)) await writeGolden(name);
    const folder = await mkdtemp(join(tmpdir(), 'landfall-golden-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    await cp(golden, folder, { recursive: true });
    const expected = JSON.parse(await readFile(join(golden, 'expected.json'), 'utf8'));
    const options = { folder, logger: silentLogger, reserveBytes: 0, ...encryptionOf(name) };
    const group = await openJournalGroup(options);
    assert.deepEqual(await contents(group), expected);
    const epoch = group.lastEpoch + 1;
    assert.equal(await putEpoch(group, [rawExtent(0, 0, Buffer.alloc(10, 'new'))]), epoch);
    await group.close();
    const again = await openJournalGroup({ ...options, retention: RETENTION });
    assert.equal(again.lastEpoch, epoch);
    const before = await contents(again);
    while ((await again.maintain()).hasMore);
    const listed = new Set(again.recoveryPoints().map((point) => point.epoch));
    const kept = before.epochs.filter((point) => listed.has(point.epoch));
    assert.ok(kept.length < before.epochs.length || WRITTEN.includes(name), 'points were dropped');
    assert.deepEqual((await contents(again)).epochs, kept);
    await again.close();
  });
}
