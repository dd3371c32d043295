import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { runChecked, silentLogger } from '@landfall/runtime';
import { watchSpace } from './guestfs-space.ts';

test('a conversion that fills its file system is ended with the reason, not when its time is over', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'space-'));
  context.after(() => rm(folder, { recursive: true }));
  const program = join(import.meta.dirname, 'guestfs-space-full.testing.ts');
  const { stdout } = await runChecked([
    'unshare',
    '--mount',
    '--propagation',
    'private',
    process.execPath,
    program,
    folder,
  ]);
  assert.match(stdout, /^OVERLAY_NO_SPACE .* free in .*: a conversion has no room to write$/);
});

test('without room nothing is begun; with room every error stays what it is', async () => {
  const watch = { scratchFolder: tmpdir(), logger: silentLogger };
  let begun = 0;
  const action = async () => {
    begun += 1;
    throw new Error('its own');
  };
  const full = watchSpace({ ...watch, freeBytesMin: Number.MAX_SAFE_INTEGER }, action);
  await assert.rejects(full, { code: 'OVERLAY_NO_SPACE', retryable: false });
  assert.equal(begun, 0);
  await assert.rejects(watchSpace({ ...watch, freeBytesMin: 0 }, action), /its own/);
});
