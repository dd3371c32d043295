/** On real files: what is damaged is repaired by newer epochs, and put right where that is proved. */
import assert from 'node:assert/strict';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLogger } from '@landfall/runtime';
import { putEpoch, rawExtent, readDisk, zstdExtent } from '../extents.testing.ts';
import type { JournalGroup } from '../group/journal-group.ts';
import { openJournalGroup } from '../group/open-journal-group.ts';
import { inFolder } from './file-folder.testing.ts';
import type { DamagedRange } from './journal-damage.ts';
import { JournalScrub } from './journal-scrub.ts';

const DISK_BYTES = 2 * 1024 * 1024;
const BLOCK_BYTES = 64 * 1024;
const BASE = Buffer.alloc(DISK_BYTES, 'the base, ');
const LATER = Buffer.alloc(8192, 'written later, ');
const LATER_AT = 1_200_000;
const SEGMENT = 'disk-0/segments/0001';

interface Damaged {
  readonly group: JournalGroup;
  readonly scrub: JournalScrub;
  readonly states: Buffer[];
}

/** Three points; then a byte of a file changes, and a scrub finds it. */
function withDamage(
  place: { readonly path: string; readonly find: Buffer; readonly compressed?: boolean },
  story: (damaged: Damaged) => Promise<void>,
): Promise<void> {
  return inFolder(async (folder) => {
    const group = await openGroup(folder);
    const extent = place.compressed === true ? zstdExtent : rawExtent;
    await putEpoch(group, [rawExtent(0, 0, BASE)]);
    await putEpoch(group, [extent(0, LATER_AT, LATER)]);
    await putEpoch(group, [rawExtent(0, 500_000, Buffer.alloc(100, 'x'))]);
    const states = [await readDisk(group, 1, 0), await readDisk(group, 2, 0), await readDisk(group, 3, 0)];
    await group.close();
    await spoil(join(folder, place.path), place.find);
    const reopened = await openGroup(folder);
    const scrub = new JournalScrub({ logger: silentLogger });
    await pass(reopened, scrub);
    await story({ group: reopened, scrub, states });
    await reopened.close();
  });
}

function openGroup(folder: string): Promise<JournalGroup> {
  const disks = [{ diskId: 'disk-0', sizeBytes: DISK_BYTES }];
  return openJournalGroup({ folder, disks, logger: silentLogger, create: true, reserveBytes: 0 });
}

/** One bit of the first byte of `find`. */
async function spoil(path: string, find: Buffer): Promise<void> {
  const file = await open(path, 'r+');
  const content = await file.readFile();
  const at = content.indexOf(find);
  assert.ok(at >= 0);
  await file.write(Buffer.from([content.readUInt8(at) ^ 4]), 0, 1, at);
  await file.close();
}

async function pass(group: JournalGroup, scrub: JournalScrub): Promise<void> {
  while (!(await group.scrub((journal) => scrub.step(journal, 1_700_000_000_000))).endsPass);
}

function repair({ group, scrub }: Damaged): Promise<readonly DamagedRange[]> {
  return group.scrub((journal) => scrub.repair(journal));
}

/** What a source sends that is asked for it. */
async function sendAgain(
  group: JournalGroup,
  ranges: readonly DamagedRange[],
  content: Buffer,
): Promise<void> {
  const extents = ranges.map(({ offsetBytes, lengthBytes }) =>
    rawExtent(0, offsetBytes, content.subarray(offsetBytes, offsetBytes + lengthBytes)),
  );
  await putEpoch(group, extents);
}

test('a base block the source still has is put right, and old points can be read again', async () => {
  await withDamage({ path: 'disk-0/base', find: BASE.subarray(0, 64) }, async (damaged) => {
    const { group, scrub, states } = damaged;
    const lost = await repair(damaged);
    assert.deepEqual(
      lost.map(({ offsetBytes, lengthBytes }) => ({ offsetBytes, lengthBytes })),
      [{ offsetBytes: 0, lengthBytes: BLOCK_BYTES }],
    );
    await assert.rejects(readDisk(group, 1, 0), { code: 'EXTENT_DAMAGED' });
    await sendAgain(group, lost, states[2] ?? BASE);
    assert.deepEqual(await repair(damaged), []);
    assert.equal(scrub.status.damageCount, 0);
    for (const [index, state] of states.entries())
      assert.ok((await readDisk(group, index + 1, 0)).equals(state));
    await pass(group, scrub);
    assert.equal(scrub.status.damageCount, 0);
  });
});

test('an extent the source still has is put right', async () => {
  await withDamage({ path: SEGMENT, find: LATER.subarray(0, 64) }, async (damaged) => {
    const { group, scrub, states } = damaged;
    const lost = await repair(damaged);
    assert.deepEqual(
      lost.map(({ offsetBytes, lengthBytes, epochs }) => ({ offsetBytes, lengthBytes, epochs })),
      [{ offsetBytes: LATER_AT, lengthBytes: LATER.length, epochs: { first: 2, last: 3 } }],
    );
    await sendAgain(group, lost, states[2] ?? BASE);
    assert.deepEqual(await repair(damaged), []);
    assert.equal(scrub.status.damageCount, 0);
    assert.ok((await readDisk(group, 2, 0)).equals(states[1] ?? BASE));
  });
});

test('what the source has changed since repairs the newest state only; old points stay named', async () => {
  for (const place of [
    { path: 'disk-0/base', find: BASE.subarray(0, 64) },
    { path: SEGMENT, find: LATER.subarray(0, 64) },
  ]) {
    await withDamage(place, async (damaged) => {
      const { group, scrub } = damaged;
      const lost = await repair(damaged);
      await sendAgain(group, lost, Buffer.alloc(DISK_BYTES, 'changed since, '));
      assert.deepEqual(await repair(damaged), []);
      await readDisk(group, 4, 0);
      await assert.rejects(readDisk(group, 3, 0), { code: 'EXTENT_DAMAGED' });
      assert.equal(scrub.status.damages[0]?.range?.epochs?.last, 3);
      assert.equal(scrub.status.damages[0]?.range?.isInNewest, false);
      await pass(group, scrub);
      assert.equal(scrub.status.damageCount, 1);
      assert.deepEqual(await repair(damaged), []);
    });
  }
});

test('a compressed payload is not made up: the newest state is repaired, old points stay named', async () => {
  const { payload } = zstdExtent(0, LATER_AT, LATER);
  await withDamage({ path: SEGMENT, find: payload, compressed: true }, async (damaged) => {
    const { group, scrub, states } = damaged;
    await sendAgain(group, await repair(damaged), states[2] ?? BASE);
    assert.deepEqual(await repair(damaged), []);
    assert.equal(scrub.status.damageCount, 1);
    await readDisk(group, 4, 0);
    await assert.rejects(readDisk(group, 2, 0), { code: 'EXTENT_DAMAGED' });
  });
});

test('a manifest or a segment header that would keep the journal from opening is written again', async () => {
  for (const [path, text] of [
    ['disk-0/manifest', 'durableEpoch'],
    [SEGMENT, 'LFJSEG01'],
  ] as const) {
    await inFolder(async (folder) => {
      const group = await openGroup(folder);
      await putEpoch(group, [rawExtent(0, 0, BASE)]);
      await putEpoch(group, [rawExtent(0, LATER_AT, LATER)]);
      const before = await readDisk(group, 2, 0);
      await spoil(join(folder, path), Buffer.from(text));
      const scrub = new JournalScrub({ logger: silentLogger });
      await pass(group, scrub);
      assert.equal(scrub.status.damages[0]?.path, path);
      assert.deepEqual(await group.scrub((journal) => scrub.repair(journal)), []);
      assert.equal(scrub.status.damageCount, 0);
      await group.close();
      const again = await openGroup(folder);
      assert.ok((await readDisk(again, 2, 0)).equals(before));
      await again.close();
    });
  }
});

test('hashes for a proof are of what the files hold now, whatever is remembered', async () => {
  await inFolder(async (folder) => {
    const group = await openGroup(folder);
    await putEpoch(group, [rawExtent(0, 0, BASE)]);
    await putEpoch(group, [rawExtent(0, LATER_AT, LATER)]);
    const before = await group.chunkHashes(0, 0, 2, true);
    assert.deepEqual(await group.chunkHashes(0, 0, 2), before);
    await readDisk(group, 2, 0);
    await spoil(join(folder, 'disk-0/base'), BASE.subarray(0, 64));
    await spoil(join(folder, SEGMENT), LATER.subarray(0, 64));
    assert.deepEqual(await group.chunkHashes(0, 0, 2, true), Buffer.alloc(64));
    await group.close();
  });
});
