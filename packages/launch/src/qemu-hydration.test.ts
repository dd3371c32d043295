import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperationError } from '@landfall/runtime';
import { hydratedBytes } from './hydration.ts';
import { overlayNode, viewNode } from './launch-plan.ts';
import { advanceJobs } from './qemu-hydration.ts';
import type { Monitor } from './qemu-monitor.ts';

const SIZE_BYTES = 8_388_608;
const DISK_IDS = ['disk-0', 'disk-1'];
const DISKS = DISK_IDS.map((diskId) => {
  // Any file: what it holds is the host's concern.
  return { diskId, sizeBytes: SIZE_BYTES, overlayPath: import.meta.filename, isFlushed: false };
});

/** Two disks whose jobs are almost done; that of the first ends before the n-th question. */
function jobEndingBefore(question: number): Monitor & { readonly begun: string[] } {
  let asked = 0;
  const begun: string[] = [];
  const ended = (diskId: string) => diskId === DISK_IDS[0] && asked >= question;
  const answers: Readonly<Record<string, () => unknown>> = {
    'query-named-block-nodes': () =>
      DISK_IDS.flatMap((diskId) => [
        { 'node-name': overlayNode(diskId), backing_file_depth: ended(diskId) ? 0 : 1 },
        { 'node-name': viewNode(diskId), backing_file_depth: 0 },
      ]),
    'query-block-jobs': () =>
      DISK_IDS.filter((diskId) => !ended(diskId)).map((diskId) => ({
        device: `hydrate-${diskId}`,
        offset: SIZE_BYTES - 1,
        speed: 0,
        'io-status': 'ok',
      })),
  };
  return {
    begun,
    execute: async (command, parameters) => {
      asked += 1;
      if (command === 'block-stream') begun.push(String(parameters?.device));
      return answers[command]?.() ?? {};
    },
  };
}

test('a job that ends between any two questions neither takes progress back nor begins again', async () => {
  for (let question = 1; question <= 6; question += 1) {
    const monitor = jobEndingBefore(question);
    const disks = DISKS;
    const request = { machineId: 'i-0', folder: '/nowhere', disks, bandwidthBytesPerSecond: undefined };
    const outcome = await advanceJobs(monitor, request);
    for (const disk of outcome.disks) {
      assert.ok(hydratedBytes(disk) >= SIZE_BYTES - 1, `before question ${question}: ${hydratedBytes(disk)}`);
    }
    assert.deepEqual(monitor.begun, []);
  }
});

test('H5: a change of the limit reaches the jobs, and what one leaves the others', async () => {
  const monitor = jobEndingBefore(3);
  const disks = DISKS;
  const told: unknown[] = [];
  const listening: Monitor = {
    execute: async (command, parameters) => {
      if (command === 'block-job-set-speed') told.push(parameters);
      return await monitor.execute(command, parameters);
    },
  };
  const request = { machineId: 'i-0', folder: '/nowhere', disks, bandwidthBytesPerSecond: 1000 };
  await advanceJobs(listening, request);
  assert.deepEqual(told.splice(0), [
    { device: 'hydrate-disk-0', speed: 500 },
    { device: 'hydrate-disk-1', speed: 500 },
  ]);
  await advanceJobs(listening, request);
  assert.deepEqual(told, [{ device: 'hydrate-disk-1', speed: 1000 }]);
});

test('H5: a job that ends before it is told of its limit is no failure; one that refuses it is', async () => {
  const disks = DISKS;
  const request = { machineId: 'i-0', folder: '/nowhere', disks, bandwidthBytesPerSecond: 1000 };
  const refusing = (monitor: Monitor): Monitor => ({
    execute: async (command, parameters) => {
      const answer = await monitor.execute(command, parameters);
      if (parameters?.device !== 'hydrate-disk-0') return answer;
      throw new OperationError('MACHINE_REFUSED', 'QEMU refused block-job-set-speed: no such job');
    },
  });
  const { disks: seen, errors } = await advanceJobs(refusing(jobEndingBefore(3)), request);
  assert.deepEqual([seen[0]?.job, errors], [undefined, []]);
  await assert.rejects(advanceJobs(refusing(jobEndingBefore(1000)), request), { code: 'MACHINE_REFUSED' });
});

test('H6: a view is removed only when its disk is on record as flushed; a flush that fails is told', async () => {
  const done: string[] = [];
  let fails = true;
  const monitor: Monitor = {
    execute: async (command) => {
      done.push(command);
      if (command === 'blockdev-reopen' && fails)
        throw new OperationError('MACHINE_REFUSED', 'QEMU refused blockdev-reopen: Error flushing drive');
      return await jobEndingBefore(0).execute(command);
    },
  };
  const changes = () => done.splice(0).filter((command) => !command.startsWith('query-'));
  const request = (isFlushed: boolean) => {
    const disks = DISKS.slice(0, 1).map((disk) => ({ ...disk, isFlushed }));
    return { machineId: 'i-0', folder: '/nowhere', disks, bandwidthBytesPerSecond: undefined };
  };
  const failed = await advanceJobs(monitor, request(false));
  assert.match(failed.errors.join(), /^disk-0: .*Error flushing drive$/);
  assert.deepEqual([failed.disks[0]?.isFlushed, changes()], [false, ['blockdev-reopen']]);
  fails = false;
  const flushed = await advanceJobs(monitor, request(false));
  assert.deepEqual([flushed.disks[0]?.isFlushed, changes()], [true, ['blockdev-reopen']]);
  await advanceJobs(monitor, request(true));
  assert.deepEqual(changes(), ['blockdev-del']);
});
