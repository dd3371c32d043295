/**
 * A changed byte anywhere is found and named; wrong bytes are never handed out (J6), nothing durable is cut
 * off (J3).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger, MIB, OperationError, type Random, seededRandom } from '@landfall/runtime';
import fc from 'fast-check';
import { PADDING_BYTES } from '../encryption/encrypted-journal-file.ts';
import { putEpoch, rawExtent, readDisk, zstdExtent } from '../extents.testing.ts';
import type { JournalGroup } from '../group/journal-group.ts';
import { SimulatedJournalFiles } from '../storage/simulated-journal-files.ts';
import { CONTENT_AT, isEncryptedRun, openTestGroupOn } from '../test-storage.testing.ts';

const FLIPS = Number(process.env.LANDFALL_JOURNAL_FLIPS ?? 50);
const DISKS = [
  { diskId: 'disk-0', sizeBytes: 70_000 },
  { diskId: 'disk-1', sizeBytes: 5000 },
];
const EPOCHS = 9;

async function open(files: SimulatedJournalFiles, lines: string[] = []): Promise<JournalGroup> {
  const logger = createLogger({ program: 'test', write: (line) => lines.push(line) });
  const settings = { disks: DISKS, create: true, segmentBytes: 12_000, reserveBytes: 0 };
  return openTestGroupOn(files, { ...settings, logger });
}

/** Epochs in the base, in sealed segments and in the last one. */
async function writeHistory(files: SimulatedJournalFiles, random: Random): Promise<readonly Buffer[][]> {
  const group = await open(files);
  const disks = DISKS.map((disk) => Buffer.alloc(disk.sizeBytes));
  const states: Buffer[][] = [disks];
  for (let epoch = 1; epoch <= EPOCHS; epoch += 1) {
    const extents = Array.from({ length: 3 }, () => {
      const diskIndex = random.integer(2);
      const size = DISKS[diskIndex]?.sizeBytes ?? 0;
      const offset = random.integer(size - 1500);
      const content = Buffer.alloc(1500, random.bytes(8));
      content.copy(disks[diskIndex] ?? content, offset);
      return (random.integer(2) === 0 ? rawExtent : zstdExtent)(diskIndex, offset, content);
    });
    await putEpoch(group, extents);
    states.push(disks.map((disk) => Buffer.from(disk)));
  }
  await group.close();
  return states;
}

interface Outcome {
  readonly errors: OperationError[];
  readonly log: readonly string[];
}

/** Reads everything there is; asserts that whatever reads, reads right. */
async function readEverything(files: SimulatedJournalFiles, states: readonly Buffer[][]): Promise<Outcome> {
  const log: string[] = [];
  const errors: OperationError[] = [];
  const note = (error: unknown) => {
    if (!(error instanceof OperationError)) throw error;
    errors.push(error);
  };
  const group = await open(files, log).catch(note);
  if (group === undefined) return { errors, log };
  assert.equal(group.lastEpoch, EPOCHS, 'J3: no epoch disappears');
  for (let epoch = 1; epoch <= EPOCHS; epoch += 1) {
    for (const [diskIndex, expected] of (states[epoch] ?? []).entries()) {
      const found = await readDisk(group, epoch, diskIndex).catch(note);
      if (found !== undefined)
        assert.ok(found.equals(expected), `wrong bytes of disk ${diskIndex}, epoch ${epoch}`);
    }
  }
  return { errors, log };
}

test(`${FLIPS} times, one changed bit in any file is found and named, or changes nothing`, async () => {
  const property = fc.asyncProperty(fc.integer({ min: 0 }), async (seed) => {
    const random = seededRandom(seed);
    const files = new SimulatedJournalFiles(random);
    const states = await writeHistory(files, random);
    const paths = files.paths();
    const path = paths[random.integer(paths.length)] ?? '';
    const position = random.integer(files.content(path).length);
    files.damage(path, (bytes) => {
      bytes[position] = (bytes[position] ?? 0) ^ (1 << random.integer(8));
    });
    const { errors, log } = await readEverything(files, states);
    const isPadding = isEncryptedRun && position >= files.content(path).length - PADDING_BYTES;
    const isContent = position >= CONTENT_AT && (/\/base$/.test(path) || path.includes('/segments/'));
    const unused = isContent || isPadding;
    const found = errors.length > 0 || log.some((line) => line.includes('"level":"error"'));
    assert.ok(found || unused, `a changed byte in ${path} at ${position} was not found`);
    const text = [...errors.map((error) => error.message), ...log].join('\n');
    if (found) assert.ok(text.includes(path), `${path} is not named in: ${text}`);
    for (const error of errors) assert.match(error.code, /^(EXTENT|JOURNAL)_DAMAGED$/);
  });
  await fc.assert(property, { numRuns: FLIPS, endOnFailure: true });
});

test('every byte of a payload, a header and a commit record is covered', async () => {
  const files = new SimulatedJournalFiles(seededRandom(3));
  const states = await writeHistory(files, seededRandom(3));
  const segments = files.paths().filter((path) => path.includes('/segments/'));
  for (const path of segments) {
    const original = Buffer.from(files.content(path));
    for (let position = 0; position < original.length; position += 499) {
      files.damage(path, (bytes) => {
        original.copy(bytes);
        bytes[position] = (bytes[position] ?? 0) ^ 0x10;
      });
      const { errors, log } = await readEverything(files, states);
      const noticed = errors.length > 0 || log.some((line) => line.includes('"level":"error"'));
      // Payloads that later extents cover are not read by any view, and a hidden byte harms nobody.
      const named = [...errors.map((error) => error.message), ...log].some((text) => text.includes(path));
      assert.ok(!noticed || named);
      files.restartAfterKill();
    }
    files.damage(path, (bytes) => original.copy(bytes));
  }
});

test('a damaged header before durable epochs is damage, not a torn tail', async () => {
  const files = new SimulatedJournalFiles(seededRandom(5));
  const group = await open(files);
  for (let epoch = 1; epoch <= 4; epoch += 1) {
    await putEpoch(group, [rawExtent(0, 0, Buffer.alloc(100, String(epoch)))]);
  }
  files.restartAfterKill();
  const path = 'disk-0/segments/0001';
  const before = Buffer.from(files.content(path));
  files.damage(path, (bytes) => bytes.fill(0xff, CONTENT_AT + 70, CONTENT_AT + 74));
  const damaged = files.content(path);
  await assert.rejects(open(files), (error) => {
    return (
      error instanceof OperationError && error.code === 'JOURNAL_DAMAGED' && error.message.includes(path)
    );
  });
  assert.ok(files.content(path).equals(damaged), 'nothing was cut off');
  files.restartAfterKill();
  files.damage(path, (bytes) => before.copy(bytes));
  assert.equal((await open(files)).lastEpoch, 4);
});

test('a damaged block is named, hashes to nothing, and is repaired by sending it again', async () => {
  const files = new SimulatedJournalFiles(seededRandom(6));
  const settings = { disks: [{ diskId: 'disk-0', sizeBytes: 2 * MIB }], create: true, reserveBytes: 0 };
  const logger = createLogger({ program: 'test', write: () => undefined });
  const group = await openTestGroupOn(files, { ...settings, logger });
  const content = Buffer.alloc(MIB, 'base');
  await putEpoch(group, [rawExtent(0, 0, content)]);
  await putEpoch(group, [rawExtent(0, MIB, Buffer.alloc(4096, 'late'))]);
  files.damage('disk-0/base', (bytes) => bytes.write('!', CONTENT_AT + 70_000));
  await assert.rejects(readDisk(group, 2, 0), (error) => {
    assert.ok(error instanceof OperationError && error.code === 'EXTENT_DAMAGED');
    assert.deepEqual(
      { ...error.context },
      {
        diskIndex: 0,
        offsetBytes: 65_536,
        lengthBytes: 65_536,
        epoch: 1,
        path: 'disk-0/base',
        positionBytes: 65_536,
      },
    );
    return true;
  });
  assert.ok((await group.chunkHashes(0, 0, 1)).equals(Buffer.alloc(32)));
  await putEpoch(group, [rawExtent(0, 0, content)]);
  const expected = Buffer.concat([content, Buffer.alloc(4096, 'late'), Buffer.alloc(MIB - 4096)]);
  assert.ok((await readDisk(group, 3, 0)).equals(expected));
});

test('a lost group.json is never taken for an empty folder', async () => {
  const files = new SimulatedJournalFiles(seededRandom(7));
  const group = await open(files);
  await putEpoch(group, [rawExtent(0, 0, Buffer.alloc(100, 'x'))]);
  await group.close();
  await files.remove('group.json');
  await assert.rejects(
    open(files),
    (error) => error instanceof OperationError && error.code === 'JOURNAL_DAMAGED',
  );
});
