import assert from 'node:assert/strict';
import test from 'node:test';
import { ApiError } from '@landfall/api';
import fc from 'fast-check';
import { groupIdOfPort, subnetId } from '../ec2/stable-ids.ts';
import type { TemplateContent } from '../ec2/template-data.ts';
import { DEFAULT_LAUNCH_SETTINGS } from '../lifecycle/default-settings.ts';
import { OUR_SIZES } from '../sizes/machine-sizes.ts';
import { SOURCE_DISKS, SOURCE_PROPERTIES } from '../testing/source-fixtures.ts';
import { formatCsvRow } from './csv.ts';
import { launchColumn } from './inventory-columns.ts';
import { readInventory, warningsOf } from './inventory-rows.ts';
import { changeTemplate, configureLaunch, type LaunchTarget, launchTexts } from './launch-change.ts';
import type { LaunchTexts } from './launch-columns.ts';

const NETWORKS = ['lab', 'office'];
const PLACES = { sizes: OUR_SIZES, networkNames: NETWORKS };
const HOME = { accountId: '123456789012', region: 'us-east-1' };
const NUM_RUNS = Number(process.env.LANDFALL_PROPERTY_RUNS ?? 500);

const TARGET: LaunchTarget = {
  disks: SOURCE_DISKS,
  sourceProperties: SOURCE_PROPERTIES,
  launchConfiguration: { ...DEFAULT_LAUNCH_SETTINGS },
};
const EMPTY: TemplateContent = { data: {}, ec2Members: {} };

/** What a file of one row with these columns says, or what is wrong with it. */
function readRow(texts: LaunchTexts) {
  const columns = Object.keys(texts).map(launchColumn);
  const header = formatCsvRow(['mgn:server:user-provided-id', ...columns]);
  return readInventory(header + formatCsvRow(['web-1', ...Object.values(texts)]), HOME);
}

function said(texts: LaunchTexts): LaunchTexts {
  const { rows, problems } = readRow(texts);
  assert.deepEqual(problems, []);
  return rows[0]?.server?.launch ?? {};
}

function apply(texts: LaunchTexts, target: LaunchTarget, content: TemplateContent) {
  const launch = said(texts);
  const changed = configureLaunch(target, launch);
  return { target: changed, content: changeTemplate(content, launch, changed, PLACES) };
}

const without = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const word = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/);
const tagText = fc.string({ maxLength: 30 }).filter((text) => !text.includes('\0'));
const tags = fc.dictionary(word, tagText, { maxKeys: 4 });
const volumeType = fc.constantFrom('io1', 'io2', 'gp3', 'gp2', 'st1', 'sc1', 'standard' as const);
const deviceName = fc.constantFrom('/dev/vda', '/dev/vdb', '/dev/disk:by:colon', '/dev/gone', 'C:');
const ip = fc.ipV4().map((address) => `${address}/24`);

const content: fc.Arbitrary<TemplateContent> = fc
  .record(
    {
      instanceType: fc.constantFrom('t3.small', 'm5.large', 'a-size-that-was-removed'),
      networkName: fc.constantFrom('lab', 'a-network-that-is-gone'),
      inboundPorts: fc.uniqueArray(fc.integer({ min: 1, max: 65_535 }), { maxLength: 12 }),
      addresses: fc.array(fc.record({ address: ip, gateway: without(fc.ipV4()) }), { maxLength: 12 }),
      disks: fc.uniqueArray(
        fc.record({ deviceName, volumeType: without(volumeType), iops: without(fc.constant(500)) }),
        { maxLength: 5, selector: (disk) => disk.deviceName },
      ),
      tags,
      ec2Members: fc.record(
        {
          IamInstanceProfile: fc.record({ Name: word, Arn: word }, { requiredKeys: [] }),
          Placement: fc.record(
            { HostId: tagText, Tenancy: fc.constantFrom('default', 'dedicated', 'host'), GroupName: word },
            { requiredKeys: [] },
          ),
          NetworkInterface: fc.array(fc.record({ NetworkInterfaceId: word, Description: word }), {
            maxLength: 1,
          }),
          UserData: word,
        },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: ['ec2Members'] },
  )
  .map(({ ec2Members, ...data }) => ({ data, ec2Members }) as TemplateContent);

const target: fc.Arbitrary<LaunchTarget> = fc
  .record({
    copyPrivateIp: fc.boolean(),
    copyTags: fc.boolean(),
    licensing: fc.record({ osByol: fc.boolean() }),
    targetInstanceTypeRightSizingMethod: fc.constantFrom('BASIC' as const, 'NONE' as const),
  })
  .map((settings) => ({
    ...TARGET,
    launchConfiguration: { ...TARGET.launchConfiguration, ...settings },
    inventoryLaunch: { 'nic:1:subnet-id': 'subnet-00000000' },
  }));

test('IL1: what is written of any launch template and configuration and read again changes nothing', () => {
  fc.assert(
    fc.property(content, target, (before, server) => {
      const after = apply(launchTexts(server, before), server, before);
      assert.equal(JSON.stringify(after), JSON.stringify({ target: server, content: before }));
    }),
    { numRuns: NUM_RUNS },
  );
});

const texts: fc.Arbitrary<LaunchTexts> = fc
  .record(
    {
      'instance-type': fc.constantFrom('t3.small', 'm5.large'),
      'transfer-server-tags': fc.constantFrom('true', 'false'),
      'placement:operating-system-licensing': fc.constantFrom('BYOL', 'LI'),
      'placement:tenancy': fc.constantFrom('default', 'dedicated', 'host'),
      'placement:host-id': word,
      'iam-instance-profile:name': word,
      'nic:0:network-interface-id': word,
      'nic:0:subnet-id': fc.constantFrom(...NETWORKS.map(subnetId)),
      'nic:0:security-group-id:0': fc.integer({ min: 1, max: 999 }).map(groupIdOfPort),
      'nic:0:security-group-id:1': fc.integer({ min: 1000, max: 65_535 }).map(groupIdOfPort),
      'nic:0:private-ip:0': ip,
      'nic:2:private-ip:0': ip,
      'volume:/dev/vda:type': volumeType,
      'volume:/dev/vdb:type': volumeType,
      'tag:instance:Env': word,
      'tag:instance:a:b': word,
    },
    { requiredKeys: [] },
  )
  .map((record) => Object.fromEntries(Object.entries(record)) as LaunchTexts);

test('every column of a file is found again in what is written afterwards, and said twice changes nothing', () => {
  fc.assert(
    fc.property(texts, content, target, (row, before, server) => {
      const isSecondGroupAlone = !('nic:0:security-group-id:0' in row) && 'nic:0:security-group-id:1' in row;
      fc.pre(!isSecondGroupAlone);
      const once = apply(row, server, before);
      const written = launchTexts(once.target, once.content);
      for (const [name, text] of Object.entries(row)) assert.equal(written[name], text, name);
      assert.equal(JSON.stringify(apply(row, once.target, once.content)), JSON.stringify(once));
    }),
    { numRuns: NUM_RUNS },
  );
});

test('IL2: a size and an address that a file chooses are not overruled by the next launch', () => {
  const derived = {
    ...TARGET,
    launchConfiguration: { ...TARGET.launchConfiguration, copyPrivateIp: true },
  };
  const { launchConfiguration } = apply(
    { 'instance-type': 'm5.large', 'nic:0:private-ip:0': '192.0.2.7/24' },
    derived,
    EMPTY,
  ).target;
  assert.equal(launchConfiguration.targetInstanceTypeRightSizingMethod, 'NONE');
  assert.equal(launchConfiguration.copyPrivateIp, false);
  const kept = { ...EMPTY, data: { instanceType: 't3.small', addresses: [{ address: '10.0.2.15/24' }] } };
  const written = launchTexts(derived, kept);
  assert.deepEqual(
    Object.keys(written).filter((name) => /instance-type|private-ip/.test(name)),
    [],
    'what is derived is not written',
  );
});

test('an address in a network that the source has gets its prefix length, gateway and name servers', () => {
  const plain = apply({ 'nic:0:private-ip:0': '10.0.2.77' }, TARGET, EMPTY).content;
  assert.deepEqual(plain.data.addresses, [
    { address: '10.0.2.77/24', gateway: '10.0.2.2', nameServers: ['10.0.2.3'] },
  ]);
  assert.throws(
    () => apply({ 'nic:0:private-ip:0': '192.0.2.7' }, TARGET, EMPTY),
    /mgn:launch:nic:0:private-ip:0 is 192\.0\.2\.7, .*write its prefix length/,
  );
});

test('the default group lets nothing in, and is written as it was said', () => {
  const closed = apply({ 'nic:0:security-group-id:0': groupIdOfPort(0) }, TARGET, EMPTY);
  assert.deepEqual(closed.content.data.inboundPorts, []);
  assert.equal(launchTexts(closed.target, closed.content)['nic:0:security-group-id:0'], groupIdOfPort(0));
});

test('so is the one that lets everything in', () => {
  const texts = { 'nic:0:security-group-id:0': groupIdOfPort(65_536) };
  const open = apply(texts, TARGET, EMPTY);
  assert.deepEqual([open.content.data.inboundPorts, open.content.data.inboundTraffic], [[], 'ALL']);
  const said = launchTexts(open.target, open.content);
  assert.equal(said['nic:0:security-group-id:0'], groupIdOfPort(65_536));
  assert.deepEqual(apply(said, open.target, open.content).content.data, open.content.data);
});

test('what is not here is refused with its column', () => {
  const cases: readonly (readonly [name: string, text: string, told: RegExp])[] = [
    ['instance-type', 'x9.huge', /instance-type is x9\.huge, which is no size here/],
    ['nic:0:subnet-id', 'subnet-00000000', /is no network here; there are: subnet-\w+ \(lab\)/],
    ['nic:0:security-group-id:0', 'sg-12345678', /security-group-id:0 is sg-12345678; groups here are TCP/],
    ['volume:/dev/xvda:type', 'gp3', /names no disk of the server; it has \/dev\/vda, \/dev\/vdb/],
  ];
  for (const [name, text, told] of cases) {
    assert.throws(
      () => apply({ [name]: text }, TARGET, EMPTY),
      (error) => error instanceof ApiError && told.test(error.message),
      name,
    );
  }
  const unseen = { ...TARGET, disks: [] };
  const { data } = apply({ 'volume:/dev/xvda:type': 'gp3' }, unseen, EMPTY).content;
  assert.deepEqual(
    data.disks,
    [{ deviceName: '/dev/xvda', volumeType: 'gp3' }],
    'nobody knows its disks yet',
  );
});

test('a value of the wrong form is a problem of its row, whatever server it is about', () => {
  const cases: LaunchTexts = {
    'instance-type': 'not a size',
    'transfer-server-tags': 'maybe',
    'placement:operating-system-licensing': 'FREE',
    'placement:tenancy': 'mine',
    'nic:0:subnet-id': 'lab',
    'nic:0:security-group-id:0': '22',
    'nic:0:private-ip:0': '10.0.0.300',
    'nic:0:private-ip:1': '10.0.0.3/33',
    'volume:/dev/vda:type': 'floppy',
    'tag:instance:Env': 'x'.repeat(300),
  };
  for (const [name, text] of Object.entries(cases)) {
    const { problems } = readRow({ [name]: text });
    assert.equal(problems.length, 1, name);
    assert.ok(problems[0]?.message.startsWith(`mgn:launch:${name.split(':')[0]}`), problems[0]?.message);
  }
});

test('what is kept without effect is warned of, row by row, and nothing else is', () => {
  const row = {
    'instance-type': 'm5.large',
    'placement:tenancy': 'dedicated',
    'iam-instance-profile:name': 'web',
    'nic:1:subnet-id': 'subnet-00000000',
    'volume:/dev/vda:type': 'gp3',
  };
  assert.deepEqual(warningsOf(readRow(row).rows), [
    {
      rowNumber: 2,
      message:
        'warning: kept, without effect on a launch: mgn:launch:placement:tenancy, ' +
        'mgn:launch:iam-instance-profile:name, mgn:launch:nic:1:subnet-id, mgn:launch:volume:/dev/vda:type',
    },
  ]);
  const usual = { 'placement:tenancy': 'default', 'transfer-server-tags': 'true', 'tag:instance:a': 'b' };
  assert.deepEqual(warningsOf(readRow(usual).rows), []);
});
