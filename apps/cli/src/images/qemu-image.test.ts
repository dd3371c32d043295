/** What images tell of themselves, asked of real ones. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { MIB, runChecked } from '@landfall/runtime';
import { temporaryFolder } from './journal-folder.testing.ts';
import { inspectImage } from './qemu-image.ts';

const SIZE_BYTES = 4 * MIB;

async function createImage(path: string, format: string, ...options: readonly string[]): Promise<void> {
  await runChecked(['qemu-img', 'create', '-q', '-f', format, ...options, path, String(SIZE_BYTES)]);
}

test('an image in one file is known by its format and size, however its path is written', async (t) => {
  const folder = await temporaryFolder(t);
  for (const [format, ...options] of [
    ['qcow2'],
    ['vhdx'],
    ['vmdk'],
    ['vmdk', '-o', 'subformat=streamOptimized'],
  ] as const) {
    const path = join(folder, `disk.${format}`);
    await createImage(path, format, ...options);
    for (const name of [path, relative(process.cwd(), path), join(folder, '.', `disk.${format}`)])
      assert.deepEqual(await inspectImage(name), { format, sizeBytes: SIZE_BYTES });
  }
});

test('an image that names another file is refused: any file of this machine could be read by it', async (t) => {
  const folder = await temporaryFolder(t);
  const at = (name: string) => join(folder, name);
  await createImage(at('whole.qcow2'), 'qcow2');
  await createImage(at('backed.qcow2'), 'qcow2', '-F', 'qcow2', '-b', at('whole.qcow2'));
  await createImage(at('data.qcow2'), 'qcow2', '-o', `data_file=${at('data.raw')},data_file_raw=on`);
  await createImage(at('split.vmdk'), 'vmdk', '-o', 'subformat=twoGbMaxExtentSparse');
  const secret = at('secret');
  await writeFile(secret, Buffer.alloc(SIZE_BYTES, 'secret'));
  const descriptor = [
    ...['# Disk DescriptorFile', 'version=1', 'CID=12345678', 'parentCID=ffffffff'],
    ...['createType="monolithicFlat"', `RW ${SIZE_BYTES / 512} FLAT "${secret}" 0`, ''],
  ];
  await writeFile(at('flat.vmdk'), descriptor.join('\n'));
  const images = { backed: 'qcow2', data: 'qcow2', split: 'vmdk', flat: 'vmdk' };
  for (const [name, format] of Object.entries(images)) {
    const path = at(`${name}.${format}`);
    await runChecked(['qemu-img', 'info', path]);
    await assert.rejects(inspectImage(path), {
      code: 'IMAGE_UNSUITABLE',
      message: /difference|another file/,
    });
  }
});
