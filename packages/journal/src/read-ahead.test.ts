import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReadableBlockDevice } from '@landfall/block';
import { MIB } from '@landfall/runtime';
import { ReadAheadDevice } from './read-ahead.ts';

const SIZE_BYTES = 3 * MIB + 1000;

/** Content tells its offset; reads are noted; one range may be unreadable. */
function notedDevice(damagedFrom = SIZE_BYTES, damagedTo = SIZE_BYTES) {
  const reads: string[] = [];
  const byteAt = (offset: number) => (offset * 31 + (offset >> 8)) & 0xff;
  const device: ReadableBlockDevice = {
    sizeBytes: SIZE_BYTES,
    read: async (offset, target) => {
      reads.push(`${offset}+${target.length}`);
      if (offset < damagedTo && offset + target.length > damagedFrom) throw new Error('damaged');
      for (let at = 0; at < target.length; at += 1) target[at] = byteAt(offset + at);
    },
    allocation: async (offsetBytes, lengthBytes) => [{ offsetBytes, lengthBytes, zero: false }],
    close: async () => undefined,
  };
  const check = async (ahead: ReadAheadDevice, offset: number, length: number) => {
    const target = Buffer.alloc(length);
    await ahead.read(offset, target);
    assert.ok(target.every((byte, at) => byte === byteAt(offset + at)));
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
