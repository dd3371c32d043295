import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openJournalGroup, parseKeySource, wrappingKeysOf } from '@landfall/journal';
import { MIB, runChecked, seededRandom, silentLogger, systemClock } from '@landfall/runtime';
import { Progress } from '../terminal/progress.ts';
import { FolderTransfers } from './folder-transfers.ts';
import { IMAGE_FORMATS } from './image-format.ts';
import { importImages, inspectImages, parseImageOfDisk } from './import-images.ts';
import { DISKS, temporaryFolder, writeJournalFolder } from './journal-folder.testing.ts';

const quiet = { json: true, interactive: false, out: () => undefined, err: () => undefined };

async function emptyJournal(t: TestContext, isEncrypted = false) {
  const folder = await temporaryFolder(t);
  const journalFolder = join(folder, 's-1');
  const wrapping = wrappingKeysOf([parseKeySource('env:KEY')], { KEY: 'ab'.repeat(32) });
  const encryption = { wrapping, encryptsNew: isEncrypted };
  await writeJournalFolder(journalFolder, { epochs: 0, seed: 1, encryption });
  const transfers = new FolderTransfers({ folder: journalFolder, encryption, logger: silentLogger });
  const open = () => openJournalGroup({ folder: journalFolder, logger: silentLogger, encryption });
  return { folder, journalFolder, transfers, open };
}

async function importAll(transfers: FolderTransfers, disks: readonly string[]) {
  const images = await inspectImages(disks.map(parseImageOfDisk));
  const progress = new Progress(quiet, () => systemClock.nowMs());
  const { signal } = new AbortController();
  return transfers.withSeed((opened) => importImages({ images, disks: opened.disks, signal, progress }));
}

/** Of every chunk of a disk. */
function hashesOf(content: Buffer): Buffer {
  const chunks = Math.ceil(content.length / MIB);
  const chunkAt = (index: number) => content.subarray(index * MIB, (index + 1) * MIB);
  return Buffer.concat(
    Array.from({ length: chunks }, (_, index) => createHash('sha256').update(chunkAt(index)).digest()),
  );
}

function sparseContent(sizeBytes: number, seed: number): Buffer {
  const random = seededRandom(seed);
  const content = Buffer.alloc(sizeBytes);
  random.bytes(300_000).copy(content, 100_000);
  random.bytes(1_500_000).copy(content, 2 * MIB);
  random.bytes(512).copy(content, sizeBytes - 512);
  return content;
}

for (const format of IMAGE_FORMATS) {
  for (const isEncrypted of [false, true]) {
    const title = `a ${format} image becomes the first copy of ${isEncrypted ? 'an encrypted' : 'a'} journal`;
    test(title, async (t) => {
      const { folder, transfers, open } = await emptyJournal(t, isEncrypted);
      const content = sparseContent(DISKS[1].sizeBytes, 31);
      const [raw, image] = [join(folder, 'source.raw'), join(folder, `image.${format}`)];
      await writeFile(raw, content);
      await runChecked(['qemu-img', 'convert', '-f', 'raw', '-O', format, raw, image]);
      const [imported] = await importAll(transfers, [`disk-1=${image}`]);
      assert.deepEqual([imported?.format, imported?.imageSizeBytes], [format, content.length]);

      const group = await open();
      t.after(() => group.close());
      assert.equal(group.keys !== undefined, isEncrypted);
      assert.equal(group.lastEpoch, 0);
      assert.deepEqual([group.isEmpty(0), group.isEmpty(1)], [true, false]);
      const hashes = hashesOf(content);
      assert.ok((await group.chunkHashes(1, 0, hashes.length / 32)).equals(hashes));
    });
  }
}

test('behind the end of a smaller image the disk is zero', async (t) => {
  const { folder, transfers, open } = await emptyJournal(t);
  const path = join(folder, 'small.raw');
  const content = sparseContent(4 * MIB + 512, 32);
  await writeFile(path, content);
  await importAll(transfers, [`disk-0=${path}`]);
  const group = await open();
  t.after(() => group.close());
  const padded = Buffer.concat([content, Buffer.alloc(DISKS[0].sizeBytes - content.length)]);
  assert.ok((await group.chunkHashes(0, 0, 8)).equals(hashesOf(padded)));
});

test('an image goes over all of what an earlier one left, also where it is zero', async (t) => {
  const { folder, transfers, open } = await emptyJournal(t);
  for (const [index, name] of ['first.raw', 'second.raw'].entries()) {
    const full = index === 0 ? Buffer.alloc(DISKS[0].sizeBytes, 0xee) : undefined;
    await writeFile(join(folder, name), full ?? sparseContent(DISKS[0].sizeBytes, 34));
  }
  await importAll(transfers, [`disk-0=${join(folder, 'first.raw')}`]);
  await importAll(transfers, [`disk-0=${join(folder, 'second.raw')}`]);
  const group = await open();
  t.after(() => group.close());
  assert.ok((await group.chunkHashes(0, 0, 8)).equals(hashesOf(sparseContent(DISKS[0].sizeBytes, 34))));
});

test('a server with recovery points is left as it is', async (t) => {
  const folder = await temporaryFolder(t);
  const journal = await writeJournalFolder(join(folder, 's-1'), { epochs: 2, seed: 35 });
  const path = join(folder, 'image.raw');
  await writeFile(path, Buffer.alloc(MIB, 1));
  const wrapping = wrappingKeysOf([parseKeySource('env:KEY')], { KEY: 'ab'.repeat(32) });
  const transfers = new FolderTransfers({
    ...{ folder: journal.folder, encryption: { wrapping }, logger: silentLogger },
  });
  await assert.rejects(importAll(transfers, [`disk-0=${path}`]), { code: 'SEED_TOO_LATE' });
  const group = await openJournalGroup({ folder: journal.folder, logger: silentLogger });
  t.after(() => group.close());
  assert.equal(group.lastEpoch, 2);
});

test('images that do not belong are refused before anything is changed', async (t) => {
  const { folder, transfers, open } = await emptyJournal(t);
  const [large, other, base, difference] = ['large.raw', 'other.vdi', 'base.raw', 'difference.qcow2'].map(
    (name) => join(folder, name),
  );
  assert.ok(large !== undefined && other !== undefined && base !== undefined && difference !== undefined);
  await writeFile(large, '');
  await truncate(large, DISKS[0].sizeBytes + 512);
  await writeFile(base, Buffer.alloc(MIB, 1));
  await runChecked(['qemu-img', 'convert', '-f', 'raw', '-O', 'vdi', base, other]);
  await runChecked(['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', base, difference]);
  const match = async (...disks: string[]) => importAll(transfers, disks);
  await assert.rejects(match(`disk-0=${large}`), { code: 'IMAGE_TOO_LARGE', message: /instead of at most/ });
  await assert.rejects(match(`disk-7=${base}`), { code: 'DISK_UNKNOWN', message: /disk-0, disk-1|disk-1/ });
  await assert.rejects(match(`disk-0=${base}`, `disk-0=${base}`), { code: 'OPTION_INVALID' });
  await assert.rejects(match(`disk-0=${other}`), { code: 'IMAGE_UNSUITABLE', message: /vdi/ });
  await assert.rejects(match(`disk-0=${difference}`), { code: 'IMAGE_UNSUITABLE', message: /difference to/ });
  await assert.rejects(match(`disk-0=${join(folder, 'none')}`), { code: 'IMAGE_UNSUITABLE' });
  await assert.rejects(match('disk-0'), { code: 'OPTION_INVALID' });
  await assert.rejects(match(), { code: 'OPTION_INVALID' });
  await assert.rejects(match(`disk-1=${base}`, `disk-0=${large}`), { code: 'IMAGE_TOO_LARGE' });
  const group = await open();
  t.after(() => group.close());
  assert.ok(group.isEmpty(0) && group.isEmpty(1));
});
