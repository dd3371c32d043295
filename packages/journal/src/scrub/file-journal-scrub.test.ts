/** On real files: a bit changed anywhere is found and named with the recovery points that see it (J6). */
import assert from 'node:assert/strict';
import { open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLogger, OperationError, type Random, seededRandom, silentLogger } from '@landfall/runtime';
import fc from 'fast-check';
import { putEpoch, rawExtent, zstdExtent } from '../extents.testing.ts';
import type { JournalGroup } from '../group/journal-group.ts';
import { openJournalGroup } from '../group/open-journal-group.ts';
import { inFolder } from './file-folder.testing.ts';
import type { JournalDamage } from './journal-damage.ts';
import { JournalScrub } from './journal-scrub.ts';

const FLIPS = Number(process.env.LANDFALL_SCRUB_FLIPS ?? 40);
const DISKS = [
  { diskId: 'disk-0', sizeBytes: 3 * 1024 * 1024 + 70_000 },
  { diskId: 'disk-1', sizeBytes: 200_000 },
];
const EPOCHS = 12;
const NOW_MS = 1_700_000_000_000;

function openGroup(folder: string): Promise<JournalGroup> {
  const settings = { disks: DISKS, create: true, segmentBytes: 20_000, reserveBytes: 0 };
  return openJournalGroup({ folder, logger: silentLogger, ...settings });
}

/** A base with holes, sealed segments and one that is still written. */
async function writeHistory(folder: string, random: Random): Promise<void> {
  const group = await openGroup(folder);
  for (let epoch = 1; epoch <= EPOCHS; epoch += 1) {
    const extents = Array.from({ length: 4 }, () => {
      const diskIndex = random.integer(2);
      // Close together, so that later epochs hide what earlier ones wrote.
      const offset = random.integer(4) === 0 ? 1_500_000 * (1 - diskIndex) : random.integer(30) * 4096;
      const content = Buffer.alloc(1024 * (1 + random.integer(12)), random.bytes(8));
      return (random.integer(2) === 0 ? rawExtent : zstdExtent)(diskIndex, offset, content);
    });
    await putEpoch(group, extents);
  }
  await group.close();
}

async function filesOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !/^(lock-|scrub$)/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

async function flip(path: string, random: Random): Promise<number> {
  const file = await open(path, 'r+');
  try {
    const position = random.integer((await file.stat()).size);
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, position);
    byte.writeUInt8(byte.readUInt8(0) ^ (1 << random.integer(8)), 0);
    await file.write(byte, 0, 1, position);
    return position;
  } finally {
    await file.close();
  }
}

async function fullPass(group: JournalGroup, scrub: JournalScrub): Promise<number> {
  let bytes = 0;
  for (;;) {
    const step = await group.scrub((journal) => scrub.step(journal, NOW_MS));
    bytes += step.bytes;
    if (step.endsPass) return bytes;
  }
}

async function reads(group: JournalGroup, damage: JournalDamage, epoch: number): Promise<boolean> {
  const { range } = damage;
  assert.ok(range !== undefined);
  const view = await group.openView(epoch);
  try {
    await view.disks[range.diskIndex]?.read(range.offsetBytes, Buffer.alloc(range.lengthBytes));
    return true;
  } catch (error) {
    assert.ok(error instanceof OperationError && error.code === 'EXTENT_DAMAGED');
    return false;
  } finally {
    await view.close();
  }
}

/** The journal itself is asked, point by point. */
async function assertEpochs(group: JournalGroup, damage: JournalDamage): Promise<void> {
  const { first, last } = damage.range?.epochs ?? { first: Infinity, last: -Infinity };
  for (let epoch = 1; epoch <= EPOCHS; epoch += 1) {
    const isSeen = epoch >= first && epoch <= last;
    const what = `${damage.path}@${damage.positionBytes}, ${first}–${last}, point ${epoch}`;
    assert.equal(await reads(group, damage, epoch), !isSeen, what);
  }
  assert.equal(damage.range?.isInNewest, last === EPOCHS);
}

test(`${FLIPS} times, one bit changed in real files is found and named with the points that see it`, async () => {
  const property = fc.asyncProperty(fc.integer({ min: 0 }), (seed) =>
    inFolder(async (folder) => {
      const random = seededRandom(seed);
      await writeHistory(folder, random);
      const group = await openGroup(folder);
      const paths = await filesOf(folder);
      const path = paths[random.integer(paths.length)] ?? '';
      const position = await flip(join(folder, path), random);
      const lines: string[] = [];
      const logger = createLogger({ program: 'test', write: (line) => lines.push(line) });
      const scrub = new JournalScrub({ logger });
      await fullPass(group, scrub);
      const { damages } = scrub.status;
      const isHole = path.endsWith('/base') && damages.length === 0;
      if (isHole) assert.ok(await isUnwritten(folder, path, position), `${path}@${position} was not found`);
      else assert.equal(damages.length, 1, `${path}@${position}: ${JSON.stringify(damages)}`);
      for (const damage of damages) {
        assert.equal(damage.path, path);
        if (path.includes('/segments/') || path.endsWith('/base'))
          assert.ok(damage.positionBytes <= position);
        if (damage.kind === 'EXTENT' || damage.kind === 'BASE') await assertEpochs(group, damage);
        assert.equal(lines.filter((line) => line.includes('"journal-damage-found"')).length, 1);
      }
      await fullPass(group, scrub);
      assert.equal(lines.filter((line) => line.includes('"journal-damage-found"')).length, damages.length);
      await group.close();
    }),
  );
  await fc.assert(property, { numRuns: FLIPS, endOnFailure: true });
});

/** The table has no entry for the chunk: whatever the file holds there, it reads as zeroes. */
async function isUnwritten(folder: string, path: string, position: number): Promise<boolean> {
  const file = await open(join(folder, `${path}.sha256`), 'r');
  const entry = Buffer.alloc(104);
  await file.read(entry, 0, 104, Math.floor(position / (1024 * 1024)) * 104);
  await file.close();
  return entry.every((byte) => byte === 0);
}

test('a pass reads every byte of an intact journal and finds nothing', async () => {
  await inFolder(async (folder) => {
    await writeHistory(folder, seededRandom(1));
    const group = await openGroup(folder);
    const scrub = new JournalScrub({ logger: silentLogger });
    const bytes = await fullPass(group, scrub);
    const segments = (await filesOf(folder)).filter((path) => path.includes('/segments/'));
    assert.ok(segments.length > 3);
    const sizes = await Promise.all(segments.map(async (path) => (await stat(join(folder, path))).size));
    const segmentBytes = sizes.reduce((sum, size) => sum + size, 0);
    assert.ok(bytes > segmentBytes + 1024 * 1024, `${bytes} bytes read, segments have ${segmentBytes}`);
    const { damageCount, passes, passEndedAtMs } = scrub.status;
    assert.deepEqual(
      { damageCount, passes, passEndedAtMs },
      { damageCount: 0, passes: 1, passEndedAtMs: NOW_MS },
    );
    await group.close();
  });
});

test('a scrub that was killed goes on where it left word, and still knows what it told', async () => {
  await inFolder(async (folder) => {
    await writeHistory(folder, seededRandom(2));
    const group = await openGroup(folder);
    const whole = await fullPass(group, new JournalScrub({ logger: silentLogger }));
    await rm(join(folder, 'scrub'));
    const killed = new JournalScrub({ logger: silentLogger, saveEveryBytes: 1 });
    let done = 0;
    for (let step = 0; step < 8; step += 1) {
      done += (await group.scrub((journal) => killed.step(journal, NOW_MS))).bytes;
    }
    assert.ok(done > 0 && done < whole);
    const next = new JournalScrub({ logger: silentLogger });
    assert.equal(done + (await fullPass(group, next)), whole);
    assert.equal(next.status.passes, 1);
    await group.close();
  });
});

test('damage that is overwritten everywhere or gone is no longer told after the next pass', async () => {
  await inFolder(async (folder) => {
    await writeHistory(folder, seededRandom(3));
    const group = await openGroup(folder);
    const base = await open(join(folder, 'disk-0/base'), 'r+');
    const before = Buffer.alloc(1);
    await base.read(before, 0, 1, 0);
    await base.write(Buffer.from([before.readUInt8(0) ^ 1]), 0, 1, 0);
    const scrub = new JournalScrub({ logger: silentLogger });
    await fullPass(group, scrub);
    assert.equal(scrub.status.damageCount, 1);
    await base.write(before, 0, 1, 0);
    await base.close();
    await fullPass(group, scrub);
    assert.equal(scrub.status.damageCount, 0);
    await group.close();
  });
});
