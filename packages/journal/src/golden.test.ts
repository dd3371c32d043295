/**
 * A journal written by a released format opens forever: `testdata/v1` was written once, by
 * `LANDFALL_WRITE_GOLDEN=1` on this test, and is never written again; a new format version gets a folder of
 * its own.
 */
import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { silentLogger } from '@landfall/runtime';
import { putEpoch, rawExtent, readDisk, sha256, testCommit, zstdExtent } from './extents.testing.ts';
import type { JournalGroup } from './journal-group.ts';
import { openJournalGroup } from './open-journal-group.ts';

const GOLDEN = fileURLToPath(new URL('../testdata/v1', import.meta.url));
const DISKS = [
  { diskId: 'disk-0', sizeBytes: 150_000 },
  { diskId: 'disk-1', sizeBytes: 4096 },
];

/** Base, sealed segments, an open one; raw, zstd and zero extents; empty epochs; a disk that rests. */
async function writeGolden(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  const options = {
    folder,
    disks: DISKS,
    logger: silentLogger,
    create: true,
    segmentBytes: 6000,
    reserveBytes: 0,
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
  await writeFile(join(folder, 'expected.json'), `${JSON.stringify(await contents(group), undefined, 1)}\n`);
  await group.close();
}

async function contents(group: JournalGroup) {
  const epochs = [];
  for (const point of group.recoveryPoints().toReversed()) {
    const disks = [];
    for (const index of DISKS.keys())
      disks.push(sha256(await readDisk(group, point.epoch, index)).toString('hex'));
    epochs.push({ ...point, disks });
  }
  return { journalId: group.journalId, epochs };
}

test('the journal of format version 1 opens, reads as it did, and takes new epochs', async (t) => {
  if (process.env.LANDFALL_WRITE_GOLDEN === '1') await writeGolden(GOLDEN);
  const folder = await mkdtemp(join(tmpdir(), 'landfall-golden-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await cp(GOLDEN, folder, { recursive: true });
  const group = await openJournalGroup({ folder, disks: DISKS, logger: silentLogger, reserveBytes: 0 });
  const expected: unknown = JSON.parse(await readFile(join(GOLDEN, 'expected.json'), 'utf8'));
  assert.deepEqual(await contents(group), expected);
  assert.equal(await putEpoch(group, [rawExtent(0, 0, Buffer.alloc(10, 'new'))]), 11);
  await group.close();
});
