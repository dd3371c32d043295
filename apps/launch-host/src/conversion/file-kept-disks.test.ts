import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runChecked, silentLogger } from '@landfall/runtime';
import { MachineStore } from '../machine/file-machine-store.ts';
import { overlayName } from '../machine/machine-context.ts';
import { newRecord } from '../machine/machine-record.ts';
import { keepDisks } from './file-kept-disks.ts';

const machineId = 'i-0123456789abcdef0';

function disk(diskId: string, keepOnTermination: boolean) {
  const nbdUri = 'nbd+unix:///d?socket=/none';
  return { diskId, deviceName: '/dev/sda', sizeBytes: 2 ** 20, isBootDisk: false, nbdUri, keepOnTermination };
}

test('only disks that are to stay, and hold everything themselves, outlive their machine', async (t) => {
  const stateDir = await mkdtemp(join(tmpdir(), 'lh-'));
  t.after(() => rm(stateDir, { recursive: true, force: true }));
  const store = new MachineStore(stateDir);
  await store.open();
  const record = newRecord({
    machineId,
    name: 'server',
    purpose: 'CUTOVER',
    disks: [
      disk('whole', true),
      disk('backed', true),
      disk('unflushed', true),
      disk('goes', false),
      disk('gone', true),
    ],
    cpuCount: 1,
    memoryBytes: 2 ** 30,
    bootMode: 'USE_SOURCE',
    disposition: 'STARTED',
    publishedPorts: [],
  });
  const converted = {
    ...record,
    conversion: { ...record.conversion, done: true },
    hydration: { ...record.hydration, flushedDisks: ['whole', 'goes'] },
  };
  await store.save(converted);
  const path = (diskId: string) => join(store.folderOf(machineId), overlayName(diskId));
  for (const diskId of ['whole', 'unflushed', 'goes'])
    await runChecked(['qemu-img', 'create', '-q', '-f', 'qcow2', path(diskId), '1M']);
  const backing = ['-b', path('whole'), '-F', 'qcow2'];
  await runChecked(['qemu-img', 'create', '-q', '-f', 'qcow2', ...backing, path('backed'), '1M']);
  await keepDisks({ store, logger: silentLogger }, converted);
  await keepDisks({ store, logger: silentLogger }, converted);
  await store.remove(converted);
  assert.deepEqual(await readdir(store.keptFolderOf(machineId)), ['whole.qcow2']);
});
