import assert from 'node:assert/strict';
import test from 'node:test';
import { GIB, MIB } from '@landfall/runtime';
import fc from 'fast-check';
import { sizeMachine } from './right-sizing.ts';

const source = { cpus: [{ cores: 2, modelName: 'a' }], ramBytes: 1990 * MIB };

test('BASIC takes what the source has, memory rounded up to what was put in', () => {
  assert.deepEqual(sizeMachine('BASIC', source, { freeMemoryBytes: 16 * GIB }), {
    cpuCount: 2,
    memoryBytes: 2 * GIB,
  });
});

test('a host with little memory caps the machine', () => {
  assert.equal(sizeMachine('BASIC', source, { freeMemoryBytes: GIB }).memoryBytes, 768 * MIB);
});

test('a machine has at least one core and 512 MiB, whole MiB, whatever the source says', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(1000), fc.option(fc.nat(), { nil: undefined }), (ramBytes, cores, free) => {
      const host = free === undefined ? undefined : { freeMemoryBytes: free };
      const size = sizeMachine('BASIC', { cpus: [{ cores, modelName: '' }], ramBytes }, host);
      assert.ok(size.cpuCount >= 1 && size.memoryBytes >= 512 * MIB && size.memoryBytes % MIB === 0);
    }),
  );
});
