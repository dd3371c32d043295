import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { PreflightOrder, PreflightStatus } from '@landfall/channel';
import { silentLogger, systemClock } from '@landfall/runtime';
import { createLaunchHost, type LaunchHost } from '../launch-host.ts';

const ORDER: PreflightOrder = {
  preflightId: 'preflight-1',
  disks: [
    {
      ...{ diskId: 'disk-0', deviceName: '/dev/sda', sizeBytes: 1024, isBootDisk: true },
      nbdUri: 'nbd+unix:///d?socket=/none',
    },
  ],
  bootMode: 'USE_SOURCE',
};

function hostIn(stateDir: string): LaunchHost {
  const common = { logger: silentLogger, clock: systemClock };
  return createLaunchHost({ stateDir, ...common, accelerator: 'tcg', viewTimeoutSeconds: 0 });
}

async function untilEnded(host: LaunchHost): Promise<PreflightStatus> {
  for (;;) {
    const status = await host.handlers.runPreflight(ORDER);
    if (status.state !== 'RUNNING') return status;
    await systemClock.sleep(10);
  }
}

test('a view that nobody serves fails the preflight once, and asked for again it begins again', async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'lh-'));
  const left = join(stateDir, 'preflights', 'preflight-0');
  await mkdir(left, { recursive: true });
  const host = hostIn(stateDir);
  await host.start();
  assert.deepEqual(await readdir(join(stateDir, 'preflights')), [], 'what an earlier run left is gone');
  assert.equal((await host.handlers.runPreflight(ORDER)).state, 'RUNNING');
  const failed = await untilEnded(host);
  assert.equal(failed.error?.code, 'VIEW_UNREACHABLE');
  assert.equal((await host.handlers.runPreflight(ORDER)).state, 'RUNNING');
  await host.stop();
  assert.deepEqual(await readdir(join(stateDir, 'preflights')), []);
  await assert.rejects(host.handlers.runPreflight(ORDER), { code: 'LAUNCH_CANCELLED' });
  await rm(stateDir, { recursive: true });
});

test('an order that names no disks, or a folder of its own, is refused', async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'lh-'));
  const host = hostIn(stateDir);
  await host.start();
  for (const wrong of [{ preflightId: '../x' }, { preflightId: '' }, { disks: [] }]) {
    await assert.rejects(host.handlers.runPreflight({ ...ORDER, ...wrong }), { code: 'PREFLIGHT_FAILED' });
  }
  await host.stop();
  await rm(stateDir, { recursive: true });
});
