/**
 * What every block device must do, whatever it is made of. A test file of an implementation calls
 * `describeBlockDevice` (or `describeReadableBlockDevice` when it takes no writes) with a function that
 * makes one with the given content.
 */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { AssertionFailure } from '@landfall/runtime';
import fc from 'fast-check';
import type { AllocationExtent, BlockDevice, ReadableBlockDevice } from './block-device.ts';
import { isZero } from './zero-runs.ts';

/** Clean-up goes to `context.after`; the suite closes the device itself. */
export type MakeDevice<Device> = (content: Buffer, context: TestContext) => Promise<Device>;

/** No multiple of any page or sector size, so that every border is an odd one. */
const SIZE_BYTES = 1_000_003;
const RUNS_DEFAULT = 40;
const runsMax = Number(process.env.LANDFALL_PROPERTY_RUNS ?? RUNS_DEFAULT);

export function describeBlockDevice(name: string, makeDevice: MakeDevice<BlockDevice>): void {
  describeReadableBlockDevice(name, makeDevice);
  describe(`${name} as a writable block device`, () => {
    it('reads back what any sequence of writes and zeroes left', (context) =>
      checkOperations(makeDevice, context));
    it('keeps every byte of concurrent writes that do not overlap', async (context) => {
      const device = await makeDevice(Buffer.alloc(SIZE_BYTES), context);
      const expected = sampleContent();
      const parts = Array.from({ length: 100 }, (_, index) => index * 10_000);
      await Promise.all(parts.map((at) => device.write(at, expected.subarray(at, at + 10_000))));
      await device.write(1_000_000, expected.subarray(1_000_000));
      assert.ok((await readAll(device)).equals(expected));
      await device.close();
    });
    it('flushes', async (context) => {
      const device = await makeDevice(sampleContent(), context);
      await device.write(17, Buffer.from('durable'));
      await device.flush();
      await device.close();
    });
    it('treats a write outside the device as a programmer error', async (context) => {
      const device = await makeDevice(sampleContent(), context);
      await assert.rejects(device.write(SIZE_BYTES - 1, Buffer.alloc(2)), AssertionFailure);
      await assert.rejects(device.writeZeroes(SIZE_BYTES - 1, 2), AssertionFailure);
      await device.close();
    });
  });
}

export function describeReadableBlockDevice(name: string, makeDevice: MakeDevice<ReadableBlockDevice>): void {
  describe(`${name} as a readable block device`, () => {
    it('has the size of its content', async (context) => {
      const device = await makeDevice(sampleContent(), context);
      assert.equal(device.sizeBytes, SIZE_BYTES);
      await device.close();
    });
    it('reads any range', (context) => checkReads(makeDevice, context));
    it('reads many ranges at once', async (context) => {
      const content = sampleContent();
      const device = await makeDevice(content, context);
      const starts = Array.from({ length: 64 }, (_, index) => index * 15_000);
      await Promise.all(starts.map((start) => checkRead(device, content, start, 15_001)));
      await device.close();
    });
    it('says zero only of what is zero, in order and without gaps', (context) =>
      checkAllocations(makeDevice, context));
    it('treats a read outside the device as a programmer error', async (context) => {
      const device = await makeDevice(sampleContent(), context);
      await assert.rejects(device.read(SIZE_BYTES - 1, Buffer.alloc(2)), AssertionFailure);
      await assert.rejects(device.read(-1, Buffer.alloc(2)), AssertionFailure);
      await assert.rejects(device.read(0.5, Buffer.alloc(2)), AssertionFailure);
      await assert.rejects(device.allocation(SIZE_BYTES, 1), AssertionFailure);
      await device.close();
    });
  });
}

/** Text, a large hole, bytes of every value, a small hole, text. */
function sampleContent(): Buffer {
  const content = Buffer.alloc(SIZE_BYTES);
  content.write('first', 0);
  for (let index = 400_000; index < 700_000; index += 1) content[index] = (index * 31 + (index >> 8)) % 256;
  content.fill(0, 500_000, 510_000);
  content.write('last', SIZE_BYTES - 4);
  return content;
}

const range = fc
  .tuple(fc.nat(SIZE_BYTES), fc.nat(SIZE_BYTES))
  .map(([left, right]) => ({ start: Math.min(left, right), end: Math.max(left, right) }));

async function checkReads(makeDevice: MakeDevice<ReadableBlockDevice>, context: TestContext) {
  const content = sampleContent();
  const device = await makeDevice(content, context);
  const property = fc.asyncProperty(range, ({ start, end }) =>
    checkRead(device, content, start, end - start),
  );
  await fc.assert(property, { numRuns: runsMax, examples: [[{ start: 0, end: SIZE_BYTES }]] });
  await device.close();
}

async function checkRead(device: ReadableBlockDevice, content: Buffer, start: number, lengthBytes: number) {
  const target = Buffer.alloc(lengthBytes, 0xa5);
  await device.read(start, target);
  assert.ok(target.equals(content.subarray(start, start + lengthBytes)), `${lengthBytes} bytes at ${start}`);
}

async function checkAllocations(makeDevice: MakeDevice<ReadableBlockDevice>, context: TestContext) {
  const content = sampleContent();
  const device = await makeDevice(content, context);
  const property = fc.asyncProperty(range, async ({ start, end }) => {
    checkExtents(await device.allocation(start, end - start), content, start, end);
  });
  await fc.assert(property, { numRuns: runsMax, examples: [[{ start: 0, end: SIZE_BYTES }]] });
  await device.close();
}

function checkExtents(extents: readonly AllocationExtent[], content: Buffer, start: number, end: number) {
  let position = start;
  for (const { offsetBytes, lengthBytes, zero } of extents) {
    assert.equal(offsetBytes, position, 'an extent starts where the one before it ended');
    assert.ok(lengthBytes > 0, 'an extent is not empty');
    position += lengthBytes;
    if (zero) assert.ok(isZero(content.subarray(offsetBytes, position)), `${offsetBytes} is said to be zero`);
  }
  assert.equal(position, end, 'the extents cover what was asked for');
}

const operation = fc.record({ range, zeroes: fc.boolean(), seed: fc.integer({ min: 1, max: 255 }) });

async function checkOperations(makeDevice: MakeDevice<BlockDevice>, context: TestContext) {
  const property = fc.asyncProperty(fc.array(operation, { maxLength: 8 }), async (operations) => {
    const expected = sampleContent();
    const device = await makeDevice(expected, context);
    for (const { range: touched, zeroes, seed } of operations) {
      const { start, end } = touched;
      expected.fill(zeroes ? 0 : seed, start, end);
      if (zeroes) await device.writeZeroes(start, end - start);
      else await device.write(start, Buffer.alloc(end - start, seed));
    }
    assert.ok((await readAll(device)).equals(expected));
    checkExtents(await device.allocation(0, SIZE_BYTES), expected, 0, SIZE_BYTES);
    await device.close();
  });
  await fc.assert(property, { numRuns: Math.ceil(runsMax / 4) });
}

async function readAll(device: ReadableBlockDevice): Promise<Buffer> {
  const content = Buffer.alloc(device.sizeBytes, 0xa5);
  await device.read(0, content);
  return content;
}
