import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openJournalGroup, parseKeySource, wrappingKeysOf } from '@landfall/journal';
import { OperationError, run, runChecked, silentLogger, systemClock } from '@landfall/runtime';
import { Progress } from '../terminal/progress.ts';
import { type ExportRequest, exportImages } from './export-images.ts';
import { ImageClaim } from './file-image-claim.ts';
import { FolderTransfers } from './folder-transfers.ts';
import { IMAGE_FORMATS, type ImageFormat } from './image-format.ts';
import { DISKS, temporaryFolder, writeJournalFolder } from './journal-folder.testing.ts';

const ENVIRONMENT = { LANDFALL_TEST_KEY: 'ab'.repeat(32) };
const quiet = { json: true, interactive: false, out: () => undefined, err: () => undefined };

function encryption() {
  return { wrapping: wrappingKeysOf([parseKeySource('env:LANDFALL_TEST_KEY')], { ...ENVIRONMENT }) };
}

function transfersOf(folder: string): FolderTransfers {
  return new FolderTransfers({ folder, encryption: encryption(), logger: silentLogger });
}

async function exportPoint(
  journalFolder: string,
  at: string,
  request: Pick<ExportRequest, 'folder' | 'format'> & Partial<ExportRequest>,
) {
  return transfersOf(journalFolder).withExport(at, ({ server, point, disks }) =>
    exportImages({
      ...{ server, epoch: point.epoch, disks, compress: false },
      signal: new AbortController().signal,
      progress: new Progress(quiet, () => systemClock.nowMs()),
      ...request,
    }),
  );
}

for (const [format, compress] of [
  ...IMAGE_FORMATS.map((one): [ImageFormat, boolean] => [one, false]),
  ['qcow2', true] as const,
  ['vmdk', true] as const,
]) {
  test(`${compress ? 'compressed ' : ''}${format} images hold what the disks held at the point`, async (t) => {
    const folder = await temporaryFolder(t);
    const seed = 1 + IMAGE_FORMATS.indexOf(format) * 2 + Number(compress);
    t.diagnostic(`seed ${seed}`);
    const journal = await writeJournalFolder(join(folder, 's-1'), { epochs: 6, seed });
    const epoch = 4;
    const images = await exportPoint(journal.folder, `epoch:${epoch}`, { folder, format, compress });
    assert.deepEqual(
      images.map(({ path }) => path),
      DISKS.map(({ diskId }) => join(folder, `s-1.epoch-${epoch}.${diskId}.${format}`)),
    );
    for (const [index, { path, sizeBytes }] of images.entries()) {
      const expected = journal.contents[epoch - 1]?.[index] ?? Buffer.alloc(0);
      const model = join(folder, 'model.raw');
      await writeFile(model, expected);
      assert.equal(sizeBytes, expected.length);
      await runChecked(['qemu-img', 'compare', '-f', 'raw', '-F', format, model, path]);
      if (format === 'raw') assert.ok((await readFile(path)).equals(expected), 'not a byte more or less');
      else await runChecked(['qemu-img', 'check', '-q', '-f', format, path]);
      const info = JSON.parse((await runChecked(['qemu-img', 'info', '--output=json', path])).stdout);
      assert.deepEqual([info.format, info['virtual-size']], [format, expected.length]);
    }
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.endsWith('.partial')),
      [],
    );
  });
}

test('an image takes the space of what was written, not of the disk', async (t) => {
  const folder = await temporaryFolder(t);
  const journal = await writeJournalFolder(join(folder, 's-1'), { epochs: 1, seed: 21 });
  const written = journal.contents[0]?.[0]?.filter((byte) => byte !== 0).length ?? 0;
  for (const format of ['raw', 'qcow2'] as const) {
    const [image] = await exportPoint(journal.folder, 'LATEST', { folder, format });
    assert.ok(written < DISKS[0].sizeBytes / 3, 'most of the disk was never written');
    assert.ok((image?.bytesOnDisk ?? 0) < DISKS[0].sizeBytes / 2, `${format}: ${image?.bytesOnDisk}`);
  }
});

test('an encrypted journal is exported with its key, and with none it is not', async (t) => {
  const folder = await temporaryFolder(t);
  const journal = await writeJournalFolder(join(folder, 's-1'), {
    ...{ epochs: 2, seed: 22 },
    encryption: encryption(),
  });
  const [image] = await exportPoint(journal.folder, 'LATEST', { folder, format: 'raw' });
  assert.ok((await readFile(image?.path ?? '')).equals(journal.contents[1]?.[0] ?? Buffer.alloc(0)));
  const other = wrappingKeysOf([parseKeySource('env:OTHER')], { OTHER: 'cd'.repeat(32) });
  const transfers = new FolderTransfers({
    ...{ folder: journal.folder, encryption: { wrapping: other }, logger: silentLogger },
  });
  await assert.rejects(
    transfers.withExport('LATEST', async () => undefined),
    {
      code: 'ENCRYPTION_KEY_MISSING',
    },
  );
});

test('points are chosen by epoch, by time and as the newest; there is none where there is none', async (t) => {
  const { folder } = await writeJournalFolder(join(await temporaryFolder(t), 's-1'), { epochs: 5, seed: 23 });
  const epochAt = (at: string) => transfersOf(folder).withExport(at, async ({ point }) => point.epoch);
  assert.equal(await epochAt('LATEST'), 5);
  assert.equal(await epochAt('epoch:2'), 2);
  const thirdMs = 1_700_000_003_000;
  assert.equal(await epochAt(new Date(thirdMs + 999).toISOString()), 3);
  await assert.rejects(epochAt('epoch:6'), { code: 'RECOVERY_POINT_MISSING' });
  await assert.rejects(epochAt('2001-01-01T00:00:00Z'), { code: 'NO_RECOVERY_POINT' });
  await assert.rejects(epochAt('yesterday'), { code: 'OPTION_INVALID' });
});

test('a journal that is open is left alone', async (t) => {
  const { folder } = await writeJournalFolder(join(await temporaryFolder(t), 's-1'), { epochs: 1, seed: 24 });
  const group = await openJournalGroup({ folder, logger: silentLogger });
  t.after(() => group.close());
  const opening = transfersOf(folder).withExport('LATEST', async () => undefined);
  await assert.rejects(opening, { code: 'JOURNAL_IN_USE' });
});

test('nothing is overwritten, and an export that failed leaves nothing', async (t) => {
  const folder = await temporaryFolder(t);
  const journal = await writeJournalFolder(join(folder, 's-1'), { epochs: 1, seed: 25 });
  const target = join(folder, 'images');
  await mkdir(target);
  const attempt = (more: Partial<ExportRequest> = {}) =>
    exportPoint(journal.folder, 'LATEST', { folder: target, format: 'qcow2', ...more });
  const second = join(target, 's-1.epoch-1.disk-1.qcow2');
  await writeFile(second, 'mine');
  await assert.rejects(attempt(), { code: 'EXPORT_TARGET_EXISTS' });
  assert.equal(await readFile(second, 'utf8'), 'mine');
  await rm(second);
  await writeFile(`${second}.partial`, 'of another export');
  await assert.rejects(attempt(), { code: 'EXPORT_TARGET_EXISTS', message: /another export/ });
  await rm(`${second}.partial`);
  await assert.rejects(attempt({ signal: AbortSignal.abort() }), { code: 'IMAGE_COPY_STOPPED' });
  await assert.rejects(attempt({ format: 'vhdx', compress: true }), { code: 'OPTION_INVALID' });
  const nowhere = [{ diskId: 'x', deviceName: 'x', sizeBytes: 512, nbdUri: 'nbd+unix:///x?socket=/none' }];
  await assert.rejects(attempt({ disks: nowhere, compress: true }), { code: 'EXPORT_FAILED' });
  assert.deepEqual(await readdir(target), []);
  await assert.rejects(attempt({ folder: join(folder, 'none') }), { code: 'EXPORT_FOLDER_UNUSABLE' });
  assert.equal((await attempt()).length, 2);
});

test('an export that is stopped in the middle ends its qemu-img and leaves nothing', async (t) => {
  const folder = await temporaryFolder(t);
  const journal = await writeJournalFolder(join(folder, 's-1'), { epochs: 3, seed: 26 });
  const target = join(folder, 'images');
  await mkdir(target);
  const stop = new AbortController();
  const lines: string[] = [];
  const err = (text: string) => {
    lines.push(text);
    stop.abort();
  };
  const progress = new Progress({ ...quiet, err }, () => systemClock.nowMs());
  const exporting = exportPoint(journal.folder, 'LATEST', {
    ...{ folder: target, format: 'qcow2', compress: true, signal: stop.signal, progress },
  });
  await assert.rejects(exporting, { code: 'IMAGE_COPY_STOPPED' });
  assert.match(lines[0] ?? '', /^disk-0 \[/, 'it had begun');
  assert.deepEqual(await readdir(target), []);
});

test('a folder without the space for it is refused before anything is copied', async (t) => {
  const folder = await temporaryFolder(t);
  const claim = await ImageClaim.take(folder, ['a.raw']);
  await claim.checkSpace(1);
  await assert.rejects(claim.checkSpace(Number.MAX_SAFE_INTEGER), { code: 'EXPORT_NO_SPACE' });
  await claim.release();
  assert.deepEqual(await readdir(folder), []);
});

test('a volume that fills up in the middle is told as that, and left as it was', async (t) => {
  const folder = await temporaryFolder(t);
  const journal = await writeJournalFolder(join(folder, 's-1'), { epochs: 6, seed: 27 });
  const small = join(folder, 'small');
  await mkdir(small);
  await runChecked(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small]);
  try {
    const attempt = (compress: boolean) =>
      exportPoint(journal.folder, 'LATEST', { folder: small, format: 'qcow2', compress });
    await assert.rejects(attempt(false), { code: 'EXPORT_NO_SPACE', message: /up to/ });
    await assert.rejects(attempt(true), { code: 'EXPORT_NO_SPACE', message: /No space left/ });
    assert.deepEqual(await readdir(small), []);
  } finally {
    await run(['umount', small]);
  }
});

test('without qemu-img the package that has it is named', async (t) => {
  const folder = await temporaryFolder(t);
  const journal = await writeJournalFolder(join(folder, 's-1'), { epochs: 1, seed: 28 });
  const before = process.env.PATH;
  t.after(() => {
    process.env.PATH = before;
  });
  process.env.PATH = folder;
  const exporting = exportPoint(journal.folder, 'LATEST', { folder, format: 'raw' });
  await assert.rejects(exporting, (error) => {
    assert.ok(error instanceof OperationError && error.code === 'PACKAGES_MISSING');
    assert.match(error.hint ?? '', /qemu-utils/);
    return true;
  });
});
