/** What is found free on real file systems, against what the file systems' own tools say. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { run, runChecked, seededRandom, systemClock } from '@landfall/runtime';
import { diskAt } from '../disks/linux-disks.ts';
import { createLoopDisks, type LoopDisk } from '../disks/linux-loop.testing.ts';
import { inOwnMounts } from '../disks/linux-own-mounts.testing.ts';
import type { Volume } from './free-space-source.ts';
import { createLinuxFreeSpace } from './linux-free-space.ts';

const MIB = 1024 * 1024;
const XFS_KEPT_BLOCKS_MAX = 16;
const NEVER = new AbortController().signal;

interface Range {
  readonly begin: number;
  readonly end: number;
}

/** Name, command, size in MiB. */
const EXT_VARIANTS: readonly (readonly [string, readonly string[], number])[] = [
  ['as mkfs makes it', ['mkfs.ext4'], 700],
  ['1 KiB blocks', ['mkfs.ext4', '-b', '1024'], 300],
  ['2 KiB blocks, no flex_bg', ['mkfs.ext4', '-b', '2048', '-O', '^flex_bg'], 400],
  ['bigalloc', ['mkfs.ext4', '-O', 'bigalloc', '-C', '65536'], 600],
  ['bigalloc, 1 KiB blocks', ['mkfs.ext4', '-O', 'bigalloc', '-b', '1024', '-C', '16384'], 300],
  ['no 64bit', ['mkfs.ext4', '-O', '^64bit'], 400],
  ['meta_bg', ['mkfs.ext4', '-O', 'meta_bg,^resize_inode', '-b', '1024'], 700],
  ['uninit_bg', ['mkfs.ext4', '-O', '^metadata_csum,uninit_bg'], 600],
  ['uninit_bg, no 64bit', ['mkfs.ext4', '-O', '^metadata_csum,uninit_bg,^64bit'], 600],
  ['no checksums', ['mkfs.ext4', '-O', '^metadata_csum,^uninit_bg'], 600],
  ['sparse_super2', ['mkfs.ext4', '-O', 'sparse_super2'], 600],
  ['small groups', ['mkfs.ext4', '-g', '2048', '-b', '1024'], 100],
  ['a seed of its own', ['mkfs.ext4', '-O', 'metadata_csum_seed'], 300],
  ['no journal', ['mkfs.ext4', '-O', '^has_journal'], 300],
  ['ext3', ['mkfs.ext3'], 400],
  ['ext2', ['mkfs.ext2'], 400],
  ['ext2, no sparse_super', ['mkfs.ext2', '-O', '^sparse_super,^resize_inode', '-b', '1024'], 100],
];

inOwnMounts(import.meta.filename, 'free space of mounted file systems is what their tools say', () => {
  for (const [name, command, sizeMib] of EXT_VARIANTS) {
    test(`ext: ${name}`, async (context) => {
      const { disk, folder } = await mounted(context, [...command, '-q', '-F'], sizeMib);
      await useForAWhile(folder, 20);
      await runChecked(['sync', '-f', folder]);
      const found = await findFree(volumeOf(disk));
      await runChecked(['umount', folder]);
      const expected = await freeByDumpe2fs(disk.devicePath);
      assert.ok(found.length > 1, 'there is more than one free range');
      assert.deepEqual(found, expected);
      context.diagnostic(`${found.length} ranges, ${total(found)} bytes`);
    });
  }

  for (const feature of ['rmapbt=0', 'rmapbt=1']) {
    test(`xfs: ${feature}`, async (context) => {
      const make = ['mkfs.xfs', '-q', '-f', '-m', feature];
      const { disk, folder } = await mounted(context, make, 400);
      await useForAWhile(folder, 20);
      // Mounted anew, nothing is left to be done in the background.
      await runChecked(['umount', folder]);
      await runChecked(['mount', disk.devicePath, folder]);
      const found = await findFree(volumeOf(disk));
      await runChecked(['umount', folder]);
      const { stdout } = await runChecked(['xfs_db', '-r', '-c', 'freesp -d', disk.devicePath]);
      const geometry = await xfsGeometry(disk.devicePath);
      const expected = freeByXfsDb(stdout, geometry);
      const isExpected = (range: Range) =>
        expected.some((one) => one.begin <= range.begin && range.end <= one.end);
      assert.ok(found.length > 10 && found.every(isExpected));
      // The tool counts what is kept for the btrees themselves (AGFL), which is in use.
      const keptBytesMax = geometry.groupCount * XFS_KEPT_BLOCKS_MAX * geometry.blockBytes;
      assert.ok(total(found) >= total(expected) - keptBytesMax, `${total(found)} of ${total(expected)}`);
      context.diagnostic(`${found.length} ranges, ${total(found)} bytes`);
    });
  }

  for (const label of ['gpt', 'dos']) {
    test(`partitions of a ${label} disk are looked at each by itself`, async (context) => {
      const loops = await createLoopDisks([200 * MIB]);
      const [disk] = loops.disks;
      assert.ok(disk !== undefined);
      const { devicePath } = disk;
      const folder = `${loops.folder}/mnt`;
      context.after(async () => {
        await run(['umount', folder]);
        await run(['partx', '--delete', devicePath]);
        loops.remove();
      });
      const table = `label: ${label}\nstart=2048,size=100MiB\nstart=220000,size=30MiB\n`;
      await runChecked(['sfdisk', '--quiet', '--no-reread', '--no-tell-kernel', devicePath], {
        input: table,
      });
      await runChecked(['partx', '--add', '--type', label, devicePath]);
      await runChecked(['mkfs.ext4', '-q', '-F', `${devicePath}p1`]);
      await runChecked(['mkfs.ext4', '-q', '-F', `${devicePath}p2`]);
      mkdirSync(folder);
      await runChecked(['mount', `${devicePath}p1`, folder]);
      await useForAWhile(folder, 10);
      await runChecked(['sync', '-f', folder]);
      const [first, second, ...others] = createLinuxFreeSpace([diskAt(devicePath)], systemClock).volumes();
      assert.ok(first !== undefined && second !== undefined && others.length === 0);
      assert.deepEqual(first.extent, { offsetBytes: MIB, lengthBytes: 100 * MIB });
      const found = await findFree(first);
      await assert.rejects(findFree(second), /not mounted here/);
      await runChecked(['umount', folder]);
      assert.deepEqual(found, await freeByDumpe2fs(`${devicePath}p1`));
    });
  }
});

async function mounted(
  context: TestContext,
  command: readonly string[],
  sizeMib: number,
): Promise<{ readonly disk: LoopDisk; readonly folder: string }> {
  const loops = await createLoopDisks([sizeMib * MIB]);
  context.after(() => loops.remove());
  const [disk] = loops.disks;
  assert.ok(disk !== undefined);
  await runChecked([...command, disk.devicePath]);
  const folder = `${loops.folder}/mnt with space`;
  mkdirSync(folder);
  await runChecked(['mount', disk.devicePath, folder]);
  context.after(() => run(['umount', folder]));
  return { disk, folder };
}

/** Files of all sizes written, half of them removed. */
async function useForAWhile(folder: string, fillMib: number): Promise<void> {
  const random = seededRandom(fillMib);
  for (let written = 0, count = 0; written < fillMib * MIB; count += 1) {
    const length = random.integer(2 ** random.integer(21));
    mkdirSync(`${folder}/${count % 10}`, { recursive: true });
    writeFileSync(`${folder}/${count % 10}/${count}`, Buffer.alloc(length, count));
    written += length + 4096;
    if (count % 100 === 99) await runChecked(['sync', '-f', folder]);
  }
  for (let index = 0; index < 10; index += 1) {
    for (const name of readdirSync(`${folder}/${index}`)) {
      if (random.integer(2) === 0) rmSync(`${folder}/${index}/${name}`);
    }
  }
}

function volumeOf(disk: LoopDisk): Volume {
  const [volume, ...others] = createLinuxFreeSpace([diskAt(disk.devicePath)], systemClock).volumes();
  assert.ok(volume !== undefined && others.length === 0);
  return volume;
}

async function findFree(volume: Volume): Promise<readonly Range[]> {
  const ranges: Range[] = [];
  await volume.readFree((offset, length) => ranges.push({ begin: offset, end: offset + length }), NEVER);
  return merged(ranges);
}

async function freeByDumpe2fs(devicePath: string): Promise<readonly Range[]> {
  const { stdout } = await runChecked(['dumpe2fs', devicePath], { outputBytesMax: 64 * MIB });
  const blockBytes = Number(/^Block size:\s+(\d+)/m.exec(stdout)?.[1]);
  const clusterBytes = Number(/^Cluster size:\s+(\d+)/m.exec(stdout)?.[1] ?? blockBytes);
  const lists = [...stdout.matchAll(/^ {2}Free blocks: (.*)$/gm)].map((match) => match[1] ?? '');
  const ranges = lists.flatMap((list) => list.split(', ')).filter((range) => range !== '');
  return merged(
    ranges.map((range) => {
      const [first = 0, last = first] = range.split('-').map(Number);
      return { begin: first * blockBytes, end: last * blockBytes + clusterBytes };
    }),
  );
}

interface XfsGeometry {
  readonly blockBytes: number;
  readonly groupBlocks: number;
  readonly groupCount: number;
}

async function xfsGeometry(devicePath: string): Promise<XfsGeometry> {
  const fields = ['blocksize', 'agblocks', 'agcount'];
  const print = `print ${fields.join(' ')}`;
  const { stdout } = await runChecked(['xfs_db', '-r', '-c', 'sb 0', '-c', print, devicePath]);
  const values = [...stdout.matchAll(/= (\d+)/g)].map((match) => Number(match[1]));
  const [blockBytes = 0, groupBlocks = 0, groupCount = 0] = values;
  return { blockBytes, groupBlocks, groupCount };
}

function freeByXfsDb(text: string, { blockBytes, groupBlocks }: XfsGeometry): readonly Range[] {
  const lines = [...text.matchAll(/^\s*(\d+)\s+(\d+)\s+(\d+)\s*$/gm)];
  const ranges = lines.map((match) => {
    const [group = 0, block = 0, count = 0] = match.slice(1).map(Number);
    const begin = (group * groupBlocks + block) * blockBytes;
    return { begin, end: begin + count * blockBytes };
  });
  return merged(ranges);
}

function merged(ranges: readonly Range[]): readonly Range[] {
  const result: { begin: number; end: number }[] = [];
  for (const { begin, end } of ranges.toSorted((left, right) => left.begin - right.begin)) {
    const last = result.at(-1);
    if (last?.end === begin) last.end = end;
    else result.push({ begin, end });
  }
  return result;
}

function total(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { begin, end }) => sum + end - begin, 0);
}
