/** An encrypted file does what a plain one does, and keeps what was durable through any power cut. */
import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { test } from 'node:test';
import { type Random, seededRandom } from '@landfall/runtime';
import fc from 'fast-check';
import type { JournalFile } from '../storage/journal-files.ts';
import { PowerCut, SimulatedJournalFiles } from '../storage/simulated-journal-files.ts';
import { encodeEncryptedHeader } from './encrypted-header.ts';
import { ENVELOPE_BYTES, EncryptedJournalFile, PADDING_BYTES } from './encrypted-journal-file.ts';

const RUNS = Number(process.env.LANDFALL_JOURNAL_FILE_RUNS ?? 60);
const KEY = createSecretKey(seededRandom(2).bytes(64));
const PATH = 'file';
/** Around blocks, units and windows. */
const PLACES = [0, 1, 15, 16, 17, 31, 100, 511, 4096, 65_520, 65_536, 65_552, 262_144, 1_048_576, 1_100_001];
const SIZE_MAX = 1_200_000;

async function createFile(files: SimulatedJournalFiles): Promise<JournalFile> {
  const file = await files.create(PATH);
  const header = { keyId: '00000000-0000-4000-8000-000000000000', fileId: Buffer.alloc(16) };
  await file.write(0, [encodeEncryptedHeader(header), Buffer.alloc(PADDING_BYTES)]);
  await file.sync();
  await files.syncFolder('');
  return new EncryptedJournalFile(file, KEY);
}

async function openFile(files: SimulatedJournalFiles): Promise<JournalFile> {
  return new EncryptedJournalFile(await files.open(PATH), KEY);
}

function somewhere(random: Random): number {
  const place = PLACES[random.integer(PLACES.length)] ?? 0;
  return Math.max(0, place + random.integer(5) - 2);
}

function someParts(random: Random): Buffer[] {
  const lengthMax = [5, 40, 600, 300_000][random.integer(4)] ?? 5;
  return Array.from({ length: 1 + random.integer(3) }, () =>
    Buffer.alloc(random.integer(lengthMax), random.bytes(7)),
  );
}

/** One operation on the file and on the bytes it should hold. */
async function change(file: JournalFile, content: Buffer, random: Random): Promise<Buffer> {
  if (random.integer(4) === 0) {
    const size =
      random.integer(3) === 0 ? somewhere(random) : Math.max(0, content.length - random.integer(40));
    const changed = Buffer.alloc(size);
    content.copy(changed);
    await file.truncate(size);
    return changed;
  }
  const position = random.integer(2) === 0 ? content.length : somewhere(random);
  const bytes = someParts(random);
  const written = Buffer.concat(bytes);
  if (position + written.length > SIZE_MAX || written.length === 0) return content;
  const changed = Buffer.alloc(Math.max(content.length, position + written.length));
  content.copy(changed);
  written.copy(changed, position);
  await file.write(position, bytes);
  return changed;
}

async function contentOf(file: JournalFile): Promise<Buffer> {
  const bytes = Buffer.alloc(await file.sizeBytes());
  assert.equal(await file.read(0, bytes), bytes.length);
  return bytes;
}

async function checkReads(file: JournalFile, content: Buffer, random: Random): Promise<void> {
  assert.equal(await file.sizeBytes(), content.length);
  const position = somewhere(random);
  const target = Buffer.alloc(1 + random.integer(random.integer(2) === 0 ? 40 : 1_100_000));
  const read = await file.read(position, target);
  const expected = content.subarray(position, position + target.length);
  assert.equal(read, expected.length);
  assert.ok(target.subarray(0, read).equals(expected), `${target.length} bytes at ${position}`);
  const parts = [1, 56, 700].map((length) => Buffer.alloc(length));
  const filled = await file.readParts(position, parts);
  assert.equal(filled, position + 757 <= content.length);
  if (filled) assert.ok(Buffer.concat(parts).equals(content.subarray(position, position + 757)));
}

test(`${RUNS} times, any writes, cuts and reads are those of a plain file`, async () => {
  const property = fc.asyncProperty(fc.nat(), async (seed) => {
    const random = seededRandom(seed);
    const files = new SimulatedJournalFiles(random);
    let file = await createFile(files);
    let content: Buffer = Buffer.alloc(0);
    for (let step = 0; step < 12; step += 1) {
      content = await change(file, content, random);
      if (random.integer(3) === 0) file = await openFile(files);
      await checkReads(file, content, random);
    }
    assert.ok((await contentOf(file)).equals(content));
    assert.equal(files.content(PATH).length, content.length + ENVELOPE_BYTES);
  });
  await fc.assert(property, { numRuns: RUNS, endOnFailure: true });
});

test('neighbours that are written at the same time are both there', async () => {
  const file = await createFile(new SimulatedJournalFiles(seededRandom(3)));
  const expected = Buffer.alloc(1000);
  await file.truncate(expected.length);
  const writes: Promise<void>[] = [];
  for (let at = 0; at < 1000; at += 7) {
    const bytes = Buffer.alloc(Math.min(7, 1000 - at), at % 251);
    bytes.copy(expected, at);
    writes.push(file.write(at, [bytes]));
  }
  await Promise.all(writes);
  assert.ok((await contentOf(file)).equals(expected));
});

/** Content, a sync, then an append and a rewrite of what follows it; the power fails at one of the steps. */
async function lastsThrough(seed: number, operations: number): Promise<boolean> {
  const random = seededRandom(seed);
  const files = new SimulatedJournalFiles(random);
  files.sectorsAreAtomic = true;
  const file = await createFile(files);
  const durable = Buffer.alloc(1 + random.integer(1200), random.bytes(5));
  await file.write(0, [durable]);
  await file.sync();
  files.cutPowerAfter(operations);
  let isCut = false;
  try {
    for (let appends = 0; appends < 3; appends += 1) {
      await file.write(await file.sizeBytes(), someParts(random));
      if (random.integer(3) === 0) await file.truncate(durable.length);
    }
  } catch (error) {
    if (!(error instanceof PowerCut)) throw error;
    isCut = true;
  }
  files.restartAfterPowerCut();
  const found = await contentOf(await openFile(files));
  assert.ok(found.length >= durable.length, `N1: ${found.length} bytes of ${durable.length}`);
  assert.ok(found.subarray(0, durable.length).equals(durable), 'N2: what was durable is what it was');
  return isCut;
}

test('a power cut in any write harms nothing that was durable, also in the same block', async () => {
  let cuts = 0;
  const seeds = Math.ceil(RUNS / 3);
  for (let seed = 0; seed < seeds; seed += 1) {
    for (let operations = 1; operations <= 6; operations += 1) {
      if (await lastsThrough(seed, operations)) cuts += 1;
    }
  }
  assert.ok(cuts > seeds, `${cuts} power cuts`);
});

test('after a failed write the length is looked at again', async () => {
  const files = new SimulatedJournalFiles(seededRandom(4));
  const file = await createFile(files);
  await file.write(0, [Buffer.alloc(100, 'a')]);
  files.setCapacity(await files.allocatedBytes());
  await assert.rejects(file.write(100, [Buffer.alloc(5000, 'b')]), { code: 'ENOSPC' });
  files.setCapacity(Number.POSITIVE_INFINITY);
  await file.write(100, [Buffer.alloc(50, 'c')]);
  assert.ok((await contentOf(file)).equals(Buffer.concat([Buffer.alloc(100, 'a'), Buffer.alloc(50, 'c')])));
});
