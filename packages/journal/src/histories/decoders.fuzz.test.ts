/** The decoders of everything on disk survive any bytes, and take back exactly what was written. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperationError, seededRandom, silentLogger } from '@landfall/runtime';
import fc from 'fast-check';
import { decodeTableEntry, encodeTableEntry, TABLE_ENTRY_BYTES } from '../base/base-table.ts';
import { decodeDocument, encodeDocument } from '../documents/sealed-document.ts';
import { putEpoch, rawExtent } from '../extents.testing.ts';
import { decodeFooter, FOOTER_BYTES } from '../segments/segment-index.ts';
import {
  COMMIT_RECORD_BYTES,
  decodeRecord,
  decodeSegmentHeader,
  EXTENT_BYTES_MAX,
  encodeCommit,
  encodeExtentHeader,
  participantsOf,
  RECORD_HEADER_BYTES,
} from '../segments/segment-records.ts';
import { SimulatedJournalFiles } from '../storage/simulated-journal-files.ts';
import { contentFilesOf, openTestGroupOn } from '../test-storage.testing.ts';

const RUNS = Number(process.env.LANDFALL_JOURNAL_FUZZ ?? 2000);
const PLACE = { identity: 0x1234_5678, positionBytes: 4096 };
const wholeNumber = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });

const extentFields = fc.record({
  offsetBytes: wholeNumber,
  lengthBytes: fc.integer({ min: 1, max: EXTENT_BYTES_MAX }),
  codec: fc.constantFrom(0 as const, 1 as const),
  payloadBytes: word,
  payloadChecksum: word,
  epoch: wholeNumber,
});

const commitFields = fc.record({
  epoch: wholeNumber,
  cutTimeMs: wholeNumber,
  cutMonotonicNs: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  consistency: fc.constantFrom('CRASH_CONSISTENT' as const, 'SCANNED' as const),
  startBytes: wholeNumber,
  recordCount: word,
  recordsChecksum: word,
  extentCount: wholeNumber,
  durableEpoch: wholeNumber,
  journalId: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes)),
  participants: fc.array(fc.nat(255)).map(participantsOf),
});

test('a record is read back as it was written, and only in its place', () => {
  fc.assert(
    fc.property(extentFields, commitFields, (extent, commit) => {
      const kind = extent.payloadBytes === 0 ? 'zeroes' : 'extent';
      const header = encodeExtentHeader(extent, PLACE);
      assert.equal(header.length, RECORD_HEADER_BYTES);
      assert.deepEqual(decodeRecord(header, PLACE), { kind, ...extent });
      const record = encodeCommit(commit, PLACE);
      assert.equal(record.length, COMMIT_RECORD_BYTES);
      assert.deepEqual(decodeRecord(record, PLACE), { kind: 'commit', ...commit });
      for (const bytes of [header, record]) {
        assert.equal(decodeRecord(bytes, { ...PLACE, positionBytes: 4097 }), undefined);
        assert.equal(decodeRecord(bytes, { ...PLACE, identity: 1 }), undefined);
      }
    }),
  );
});

test('no changed bit of a record header or commit record goes unnoticed', () => {
  fc.assert(
    fc.property(extentFields, commitFields, fc.nat(), (extent, commit, at) => {
      for (const bytes of [encodeExtentHeader(extent, PLACE), encodeCommit(commit, PLACE)]) {
        const bit = at % (bytes.length * 8);
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        assert.equal(decodeRecord(bytes, PLACE), undefined);
      }
    }),
    { numRuns: 500 },
  );
});

test('any bytes are decoded to nothing or to something, without harm', () => {
  const magics = fc.constantFrom('LFxt', 'LFzr', 'LFcm', 'LFix', 'LFJIDX01', 'LFJSEG01', '');
  fc.assert(
    fc.property(magics, fc.uint8Array({ maxLength: 200 }), (magic, tail) => {
      const bytes = Buffer.concat([Buffer.from(magic), tail]);
      decodeRecord(bytes, PLACE);
      decodeFooter(bytes.subarray(0, FOOTER_BYTES), PLACE.identity);
      decodeTableEntry(bytes.subarray(0, TABLE_ENTRY_BYTES));
      decodeDocument(bytes.toString('utf8'));
      decodeSegmentHeader(bytes.subarray(0, 64), {
        journalId: Buffer.alloc(16),
        diskIndex: 0,
        segmentNumber: 1,
      });
    }),
    { numRuns: RUNS },
  );
});

test('a document notices any changed byte', () => {
  const text = encodeDocument({ format: 'x', list: [1, { a: 'b' }], number: 12, none: null });
  for (let at = 0; at < text.length; at += 1) {
    const bytes = Buffer.from(text);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    assert.equal(decodeDocument(bytes.toString('utf8')), undefined);
  }
  assert.equal(decodeDocument(text)?.number, 12);
});

test('a table entry holds hashes of its chunk and notices any changed byte', () => {
  const entry = encodeTableEntry(Buffer.alloc(100_000, 'x'));
  assert.equal(decodeTableEntry(entry)?.blockChecksums.length, 16);
  for (let at = 0; at < entry.length; at += 1) {
    const damaged = Buffer.from(entry);
    damaged[at] = (damaged[at] ?? 0) ^ 0x80;
    assert.equal(decodeTableEntry(damaged), undefined);
  }
});

test('whatever follows the last commit, a journal opens at it or says that it is damaged', async () => {
  const template = new SimulatedJournalFiles(seededRandom(1));
  const settings = { disks: [{ diskId: 'disk-0', sizeBytes: 4096 }], create: true, reserveBytes: 0 };
  const group = await openTestGroupOn(template, { ...settings, logger: silentLogger });
  for (const text of ['a', 'b', 'c']) await putEpoch(group, [rawExtent(0, 0, Buffer.alloc(64, text))]);
  const path = 'disk-0/segments/0001';
  const files = await contentFilesOf(template);
  const written = await files.open(path);
  const intact = Buffer.alloc(await written.sizeBytes());
  await written.read(0, intact);
  const tail = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.nat(intact.length).map((from) => Buffer.from(intact.subarray(from))),
  );
  const property = fc.asyncProperty(tail, fc.nat(3), async (bytes, cut) => {
    template.restartAfterKill();
    const file = await files.open(path);
    await file.truncate(intact.length);
    await file.write(0, [intact]);
    await file.write(intact.length - cut, [bytes]);
    const content = Buffer.alloc(intact.length);
    await file.read(0, content);
    const whole = content.equals(intact);
    try {
      const opened = await openTestGroupOn(template, { ...settings, logger: silentLogger });
      assert.equal(opened.lastEpoch, whole ? 3 : 2);
    } catch (error) {
      assert.ok(error instanceof OperationError && error.code === 'JOURNAL_DAMAGED');
    }
  });
  await fc.assert(property, { numRuns: Math.min(RUNS, 300) });
});
