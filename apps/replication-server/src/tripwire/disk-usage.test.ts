/** File systems found on whole disks and in partitions, and what of them is in use. */
import assert from 'node:assert/strict';
import { mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ReadableBlockDevice } from '@landfall/block';
import { MIB, runChecked, seededRandom } from '@landfall/runtime';
import { DiskUsage, findExt4 } from './disk-usage.ts';
import { volumeRanges } from './disk-volumes.ts';

const SECTOR_BYTES = 512;

function deviceOf(bytes: Buffer): ReadableBlockDevice {
  return {
    sizeBytes: bytes.length,
    read: async (offsetBytes, target) => {
      assert.ok(offsetBytes >= 0 && offsetBytes + target.length <= bytes.length, 'it reads inside the disk');
      bytes.copy(target, 0, offsetBytes, offsetBytes + target.length);
    },
    allocation: async () => [],
    close: async () => undefined,
  };
}

async function ext4Image(t: TestContext, ...options: readonly string[]): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-usage-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'disk.img');
  await writeFile(path, '');
  await truncate(path, 48 * MIB);
  await runChecked(['mkfs.ext4', '-q', '-F', ...options, path]);
  return readFile(path);
}

/** As debugfs counts it. */
function freeBlocks(image: Buffer): number {
  return image.readUInt32LE(1024 + 0x0c);
}

for (const options of [
  ['-b', '4096'],
  ['-b', '1024'],
  ['-b', '4096', '-O', 'bigalloc', '-C', '16384'],
]) {
  test(`as many blocks are free as ext4 counts: ${options.join(' ')}`, async (t) => {
    const image = await ext4Image(t, ...options);
    const device = deviceOf(image);
    const volumes = await findExt4(device);
    assert.equal(volumes.length, 1);
    const usage = new DiskUsage(device, volumes);
    const { superblock } = volumes[0] ?? assert.fail();
    let free = 0;
    for (let block = superblock.firstDataBlock; block < superblock.blockCount; block += 1) {
      if ((await usage.at(block * superblock.blockBytes)) === 'FREE') free += 1;
    }
    // A group that was never written to has an empty bitmap; what is fixed in it counts as free here.
    assert.ok(
      free >= freeBlocks(image) && free <= freeBlocks(image) * 1.2,
      `${free} of ${freeBlocks(image)}`,
    );
  });
}

test('partitions of both kinds are found, and the file system in one of them', async (t) => {
  const image = await ext4Image(t, '-b', '4096');
  for (const label of ['gpt', 'dos']) {
    const folder = await mkdtemp(join(tmpdir(), 'landfall-partitions-'));
    t.after(() => rm(folder, { recursive: true }));
    const path = join(folder, 'disk.img');
    const script = join(folder, 'script');
    await writeFile(path, '');
    await truncate(path, 128 * MIB);
    await writeFile(script, `label: ${label}\nstart=2048, size=16384\nstart=20480, size=98304\n`);
    const file = await open(script);
    await file.close();
    await runChecked(['sfdisk', '--quiet', path], { input: await readFile(script, 'utf8') });
    const disk = await readFile(path);
    image.copy(disk, 20_480 * SECTOR_BYTES);
    const device = deviceOf(disk);
    assert.deepEqual(
      (await volumeRanges(device)).map(({ offsetBytes }) => offsetBytes / SECTOR_BYTES),
      [0, 2048, 20_480],
    );
    const volumes = await findExt4(device);
    assert.deepEqual(
      volumes.map(({ offsetBytes }) => offsetBytes / SECTOR_BYTES),
      [20_480],
      label,
    );
    const usage = new DiskUsage(device, volumes);
    assert.equal(await usage.at(2048 * SECTOR_BYTES), 'UNKNOWN');
    assert.equal(await usage.at(20_480 * SECTOR_BYTES), 'USED');
  }
});

test('any bytes in the places that are read are survived', async (t) => {
  const image = await ext4Image(t, '-b', '1024');
  const random = seededRandom(9);
  for (let round = 0; round < 40; round += 1) {
    const damaged = Buffer.from(image);
    for (let count = 0; count < 40; count += 1) damaged[random.integer(8 * 1024)] = random.integer(256);
    if (round % 3 === 0) damaged.writeUInt16LE(0xaa55, 510);
    if (round % 5 === 0) damaged.write('EFI PART', 512, 'latin1');
    const device = deviceOf(damaged);
    const usage = new DiskUsage(device, await findExt4(device));
    for (let at = 0; at < damaged.length; at += MIB) await usage.at(at);
  }
});
