import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { findDisks } from './linux-disks.ts';

test('the disk that brings a launched machine its scripts is no disk of the server', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sys-block-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const put = async (path: string, text: string) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  for (const name of ['vdx', 'vdy', 'sdx', 'sdy']) {
    await put(`${name}/size`, '2048\n');
    await put(`${name}/mq/0/cpu_list`, '0');
  }
  await put('vdx/serial', 'disk-0');
  await put('vdy/serial', 'landfall-scripts');
  await put('sdx/device/wwid', 't10.ATA     QEMU HARDDISK                           disk-0              ');
  await put('sdy/device/wwid', 't10.ATA     QEMU HARDDISK                           landfall-scripts    ');
  const names = findDisks('track', folder).map(({ deviceName }) => deviceName);
  assert.deepEqual(names.toSorted(), ['/dev/sdx', '/dev/vdx']);
});
