import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodePage, parsePageLayout } from './ring-buffer-page.ts';

const HEADER = readFileSync(new URL('../../testdata/linux-6.18/header_page', import.meta.url), 'utf8');
const LAYOUT = parsePageLayout(HEADER);
const LOST = 0x8000_0000;
const LOST_STORED = 0x4000_0000;

/** A page of the given words; `flags` are put on the commit, sign-extended as the kernel does. */
function pageOf(stampNs: bigint, words: readonly number[], flags = 0, lostCount = 0): Buffer {
  const page = Buffer.alloc(LAYOUT.pageSizeBytes);
  page.writeBigUInt64LE(stampNs, 0);
  page.writeUInt32LE((words.length * 4 + flags) >>> 0, 8);
  if (flags !== 0) page.writeUInt32LE(0xffff_ffff, 12);
  words.forEach((word, index) => {
    page.writeUInt32LE(word >>> 0, 16 + index * 4);
  });
  page.writeUInt32LE(lostCount, 16 + words.length * 4);
  return page;
}

const header = (type: number, delta: number) => type + delta * 32;

function decode(page: Buffer, baseNs = 1000n) {
  const records: [timeNs: number, firstWord: number, sizeBytes: number][] = [];
  const result = decodePage(page, LAYOUT, baseNs, (timeNs, at, sizeBytes) => {
    records.push([timeNs, page.readUInt32LE(at), sizeBytes]);
  });
  return { records, ...result };
}

test('the layout of a page comes from header_page, on 64-bit and on 32-bit kernels', () => {
  assert.equal(LAYOUT.pageSizeBytes, 4096);
  const narrow = HEADER.replace(/commit;(\s*)offset:8;(\s*)size:8/, 'commit;$1offset:8;$2size:4').replace(
    /data;(\s*)offset:16;(\s*)size:4080/,
    'data;$1offset:12;$2size:4084',
  );
  const { longSizeBytes, dataOffsetBytes, pageSizeBytes } = parsePageLayout(narrow);
  assert.deepEqual([longSizeBytes, dataOffsetBytes, pageSizeBytes], [4, 12, 4096]);
  const wide = HEADER.replace('size:4080', 'size:16368');
  assert.equal(parsePageLayout(wide).pageSizeBytes, 16_384);
});

test('times add up over data, padding, extension and absolute records', () => {
  const page = pageOf(5000n, [
    header(2, 10),
    0xa,
    0,
    header(30, 1),
    2,
    header(1, 3),
    0xb,
    header(29, 7),
    4,
    header(0, 1),
    12,
    0xc,
    0,
    header(31, 9),
    100,
    header(1, 5),
    0xd,
    header(29, 0),
  ]);
  const extended = 4000 + 10 + 2 * 2 ** 27 + 1;
  const absolute = 100 * 2 ** 27 + 9 - 1000;
  assert.deepEqual(decode(page), {
    records: [
      [4010, 0xa, 8],
      [extended + 3, 0xb, 4],
      [extended + 3 + 7 + 1, 0xc, 8],
      [absolute + 5, 0xd, 4],
    ],
    eventCount: 4,
    lostCount: 0,
  });
});

test('an absolute time takes its top five bits from the page', () => {
  const top = 1n << 60n;
  const page = pageOf(top + 77n, [header(31, 3), 1, header(1, 1), 0xe]);
  assert.deepEqual(decode(page, top).records, [[2 ** 27 + 4, 0xe, 4]]);
});

test('lost events are seen with their number, without it, and when it does not fit', () => {
  const words = [header(1, 1), 7];
  assert.equal(decode(pageOf(1000n, words)).lostCount, 0);
  assert.equal(decode(pageOf(1000n, words, LOST)).lostCount, undefined);
  assert.equal(decode(pageOf(1000n, words, LOST + LOST_STORED, 1736)).lostCount, 1736);
  const full = Array.from({ length: 1020 }, (_, index) => (index % 2 === 0 ? header(1, 1) : 7));
  const page = Buffer.from(pageOf(1000n, full.slice(0, 1019), LOST + LOST_STORED));
  page.writeUInt32LE((1020 * 4 + LOST + LOST_STORED) >>> 0, 8);
  assert.equal(decode(page).lostCount, undefined);
});

test('a record that leaves the page is refused', () => {
  for (const words of [[header(28, 1), 1], [header(0, 1), 0xffff_fff0, 1], [header(30, 1)], [header(0, 1)]]) {
    assert.throws(() => decode(pageOf(1000n, words)), { code: 'TRACE_DAMAGED' });
  }
  const page = pageOf(1000n, []);
  page.writeUInt32LE(5000, 8);
  assert.throws(() => decode(page), { code: 'TRACE_DAMAGED' });
});

test('any bytes are decoded or refused, never read beyond the page', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 256, maxLength: 256 }), (noise) => {
      const page = Buffer.alloc(LAYOUT.pageSizeBytes, noise);
      page.writeUInt32LE((noise[0] ?? 0) * 16, 8);
      try {
        decodePage(page, LAYOUT, 0n, (_, at, sizeBytes) => assert.ok(at + sizeBytes <= page.length));
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'TRACE_DAMAGED');
      }
    }),
    { numRuns: 2000 },
  );
});
