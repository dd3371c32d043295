import assert from 'node:assert/strict';
import test from 'node:test';
import { templateData } from './launch-template.ts';

test('what is not said stays as it is', () => {
  assert.deepEqual(templateData({}), {});
});

test('ports, addresses, disks and tags are read as they are written', () => {
  const data = templateData({
    size: 'm5.large',
    port: ['22', '443'],
    address: ['192.0.2.10/24', '2001:db8::1/64'],
    gateway: '192.0.2.1',
    disk: ['/dev/sda:iops=500,keep=yes', '/dev/sdb:throughput=200,type=gp3'],
    conversion: 'virt-v2v',
    fill: 'at-finalize',
    fillLimit: '50MiB',
    tag: ['owner=a=b'],
  });
  assert.deepEqual(JSON.parse(JSON.stringify(data)), {
    instanceType: 'm5.large',
    inboundPorts: [22, 443],
    inboundTraffic: 'LISTED_PORTS',
    addresses: [{ address: '192.0.2.10/24', gateway: '192.0.2.1' }, { address: '2001:db8::1/64' }],
    disks: [
      { deviceName: '/dev/sda', iops: 500, deleteOnTermination: false },
      { deviceName: '/dev/sdb', volumeType: 'gp3', throughput: 200 },
    ],
    conversionMethod: 'VIRT_V2V',
    hydrationStart: 'AT_FINALIZE',
    hydrationBytesPerSecondMax: 50 * 2 ** 20,
    tags: { owner: 'a=b' },
  });
  assert.deepEqual(templateData({ port: ['none'], address: ['dhcp'] }), {
    ...{ inboundPorts: [], inboundTraffic: 'LISTED_PORTS' },
    addresses: [],
  });
  assert.deepEqual(templateData({ port: ['all'] }), { inboundTraffic: 'ALL' });
  assert.deepEqual(templateData({ port: ['all', '22'] }), { inboundPorts: [22], inboundTraffic: 'ALL' });
  assert.deepEqual(templateData({ fill: 'after-launch', fillLimit: 'none' }), {
    hydrationStart: 'AFTER_LAUNCH',
    hydrationBytesPerSecondMax: 0,
  });
});

for (const options of [
  { port: ['http'] },
  { conversion: 'magic' },
  { fill: 'never' },
  { fillLimit: 'slow' },
  { gateway: '192.0.2.1' },
  { disk: ['/dev/sda:colour=red'] },
  { disk: ['/dev/sda:iops=many'] },
  { tag: ['owner'] },
]) {
  test(`what cannot be meant is refused: ${JSON.stringify(options)}`, () => {
    assert.throws(() => templateData(options), { code: 'OPTION_INVALID' });
  });
}
