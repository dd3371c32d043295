import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MIB, seededRandom } from '@landfall/runtime';
import { rawExtent, sha256 } from '../extents.testing.ts';
import { SimulatedJournalFiles } from '../storage/simulated-journal-files.ts';
import { BaseImage } from './base-image.ts';

const SIZE_BYTES = 2 * MIB + 1000;

async function createBase() {
  const files = new SimulatedJournalFiles(seededRandom(1));
  const options = { files, diskIndex: 0, sizeBytes: SIZE_BYTES };
  await BaseImage.create(options);
  return { files, options, base: await BaseImage.open(options, undefined) };
}

test('bytes that reached the disk before their table entry never come back', async () => {
  const { files, options, base } = await createBase();
  files.damage('disk-0/base', (bytes) => bytes.fill('old', 0, MIB));
  await base.close();
  const again = await BaseImage.open(options, undefined);
  assert.ok(again.isEmpty);
  assert.deepEqual(await again.chunkSha256(0), sha256(Buffer.alloc(MIB)));
  await again.write(100, Buffer.alloc(50, 'new'));
  const expected = Buffer.alloc(MIB);
  expected.fill('new', 100, 150);
  assert.deepEqual(await again.chunkSha256(0), sha256(expected));
  assert.ok(files.content('disk-0/base').subarray(0, MIB).equals(expected));
});

test('hashes in the table are not believed after a restart during the first sync', async () => {
  const { files, options, base } = await createBase();
  await base.write(0, Buffer.alloc(MIB, 'sent'));
  assert.deepEqual(await base.chunkSha256(0), sha256(Buffer.alloc(MIB, 'sent')));
  await base.close();
  files.damage('disk-0/base', (bytes) => bytes.fill('lost', 0, 4096));
  const again = await BaseImage.open(options, undefined);
  assert.deepEqual(await again.chunkSha256(0), sha256(files.content('disk-0/base').subarray(0, MIB)));
});

test('zeroes over a hole write nothing, over content they write zeroes', async () => {
  const { files, base } = await createBase();
  await base.writeZeroes(0, SIZE_BYTES);
  assert.ok(base.isEmpty);
  await base.write(MIB - 100, Buffer.alloc(200, 'x'));
  await base.writeZeroes(MIB - 50, 100);
  await base.settle();
  const content = files.content('disk-0/base');
  assert.ok(content.subarray(MIB - 50, MIB + 50).every((byte) => byte === 0));
  assert.deepEqual(await base.chunkSha256(1), sha256(content.subarray(MIB, 2 * MIB)));
  await base.writeZeroes(0, SIZE_BYTES);
  await base.settle();
  assert.ok(base.isEmpty);
  assert.ok(content.every((byte) => byte === 0));
});

test('the last chunk may be short', async () => {
  const { options, base } = await createBase();
  assert.deepEqual(await base.chunkSha256(2), sha256(Buffer.alloc(1000)));
  await base.write(2 * MIB, Buffer.alloc(1000, 'end'));
  assert.deepEqual(await base.chunkSha256(2), sha256(Buffer.alloc(1000, 'end')));
  const table = await base.complete();
  const valid = await BaseImage.open(options, table);
  assert.ok(valid.isValid && !valid.isEmpty);
  await assert.rejects(BaseImage.open(options, table.replace(/^./, 'x')), /does not match/);
});

test('a whole raw chunk is taken with one checksum, and refused when it does not match', async () => {
  const { files, base } = await createBase();
  const content = Buffer.alloc(MIB, 'whole');
  const { header, payload } = rawExtent(0, MIB, content);
  await assert.rejects(base.writeExtent({ ...header, checksum: header.checksum ^ 1 }, payload), {
    code: 'EXTENT_DAMAGED',
  });
  await base.settle();
  assert.ok(base.isEmpty);
  await base.writeExtent(header, payload);
  await base.settle();
  assert.ok(
    files
      .content('disk-0/base')
      .subarray(MIB, 2 * MIB)
      .equals(content),
  );
  assert.deepEqual(await base.chunkSha256(1), sha256(content));
});

test('a failed write is told once, by the next call, and the chunk is hashed as it is then', async () => {
  const { files, base } = await createBase();
  await base.write(0, Buffer.alloc(MIB, 'old'));
  await base.settle();
  files.setCapacity(0);
  await assert.rejects(async () => {
    await base.write(0, Buffer.alloc(MIB, 'new'));
    await base.write(MIB, Buffer.alloc(MIB, 'new'));
    await base.settle();
  });
  files.setCapacity(Number.POSITIVE_INFINITY);
  await base.settle();
  for (const chunk of [0, 1]) {
    const content = files.content('disk-0/base').subarray(chunk * MIB, (chunk + 1) * MIB);
    assert.deepEqual(await base.chunkSha256(chunk), sha256(content));
  }
});
