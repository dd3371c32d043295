import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MemoryDevice, type ReadableBlockDevice, ReadOnlyDevice } from '@landfall/block';
import fc from 'fast-check';
import { COMMAND, COMMAND_FLAG, errnoName } from './protocol.ts';
import { checkRequest } from './request-check.ts';
import type { Request } from './transmission-codec.ts';

const SIZE_BYTES = 100_000_000;
const device: ReadableBlockDevice = new MemoryDevice(SIZE_BYTES);
const context = { device, structuredReplies: true, allocation: true };

function check(request: Partial<Request>, changed: Partial<typeof context> = {}): string | undefined {
  const whole = { flags: 0, cookie: 1n, offsetBytes: 0, lengthBytes: 512, command: COMMAND.READ, ...request };
  const refusal = checkRequest(whole, { ...context, ...changed });
  return refusal === undefined ? undefined : errnoName(refusal.errno);
}

describe('checking a request', () => {
  it('accepts each command in its ordinary form', () => {
    for (const command of [0, 1, 3, 4, 5, 6, 7]) assert.equal(check({ command }), undefined);
    assert.equal(check({ command: COMMAND.WRITE, flags: COMMAND_FLAG.FUA }), undefined);
    assert.equal(check({ command: COMMAND.WRITE_ZEROES, flags: COMMAND_FLAG.NO_HOLE }), undefined);
    assert.equal(check({ command: COMMAND.WRITE_ZEROES, lengthBytes: SIZE_BYTES }), undefined);
  });

  it('answers EINVAL for a read past the end and ENOSPC for a write', () => {
    assert.equal(check({ offsetBytes: SIZE_BYTES - 511 }), 'EINVAL');
    assert.equal(check({ offsetBytes: Number.MAX_SAFE_INTEGER, lengthBytes: 2 ** 32 - 1 }), 'EINVAL');
    assert.equal(check({ command: COMMAND.WRITE, offsetBytes: SIZE_BYTES }), 'ENOSPC');
    assert.equal(check({ command: COMMAND.BLOCK_STATUS, offsetBytes: SIZE_BYTES }), 'EINVAL');
  });

  it('answers EPERM for every change of what is read-only', () => {
    const readOnly = new ReadOnlyDevice(device);
    for (const command of [COMMAND.WRITE, COMMAND.WRITE_ZEROES, COMMAND.TRIM]) {
      assert.equal(check({ command }, { device: readOnly }), 'EPERM');
    }
    assert.equal(check({ command: COMMAND.FLUSH }, { device: readOnly }), undefined);
  });

  it('answers EINVAL for what was not negotiated, is too long, empty or unknown', () => {
    assert.equal(check({ command: COMMAND.BLOCK_STATUS }, { allocation: false }), 'EINVAL');
    assert.equal(check({ flags: COMMAND_FLAG.DF }, { structuredReplies: false }), 'EINVAL');
    assert.equal(check({ lengthBytes: 32 * 1024 * 1024 + 1 }), 'EINVAL');
    assert.equal(check({ lengthBytes: 0 }), 'EINVAL');
    assert.equal(check({ command: 99 }), 'EINVAL');
    assert.equal(check({ flags: 0x8000 }), 'EINVAL');
  });

  it('lets through only what is inside the disk', () => {
    const field = fc.record({
      command: fc.nat(9),
      flags: fc.nat(31),
      offsetBytes: fc.maxSafeNat(),
      lengthBytes: fc.nat(2 ** 32 - 1),
    });
    const property = fc.property(field, (fields) => {
      if (check(fields) !== undefined || fields.command === COMMAND.FLUSH) return;
      assert.ok(fields.offsetBytes + fields.lengthBytes <= SIZE_BYTES);
    });
    fc.assert(property, { numRuns: 1000 });
  });
});
