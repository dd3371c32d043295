import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { run, runChecked } from '@landfall/runtime';
import { unmount } from './linux-unmount.ts';

const SIZE_BYTES = 64 * 1024 ** 2;

test('a file system ends with its umount though another process has a copy of the mount', {
  skip: process.getuid?.() === 0 ? false : 'needs root',
}, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-unmount-'));
  t.after(() => rm(folder, { recursive: true }));
  const image = join(folder, 'image');
  const mountPoint = join(folder, 'mounted');
  await mkdir(mountPoint);
  await writeFile(image, '');
  await truncate(image, SIZE_BYTES);
  await runChecked(['mkfs.ext4', '-q', image]);
  await runChecked(['mount', '-o', 'loop', image, mountPoint]);
  t.after(() => run(['umount', '--lazy', mountPoint]));
  const deviceName = (await runChecked(['findmnt', '--noheadings', '--output=SOURCE', mountPoint])).stdout;
  const script = 'echo begun; exec sleep 60';
  const other = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script]);
  const ended = once(other, 'exit');
  t.after(async () => {
    other.kill('SIGKILL');
    await ended;
  });
  await once(other.stdout, 'data');
  await writeFile(join(mountPoint, 'file'), 'written');
  await unmount({ mountPoint, deviceName: deviceName.trim() });
  assert.equal(other.exitCode, null, 'the other still runs');
});
