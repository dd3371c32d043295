import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { diffTemplates, flatten } from './template-diff.ts';

test('what was changed, added and taken away is told by its path', () => {
  const before = {
    instanceType: 'm5.large',
    inboundPorts: [22, 443],
    disks: [{ deviceName: '/dev/sda', iops: 1000 }],
    tags: { Name: 'web' },
  };
  const after = {
    instanceType: 'm5.xlarge',
    inboundPorts: [22],
    disks: [
      { deviceName: '/dev/sdb', throughput: 5 },
      { deviceName: '/dev/sda', iops: 2000, deleteOnTermination: false },
    ],
  };
  assert.deepEqual(diffTemplates(before, after), [
    { path: 'disks[/dev/sda].deleteOnTermination', before: undefined, after: 'false' },
    { path: 'disks[/dev/sda].iops', before: '1000', after: '2000' },
    { path: 'disks[/dev/sdb].throughput', before: undefined, after: '5' },
    { path: 'inboundPorts', before: '22, 443', after: '22' },
    { path: 'instanceType', before: 'm5.large', after: 'm5.xlarge' },
    { path: 'tags.Name', before: 'web', after: undefined },
  ]);
});

test('the order of disks is no difference, and nothing differs from itself', () => {
  const disks = [
    { deviceName: '/dev/sda', iops: 1 },
    { deviceName: '/dev/sdb', iops: 2 },
  ];
  assert.deepEqual(diffTemplates({ disks }, { disks: [...disks].reverse() }), []);
  const data = fc.record({
    instanceType: fc.option(fc.string(), { nil: undefined }),
    tags: fc.dictionary(fc.string(), fc.string()),
    addresses: fc.array(fc.record({ address: fc.string(), nameServers: fc.array(fc.string()) })),
  });
  fc.assert(fc.property(data, (one) => assert.deepEqual(diffTemplates(one, structuredClone(one)), [])));
});

test('a template with nothing set has no leaves', () => {
  assert.equal(flatten({}).size, 0);
});
