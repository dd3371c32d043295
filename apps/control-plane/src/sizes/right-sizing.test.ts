import assert from 'node:assert/strict';
import test from 'node:test';
import { GIB, MIB } from '@landfall/runtime';
import fc from 'fast-check';
import { OUR_SIZES, withOperatorSizes } from './machine-sizes.ts';
import { findSize, fitToHost, rightSize, shortfall } from './right-sizing.ts';

function source(cores: number, ramBytes: number) {
  return { cpus: [{ cores, modelName: 'a' }], ramBytes };
}

test('BASIC takes the smallest size that has the cores and the memory', () => {
  assert.equal(rightSize(OUR_SIZES, source(2, 1990 * MIB)).name, 't3.small');
  assert.equal(rightSize(OUR_SIZES, source(1, 900 * MIB)).name, 't2.micro');
  assert.equal(rightSize(OUR_SIZES, source(8, 3 * GIB)).name, 'landfall.8c-8g');
  assert.equal(rightSize(OUR_SIZES, source(48, 300 * GIB)).name, 'r5.12xlarge');
});

test('whatever the source is: enough of both, and nothing smaller would do', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 96 }), fc.integer({ min: 1, max: 768 }), (cores, gib) => {
      const size = rightSize(OUR_SIZES, source(cores, gib * GIB));
      assert.ok(size.cpuCount >= cores && size.memoryBytes >= gib * GIB);
      const enough = OUR_SIZES.filter((one) => one.cpuCount >= cores && one.memoryBytes >= gib * GIB);
      assert.ok(enough.every((one) => one.memoryBytes >= size.memoryBytes));
      assert.equal(shortfall(size, source(cores, gib * GIB)), undefined);
    }),
  );
});

test('a source larger than the catalogue gets the largest, and is told so', () => {
  const giant = source(200, 4096 * GIB);
  const size = rightSize(OUR_SIZES, giant);
  assert.equal(size.name, 'r5.24xlarge');
  assert.match(shortfall(size, giant) ?? '', /no size has the source's 200 cores and 4.00 TiB: r5.24xlarge/);
});

test('a host with little memory limits the machine and says why; with none it is refused', () => {
  const wanted = findSize(OUR_SIZES, 'm5.xlarge');
  assert.ok(wanted !== undefined);
  assert.deepEqual(fitToHost(OUR_SIZES, wanted, undefined), { size: wanted });
  assert.deepEqual(fitToHost(OUR_SIZES, wanted, { freeMemoryBytes: 22 * GIB }), { size: wanted });
  const less = fitToHost(OUR_SIZES, wanted, { freeMemoryBytes: 4 * GIB });
  assert.equal(less.size.name, 'landfall.2c-3g');
  assert.match(less.remark ?? '', /m5.xlarge does not fit, 4.00 GiB of memory are free/);
  assert.throws(() => fitToHost(OUR_SIZES, wanted, { freeMemoryBytes: 100 * MIB }), {
    code: 'MACHINE_SIZE_IMPOSSIBLE',
  });
});

test("an operator's file adds sizes, changes them by name, or takes the place of ours", () => {
  const mine = { name: 'mine', cpuCount: 3, memoryMiB: 5000 };
  const micro = { name: 't3.micro', cpuCount: 4, memoryMiB: 1024 };
  const added = withOperatorSizes(JSON.stringify({ sizes: [mine, micro] }), 'f');
  assert.equal(added.length, OUR_SIZES.length + 1);
  assert.equal(findSize(added, 't3.micro')?.cpuCount, 4);
  assert.equal(rightSize(added, source(3, 4900 * MIB)).name, 'mine');
  const replaced = withOperatorSizes(JSON.stringify({ replace: true, sizes: [mine] }), 'f');
  assert.deepEqual(
    replaced.map(({ name }) => name),
    ['mine'],
  );
});

for (const [text, why] of [
  ['{', /machine-sizes.json is no catalogue of machine sizes/],
  ['[]', /it must be an object/],
  ['{"sizes":{}}', /sizes is no list/],
  ['{"sizes":[],"replace":true}', /no sizes at all/],
  ['{"sizes":[],"also":1}', /unknown member also/],
  ['{"sizes":[{"name":"a b","cpuCount":1,"memoryMiB":512}]}', /size 1: name must be/],
  ['{"sizes":[{"name":"a","cpuCount":0,"memoryMiB":512}]}', /a: cpuCount must be a whole number/],
  ['{"sizes":[{"name":"a","cpuCount":1,"memoryMiB":1.5}]}', /a: memoryMiB must be a whole number/],
  [
    '{"sizes":[{"name":"a","cpuCount":1,"memoryMiB":512},{"name":"a","cpuCount":2,"memoryMiB":512}]}',
    /a is there twice/,
  ],
] as const) {
  test(`a catalogue that is wrong is refused with the reason: ${text.slice(0, 40)}`, () => {
    assert.throws(() => withOperatorSizes(text, 'machine-sizes.json'), {
      code: 'MACHINE_SIZES_INVALID',
      message: why,
    });
  });
}
