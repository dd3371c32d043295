import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { silentLogger } from '@landfall/runtime';
import { openCapture } from '../engine/linux-capture.ts';
import { openDirectReader } from './linux-direct-reader.ts';
import { countersOf, discoverDisks, diskAt, leftOutDisks } from './linux-disks.ts';
import { createLoopDisks, whyNoLoopDevices } from './linux-loop.testing.ts';

const KIB = 1024;

test('discovery finds whole disks with a size, the boot disk first, and no loop or memory devices', () => {
  const disks = discoverDisks('track');
  for (const disk of disks) {
    assert.ok(disk.sizeBytes > 0 && !/^(loop|ram|zram|sr|dm-|md)/.test(disk.name), disk.name);
    assert.deepEqual(diskAt(disk.deviceName), disk);
  }
  assert.ok(disks.slice(1).every(({ isBootDisk }) => !isBootDisk || disks[0]?.isBootDisk));
});

test('a scan finds the disks that cannot be tracked, tracking leaves them out and says what to do', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'landfall-sys-block-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  for (const name of ['sdx', 'nvme7n1', 'nvme7c0n1', 'pmem7', 'sdz', 'loop7', 'stack7'])
    put(`${name}/size`, '2048\n');
  put('sdx/mq/0/cpu_list', '0');
  put('sdz/queue/zoned', 'host-managed\n');
  put('nvme7c0n1/hidden', '1\n');
  put('pmem7/queue/dax', '1\n');
  put('stack7/slaves/sdx/size', '2048');
  put('pmem8/size', '0\n');
  const found = (purpose: 'track' | 'scan') =>
    discoverDisks(purpose, folder).map(({ name, sizeBytes }) => [name, sizeBytes]);
  assert.deepEqual(found('track'), [['sdx', 1024 * KIB]]);
  assert.deepEqual(found('scan'), [
    ['sdx', 1024 * KIB],
    ['pmem7', 1024 * KIB],
    ['nvme7n1', 1024 * KIB],
  ]);
  const left = (purpose: 'track' | 'scan') =>
    leftOutDisks(purpose, folder)
      .map((disk) => disk.deviceName)
      .sort();
  const never = ['/dev/loop7', '/dev/nvme7c0n1', '/dev/sdz', '/dev/stack7'];
  assert.deepEqual(left('scan'), never);
  assert.deepEqual(left('track'), [...never, '/dev/nvme7n1', '/dev/pmem7'].sort());
  const pmem = leftOutDisks('track', folder).find((disk) => disk.deviceName === '/dev/pmem7');
  assert.match(`${pmem?.why} ${pmem?.remedy}`, /DAX.*install --scan-mode/);
});

test('a device that does not exist, or is none, is refused by name', (context) => {
  assert.throws(() => diskAt('/dev/no-such-disk'), { code: 'DISK_NOT_FOUND', message: /no-such-disk/ });
  assert.throws(() => diskAt('/dev/null'), { code: 'DISK_NOT_FOUND', message: /\/dev\/null/ });
  const folder = mkdtempSync(join(tmpdir(), 'landfall-disks-'));
  context.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'file'), '');
  assert.throws(() => diskAt(join(folder, 'file')), { code: 'DISK_NOT_FOUND' });
});

test('a bio-based device is refused with the reason and a remedy', {
  skip: !existsSync('/sys/block/zram0') && 'needs zram0',
}, () => {
  assert.throws(() => diskAt('/dev/zram0'), {
    code: 'DISK_NOT_TRACKABLE',
    message: /bio-based/,
    hint: /leave it out/,
  });
});

test('capture refuses to open without disks or with a name that is no plain word', async () => {
  for (const options of [
    { devices: [], stateName: 'state' },
    { devices: ['/dev/null'], stateName: '../state' },
  ]) {
    await assert.rejects(() => openCapture({ ...options, logger: silentLogger }), { code: 'OPTION_INVALID' });
  }
});

test('a loop device is named, sized, counted and read past the cache, up to its odd end', {
  skip: whyNoLoopDevices(),
}, async (context) => {
  const sizeBytes = 64 * KIB + 1536;
  const loops = await createLoopDisks([sizeBytes]);
  context.after(() => loops.remove());
  const [loop] = loops.disks;
  assert.ok(loop !== undefined);
  const disk = diskAt(loop.devicePath);
  assert.equal(disk.sizeBytes, sizeBytes);
  assert.equal(disk.kernelDevice >>> 20, 7);
  assert.equal(disk.isBootDisk, false);
  assert.equal(countersOf(disk).writesInFlight(), 0);
  assert.equal(typeof countersOf(disk).sectorsWritten(), 'number');
  writeFileSync(loop.backingPath, Buffer.alloc(sizeBytes, 'landfall'));
  const reader = await openDirectReader([disk], 2);
  context.after(() => reader.close());
  const range = { diskIndex: 0, offsetBytes: 64 * KIB, lengthBytes: 1536 };
  const bytes = await reader.read(range, (read) => Buffer.from(read));
  assert.ok(bytes.equals(Buffer.alloc(1536, 'landfall')));
  await assert.rejects(() => reader.read({ ...range, lengthBytes: 2048 }, () => undefined), {
    code: 'DISK_UNREADABLE',
    message: /offset 65536/,
  });
});

test('bytes that are kept stay as they were read until they are given back', {
  skip: whyNoLoopDevices(),
}, async (context) => {
  const sizeBytes = 64 * 64 * KIB;
  const loops = await createLoopDisks([sizeBytes]);
  context.after(() => loops.remove());
  const [loop] = loops.disks;
  assert.ok(loop !== undefined);
  const chunks = Array.from({ length: 64 }, (_, index) => Buffer.alloc(64 * KIB, index + 1));
  writeFileSync(loop.backingPath, Buffer.concat(chunks));
  const reader = await openDirectReader([diskAt(loop.devicePath)], 2);
  context.after(() => reader.close());
  const kept: { readonly bytes: Buffer; readonly giveBack: () => void }[] = [];
  for (const index of chunks.keys()) {
    const range = { diskIndex: 0, offsetBytes: index * 64 * KIB, lengthBytes: 64 * KIB };
    await reader.read(range, (bytes, keep) => {
      assert.ok(keep !== undefined, 'this reader lends its buffers');
      kept.push({ bytes, giveBack: keep() });
    });
    if (index % 3 === 0) kept.pop()?.giveBack();
  }
  const expected = chunks.filter((_, index) => index % 3 !== 0);
  assert.deepEqual(Buffer.concat(kept.map(({ bytes }) => bytes)), Buffer.concat(expected));
});
