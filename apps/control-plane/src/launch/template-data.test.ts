import assert from 'node:assert/strict';
import test from 'node:test';
import { DEFAULT_LAUNCH_SETTINGS } from '../lifecycle/default-settings.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import { OUR_SIZES } from '../sizes/machine-sizes.ts';
import { SOURCE_DISKS, SOURCE_PROPERTIES } from '../testing/source-fixtures.ts';
import { keptAddresses } from './kept-addresses.ts';
import { mergeData } from './launch-template.ts';
import { firstData, followConfiguration } from './template-data.ts';

const SERVER: SourceServerRecord = {
  sourceServerId: 's-0123456789abcdefa',
  createdAtMs: 0,
  isArchived: false,
  tags: {},
  lifeCycle: { state: 'NOT_READY' },
  replication: {
    desired: 'REPLICATE',
    startedAtMs: 0,
    state: 'INITIATING',
    steps: [],
    firstByteAtMs: null,
    pairedAtMs: null,
  },
  replicationServerId: null,
  sourceProperties: SOURCE_PROPERTIES,
  disks: SOURCE_DISKS,
  launched: null,
  replicationConfiguration: { bandwidthThrottling: 0 },
  launchConfiguration: { ...DEFAULT_LAUNCH_SETTINGS },
  stagingDiscardedAtMs: null,
};

function configured(changes: Partial<SourceServerRecord['launchConfiguration']>): SourceServerRecord {
  return { ...SERVER, launchConfiguration: { ...SERVER.launchConfiguration, ...changes } };
}

const ADDRESSES = [{ address: '10.0.2.15/24', gateway: '10.0.2.2', nameServers: ['10.0.2.3'] }];

test('the first template has the right size and the usual ports', () => {
  assert.deepEqual(firstData(SERVER, OUR_SIZES), { instanceType: 't3.small', inboundPorts: [22, 80, 443] });
});

test('the volumes of a new server are made as the configuration template says, by their size', () => {
  const volumes = {
    smallVolumeMaxSize: 1,
    smallVolumeConf: { iops: 500 },
    largeVolumeConf: { volumeType: 'gp3', throughput: 250, deleteOnTermination: false },
  } as const;
  const { disks = [] } = firstData(SERVER, OUR_SIZES, volumes);
  assert.deepEqual(JSON.parse(JSON.stringify(disks)), [
    { deviceName: '/dev/vda', volumeType: 'gp3', throughput: 250, deleteOnTermination: false },
    { deviceName: '/dev/vdb', iops: 500 },
  ]);
});

test('a template follows the launch configuration, and only where it differs', () => {
  const data = { instanceType: 'm5.large', inboundPorts: [8080] };
  assert.equal(followConfiguration(data, SERVER, OUR_SIZES)?.instanceType, 't3.small');
  const none = configured({ targetInstanceTypeRightSizingMethod: 'NONE' });
  assert.equal(followConfiguration(data, none, OUR_SIZES), undefined);
  const copied = configured({ targetInstanceTypeRightSizingMethod: 'NONE', copyPrivateIp: true });
  const withAddresses = followConfiguration(data, copied, OUR_SIZES);
  assert.deepEqual(withAddresses, { ...data, addresses: ADDRESSES });
  assert.equal(followConfiguration(withAddresses ?? {}, copied, OUR_SIZES), undefined);
  const takenBack = followConfiguration(withAddresses ?? {}, none, OUR_SIZES, { copyPrivateIp: true });
  assert.deepEqual(takenBack, data);
});

test('addresses a template was given by hand stay while copyPrivateIp is off', () => {
  const data = { instanceType: 't3.small', addresses: [{ address: '192.0.2.9/24' }] };
  assert.equal(followConfiguration(data, SERVER, OUR_SIZES, { copyPrivateIp: false }), undefined);
});

test('an agent that does not tell prefix lengths leaves nothing to keep, with the reason', () => {
  const [first] = SOURCE_PROPERTIES.networkInterfaces;
  assert.ok(first !== undefined);
  const { addresses: _, ...older } = first;
  const kept = keptAddresses({ ...SOURCE_PROPERTIES, networkInterfaces: [older] });
  assert.match('missing' in kept ? kept.missing : '', /no addresses with their prefix lengths; update it/);
  const linkLocal = { ...first, addresses: [{ address: 'fe80::1/64' }, { address: '169.254.7.7/16' }] };
  assert.ok('missing' in keptAddresses({ ...SOURCE_PROPERTIES, networkInterfaces: [linkLocal] }));
});

test('what a new version leaves out comes from its base', () => {
  const base = { instanceType: 't3.small', tags: { a: '1' } };
  assert.deepEqual(mergeData(base, { tags: { b: '2' }, networkName: undefined }), {
    instanceType: 't3.small',
    tags: { b: '2' },
  });
  assert.deepEqual(mergeData(undefined, { networkName: 'n' }), { networkName: 'n' });
});
