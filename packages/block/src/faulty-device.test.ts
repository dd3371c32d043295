import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OperationError } from '@landfall/runtime';
import { describeBlockDevice, describeReadableBlockDevice } from './block-device.conformance.ts';
import { FaultyDevice } from './faulty-device.ts';
import { MemoryDevice } from './memory-device.ts';
import { isWritable, ReadOnlyDevice } from './read-only-device.ts';

describeBlockDevice('a faulty device without a fault', async (content) => {
  return new FaultyDevice(await MemoryDevice.from(content), () => undefined);
});

describeReadableBlockDevice('a read-only device', async (content) => {
  return new ReadOnlyDevice(await MemoryDevice.from(content));
});

describe('a faulty device', () => {
  it('fails the operations its fault rejects, and only those', async () => {
    const inner = await MemoryDevice.from(Buffer.alloc(8192, 7));
    const device = new FaultyDevice(inner, ({ kind, offsetBytes }) => {
      if (kind === 'read' && offsetBytes >= 4096)
        throw new OperationError('FILE_DEVICE_TRUNCATED', 'unreadable');
    });
    const target = Buffer.alloc(512);
    await device.read(0, target);
    assert.deepEqual(target, Buffer.alloc(512, 7));
    await assert.rejects(device.read(4096, target), { code: 'FILE_DEVICE_TRUNCATED' });
    await device.write(4096, Buffer.alloc(512, 9));
    await inner.read(4096, target);
    assert.deepEqual(target, Buffer.alloc(512, 9));
  });
});

describe('a read-only device', () => {
  it('cannot be taken for a writable one', () => {
    const device = new MemoryDevice(512);
    assert.equal(isWritable(device), true);
    assert.equal(isWritable(new ReadOnlyDevice(device)), false);
  });
});
