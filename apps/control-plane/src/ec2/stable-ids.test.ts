import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  groupIdOfPort,
  parseSnapshotId,
  portOfGroupId,
  reservationId,
  snapshotId,
  subnetId,
  volumeId,
  vpcId,
} from './stable-ids.ts';

const LONG_FORM = /^[a-z]+-[0-9a-f]{17}$/;

test('ids have EC2’s form and are the same each time', () => {
  for (const make of [subnetId, vpcId, reservationId, (name: string) => volumeId(name, 'disk-0')]) {
    assert.match(make('lab'), LONG_FORM);
    assert.equal(make('lab'), make('lab'));
    assert.notEqual(make('lab'), make('lab2'));
  }
});

test('a security group says its port', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 65_536 }), (port) => {
      assert.match(groupIdOfPort(port), LONG_FORM);
      assert.equal(portOfGroupId(groupIdOfPort(port)), port);
    }),
  );
  for (const other of ['sg-0123456789abcdef0', 'sg-00000016', 'sg-00000000000010001']) {
    assert.equal(portOfGroupId(other), undefined);
  }
});

test('a snapshot says its server, recovery point and disk', () => {
  const place = fc.record({
    sourceServerId: fc.stringMatching(/^s-[0-9a-f]{17}$/),
    epoch: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
    diskId: fc.integer({ min: 0, max: 63 }).map((number) => `disk-${number}`),
  });
  fc.assert(
    fc.property(place, (one) => {
      const id = snapshotId(one) ?? '';
      assert.match(id, LONG_FORM);
      const name = parseSnapshotId(id);
      assert.deepEqual([name?.epoch, name?.diskId], [one.epoch, one.diskId]);
      assert.ok(name?.isOf(one.sourceServerId));
    }),
  );
  const server = 's-00000000000000001';
  assert.equal(snapshotId({ sourceServerId: server, epoch: 2 ** 32, diskId: 'disk-0' }), undefined);
  assert.equal(snapshotId({ sourceServerId: server, epoch: 1, diskId: 'disk-64' }), undefined);
  assert.equal(parseSnapshotId('snap-01234567'), undefined);
  const id = snapshotId({ sourceServerId: server, epoch: 1, diskId: 'disk-0' }) ?? '';
  assert.equal(parseSnapshotId(id)?.isOf('s-00000000000000002'), false);
});
