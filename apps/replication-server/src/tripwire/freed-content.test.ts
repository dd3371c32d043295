/** What a file system freed, by real ones; and that it takes no more the more was freed. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ReadableBlockDevice } from '@landfall/block';
import { MIB, type Random, runChecked, seededRandom } from '@landfall/runtime';
import { DiskUsage, findExt4 } from './disk-usage.ts';
import { freedContent, type UsedDisk } from './freed-content.ts';

const TEXT_BYTES = 20 * MIB;
const NOISE_BYTES = 10 * MIB;

async function usedDisk(bytes: Buffer): Promise<UsedDisk> {
  const device: ReadableBlockDevice = {
    sizeBytes: bytes.length,
    read: async (offsetBytes, target) => {
      bytes.copy(target, 0, offsetBytes, offsetBytes + target.length);
    },
    allocation: async () => [],
    close: async () => undefined,
  };
  return { device, usage: new DiskUsage(device, await findExt4(device)) };
}

/** With a file of text and one of noise, and without those that are named. */
async function ext4With(t: TestContext, { blockBytes, gone }: { blockBytes: number; gone: string[] }) {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-freed-'));
  t.after(() => rm(folder, { recursive: true }));
  const files = join(folder, 'files');
  await mkdir(files);
  await writeFile(join(files, 'text'), Buffer.alloc(TEXT_BYTES, 'A line of a log, with words in it.\n'));
  await writeFile(join(files, 'noise'), seededRandom(3).bytes(NOISE_BYTES));
  const path = join(folder, 'disk.img');
  await writeFile(path, '');
  await truncate(path, 64 * MIB);
  await runChecked(['mkfs.ext4', '-q', '-F', '-b', `${blockBytes}`, '-d', files, path]);
  const before = await usedDisk(await readFile(path));
  for (const name of gone) await runChecked(['debugfs', '-w', '-R', `rm ${name}`, path]);
  return { before, after: await usedDisk(await readFile(path)) };
}

function counted(random: Random): { readonly random: Random; readonly draws: () => number } {
  let draws = 0;
  const integer = (limit: number) => {
    draws += 1;
    return random.integer(limit);
  };
  return { random: { ...random, integer }, draws: () => draws };
}

for (const blockBytes of [1024, 4096]) {
  test(`freed text is counted, with few random numbers, in blocks of ${blockBytes}`, async (t) => {
    const { before, after } = await ext4With(t, { blockBytes, gone: ['text'] });
    const { random, draws } = counted(seededRandom(4));
    const { structuredBytes, pieces } = await freedContent(before, after, random);
    assert.ok(Math.abs(structuredBytes - TEXT_BYTES) < MIB, `${structuredBytes}`);
    assert.equal(pieces, 48);
    assert.ok(draws() <= 48, `${draws()} random numbers`);
  });
}

test('of what was freed the structured share counts', async (t) => {
  const { before, after } = await ext4With(t, { blockBytes: 4096, gone: ['text', 'noise'] });
  let sum = 0;
  for (let seed = 0; seed < 40; seed += 1)
    sum += (await freedContent(before, after, seededRandom(seed))).structuredBytes;
  assert.ok(Math.abs(sum / 40 - TEXT_BYTES) < 2 * MIB, `${sum / 40}`);
});

test('where nothing was freed there is nothing', async (t) => {
  const { before, after } = await ext4With(t, { blockBytes: 4096, gone: [] });
  assert.deepEqual(await freedContent(before, after, seededRandom(5)), { structuredBytes: 0, pieces: 0 });
});
