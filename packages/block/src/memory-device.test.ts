import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeBlockDevice } from './block-device.conformance.ts';
import { MemoryDevice } from './memory-device.ts';

describeBlockDevice('a memory device', (content) => MemoryDevice.from(content));

describe('a memory device', () => {
  it('takes no space for what was never written or was zeroed again', async () => {
    const device = new MemoryDevice(2 ** 40);
    assert.equal((await device.allocation(0, 2 ** 24)).length, 1);
    await device.write(65_536, Buffer.alloc(65_536, 1));
    assert.deepEqual(
      (await device.allocation(0, 262_144)).map(({ zero }) => zero),
      [true, false, true],
    );
    await device.writeZeroes(65_536, 65_536);
    assert.deepEqual(await device.allocation(0, 262_144), [
      { offsetBytes: 0, lengthBytes: 262_144, zero: true },
    ]);
  });
});
