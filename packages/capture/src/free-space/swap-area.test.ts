import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NotProved } from './proof.ts';
import { readSwapFreeSpace } from './swap-area.ts';

const SIZE_BYTES = 1024 * 1024;

function area(options: {
  pageBytes?: number;
  signature?: string;
  version?: number;
  lastPage?: number;
}): Buffer {
  const { pageBytes = 4096, signature = 'SWAPSPACE2', version = 1 } = options;
  const bytes = Buffer.alloc(SIZE_BYTES, 0x5a);
  bytes.writeUInt32LE(version, 1024);
  bytes.writeUInt32LE(options.lastPage ?? SIZE_BYTES / pageBytes - 1, 1028);
  bytes.write(signature.padEnd(10, '\0'), pageBytes - 10);
  return bytes;
}

async function find(bytes: Buffer): Promise<readonly number[][]> {
  const found: number[][] = [];
  const read = async (offset: number, length: number) => bytes.subarray(offset, offset + length);
  await readSwapFreeSpace({ read, sizeBytes: bytes.length }, (...range) => found.push(range));
  return found;
}

test('all of a swap area but its header is free', async () => {
  assert.deepEqual(await find(area({})), [[4096, SIZE_BYTES - 4096]]);
  assert.deepEqual(await find(area({ pageBytes: 65_536 })), [[65_536, SIZE_BYTES - 65_536]]);
  assert.deepEqual(await find(area({ lastPage: 10 })), [[4096, 40_960]]);
});

test('a hibernation image, another version and an impossible header are not', async () => {
  for (const signature of ['S1SUSPEND', 'S2SUSPEND', 'ULSUSPEND', 'LINHIB0001', 'SWAP-SPACE']) {
    await assert.rejects(find(area({ signature })), NotProved, signature);
  }
  await assert.rejects(find(area({ version: 2 })), NotProved);
  await assert.rejects(find(area({ lastPage: SIZE_BYTES / 4096 })), NotProved);
  await assert.rejects(find(area({ lastPage: 0 })), NotProved);
  await assert.rejects(find(Buffer.alloc(1000)), NotProved);
});
