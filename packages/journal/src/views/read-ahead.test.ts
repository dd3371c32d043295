import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReadableBlockDevice } from '@landfall/block';
import { MIB } from '@landfall/runtime';
import { ReadAheadDevice } from './read-ahead.ts';

const SIZE_BYTES = 3 * MIB + 1000;
const PERIOD_BYTES = 251 * 257;
const PATTERN = Buffer.from(Array.from({ length: PERIOD_BYTES }, (_, at) => (at * 31 + (at >> 8)) & 0xff));

/** What the device has there: another byte wherever a wrong place could be read. */
function contentAt(offset: number, length: number): Buffer {
  const from = offset % PERIOD_BYTES;
  return Buffer.alloc(from + length, PATTERN).subarray(from);
}

/** Content tells its offset; reads are noted; one range may be unreadable. */
function notedDevice(damagedFrom = Infinity, damagedTo = Infinity, sizeBytes = SIZE_BYTES) {
  const reads: string[] = [];
  const device: ReadableBlockDevice = {
    sizeBytes,
    read: async (offset, target) => {
      reads.push(`${offset}+${target.length}`);
      if (offset < damagedTo && offset + target.length > damagedFrom) throw new Error('damaged');
      contentAt(offset, target.length).copy(target);
    },
    allocation: async (offsetBytes, lengthBytes) => [{ offsetBytes, lengthBytes, zero: false }],
    close: async () => undefined,
  };
  const check = async (ahead: ReadAheadDevice, offset: number, length: number) => {
    const target = Buffer.alloc(length);
    await ahead.read(offset, target);
    assert.ok(target.equals(contentAt(offset, length)));
  };
  return { device, reads, check };
}

test('reads that follow each other are served from few large ones, to the very end', async () => {
  const { device, reads, check } = notedDevice();
  const ahead = new ReadAheadDevice(device);
  for (let offset = 0; offset < SIZE_BYTES; offset += 50_000) {
    await check(ahead, offset, Math.min(50_000, SIZE_BYTES - offset));
  }
  assert.ok(reads.length < 10, reads.join(' '));
});

test('scattered and large reads pass through as they are', async () => {
  const { device, reads, check } = notedDevice();
  const ahead = new ReadAheadDevice(device);
  for (const [offset, length] of [
    [MIB, 512],
    [0, 4096],
    [2 * MIB, 100],
    [0, 2 * MIB],
    [2 * MIB, MIB],
  ] as const) {
    await check(ahead, offset, length);
  }
  assert.deepEqual(reads, [`${MIB}+512`, '0+4096', `${2 * MIB}+100`, `0+${2 * MIB}`, `${2 * MIB}+${MIB}`]);
});

test('a damaged block fails only the reads that need it', async () => {
  const { device, check } = notedDevice(MIB + 100_000, MIB + 100_100);
  const ahead = new ReadAheadDevice(device);
  for (let offset = 0; offset < SIZE_BYTES; offset += 4000) {
    const length = Math.min(4000, SIZE_BYTES - offset);
    const damaged = offset < MIB + 100_100 && offset + length > MIB + 100_000;
    if (damaged) await assert.rejects(check(ahead, offset, length), /damaged/);
    else await check(ahead, offset, length);
  }
});

/** Several reads at a time, as QEMU and nbdcopy do. */
async function readInGo(
  check: (offset: number, length: number) => Promise<void>,
  { sizeBytes, stepBytes }: { readonly sizeBytes: number; readonly stepBytes: number },
): Promise<void> {
  let next = 0;
  const readOn = async () => {
    while (next < sizeBytes) {
      const offset = next;
      next += stepBytes;
      await check(offset, Math.min(stepBytes, sizeBytes - offset));
    }
  };
  await Promise.all([readOn(), readOn(), readOn(), readOn()]);
}

for (const stepBytes of [MIB, 256 * 1024, 700_001]) {
  test(`a long go in steps of ${stepBytes} is read in windows of 4 MiB, no byte twice`, async () => {
    const sizeBytes = 21 * MIB + 12_345;
    const { device, reads, check } = notedDevice(Infinity, Infinity, sizeBytes);
    const ahead = new ReadAheadDevice(device);
    await readInGo((offset, length) => check(ahead, offset, length), { sizeBytes, stepBytes });
    assert.ok(reads.includes(`${8 * MIB}+${4 * MIB}`), reads.join(' '));
    assert.equal(reads.at(-1), `${20 * MIB}+${MIB + 12_345}`);
    const windows = reads.map((read) => read.split('+').map(Number)).filter(([at]) => (at ?? 0) >= 4 * MIB);
    const bytes = windows.reduce((sum, [, length]) => sum + (length ?? 0), 0);
    assert.ok(bytes <= sizeBytes - 4 * MIB + stepBytes, reads.join(' '));
    await ahead.close();
  });
}

test('a damaged block in a long window fails only the reads that need it', async () => {
  const [sizeBytes, damagedAt] = [16 * MIB, 9 * MIB + 5];
  const { device, check } = notedDevice(damagedAt, damagedAt + 1, sizeBytes);
  const ahead = new ReadAheadDevice(device);
  const checked = async (offset: number, length: number) => {
    const damaged = offset <= damagedAt && offset + length > damagedAt;
    if (damaged) await assert.rejects(check(ahead, offset, length), /damaged/);
    else await check(ahead, offset, length);
  };
  await readInGo(checked, { sizeBytes, stepBytes: MIB });
  await ahead.close();
});
