import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { OperationError } from '@landfall/runtime';
import { describeBlockDevice, describeReadableBlockDevice } from './block-device.conformance.ts';
import { createFileDevice, openFileDevice, openReadableFileDevice } from './file-device.ts';

const MIB = 1024 * 1024;

async function temporaryPath(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-file-device-'));
  context.after(() => rm(folder, { recursive: true }));
  return join(folder, 'disk.img');
}

describeBlockDevice('a file device', async (content, context) => {
  const path = await temporaryPath(context);
  await writeFile(path, content);
  return openFileDevice(path);
});

describeBlockDevice('a file device over a sparse file', async (content, context) => {
  const device = await createFileDevice(await temporaryPath(context), content.length);
  const last = content.length - 1;
  await device.write(0, content.subarray(0, 1000));
  await device.write(400_000, content.subarray(400_000, 700_000));
  await device.write(last - 3, content.subarray(last - 3));
  return device;
});

describeReadableBlockDevice('a readable file device', async (content, context) => {
  const path = await temporaryPath(context);
  await writeFile(path, content);
  return openReadableFileDevice(path);
});

describe('a file device', () => {
  it('finds the holes of a sparse file', async (context) => {
    const device = await createFileDevice(await temporaryPath(context), 64 * MIB);
    await device.write(16 * MIB, Buffer.alloc(65_536, 1));
    assert.deepEqual(await device.allocation(0, device.sizeBytes), [
      { offsetBytes: 0, lengthBytes: 16 * MIB, zero: true },
      { offsetBytes: 16 * MIB, lengthBytes: 65_536, zero: false },
      { offsetBytes: 16 * MIB + 65_536, lengthBytes: 48 * MIB - 65_536, zero: true },
    ]);
    await device.close();
  });

  it('leaves holes alone when it writes zeroes', async (context) => {
    const path = await temporaryPath(context);
    const device = await createFileDevice(path, 64 * MIB);
    await device.writeZeroes(0, 64 * MIB);
    await device.flush();
    assert.equal((await stat(path)).blocks, 0);
    await device.close();
  });

  it('fails a read of a file that became shorter, and says so', async (context) => {
    const path = await temporaryPath(context);
    const device = await createFileDevice(path, 8192);
    await truncate(path, 5000);
    await assert.rejects(device.read(4096, Buffer.alloc(4096)), (error) => {
      assert.ok(error instanceof OperationError);
      assert.equal(error.code, 'FILE_DEVICE_TRUNCATED');
      assert.match(error.message, /ended at 5000/);
      return true;
    });
    await device.close();
  });

  it('refuses what is missing, is not a file, or must not be overwritten', async (context) => {
    const path = await temporaryPath(context);
    const unusable = { name: 'OperationError', code: 'FILE_DEVICE_UNUSABLE' };
    await assert.rejects(openFileDevice(path), unusable);
    await assert.rejects(openReadableFileDevice(tmpdir()), unusable);
    await (await createFileDevice(path, 512)).close();
    await assert.rejects(createFileDevice(path, 512), unusable);
  });

  it('has no writing methods when opened for reading', async (context) => {
    const path = await temporaryPath(context);
    await writeFile(path, 'x');
    const device = await openReadableFileDevice(path);
    assert.ok(!('write' in device));
    await device.close();
  });
});
