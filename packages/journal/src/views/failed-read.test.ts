import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom, silentLogger } from '@landfall/runtime';
import { putEpoch, rawExtent } from '../extents.testing.ts';
import { openJournalGroupOn } from '../group/open-journal-group.ts';
import type { JournalFile } from '../storage/journal-files.ts';
import { SimulatedJournalFiles } from '../storage/simulated-journal-files.ts';

const SIZE_BYTES = 256 * 1024;
const BLOCK_BYTES = 64 * 1024;

/** Storage whose base answers reads only when it is told to. */
class SlowBaseFiles extends SimulatedJournalFiles {
  /** Begins the reads that wait. */
  answer: () => void = () => undefined;
  readonly #answered = new Promise<void>((resolve) => {
    this.answer = resolve;
  });

  override async open(path: string): Promise<JournalFile> {
    const file = await super.open(path);
    if (path !== 'disk-0/base') return file;
    return {
      sizeBytes: () => file.sizeBytes(),
      read: (position, target) => file.read(position, target),
      readParts: async (position, parts) => {
        await this.#answered;
        return file.readParts(position, parts);
      },
      write: (position, parts) => file.write(position, parts),
      truncate: (sizeBytes) => file.truncate(sizeBytes),
      sync: () => file.sync(),
      close: () => file.close(),
    };
  }
}

/** Storage whose base refuses writes. */
class BrokenBaseFiles extends SimulatedJournalFiles {
  override async open(path: string): Promise<JournalFile> {
    const file = await super.open(path);
    if (path !== 'disk-0/base') return file;
    const write = () => Promise.reject(Object.assign(new Error('simulated I/O error'), { code: 'EIO' }));
    return { ...file, write };
  }
}

test('hashes during the first sync tell of a write that failed as what it is', async () => {
  const disks = [{ diskId: 'disk-0', sizeBytes: SIZE_BYTES }];
  const settings = { disks, logger: silentLogger, create: true, reserveBytes: 0 };
  const group = await openJournalGroupOn(new BrokenBaseFiles(seededRandom(2)), settings);
  const { header, payload } = rawExtent(0, 0, Buffer.alloc(BLOCK_BYTES, 'lost'));
  await group.putExtent(header, payload);
  await assert.rejects(group.chunkHashes(0, 0, 1), { code: 'JOURNAL_STORAGE_FAILED' });
});

test('a read that fails has ended: nothing is written to its buffer afterwards', async () => {
  const files = new SlowBaseFiles(seededRandom(1));
  const disks = [{ diskId: 'disk-0', sizeBytes: SIZE_BYTES }];
  const group = await openJournalGroupOn(files, {
    disks,
    logger: silentLogger,
    create: true,
    reserveBytes: 0,
  });
  await putEpoch(group, [rawExtent(0, 0, Buffer.alloc(SIZE_BYTES, 'base'))]);
  await putEpoch(group, [rawExtent(0, 0, Buffer.alloc(BLOCK_BYTES, 'newer'))]);
  files.damage('disk-0/segments/0001', (bytes) => bytes.fill('!', 1000, 1010));
  const view = await group.openView(2);
  let ended = false;
  const reading = assert.rejects(view.disks[0]?.read(0, Buffer.alloc(SIZE_BYTES)) ?? Promise.resolve(), {
    code: 'EXTENT_DAMAGED',
  });
  const noted = reading.then(() => {
    ended = true;
  });
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
  assert.equal(ended, false, 'the base is still being read into the buffer');
  files.answer();
  await noted;
  await view.close();
  await group.close();
});
