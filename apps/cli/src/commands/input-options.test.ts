import assert from 'node:assert/strict';
import test from 'node:test';
import { operations, validateInput } from '@landfall/api';
import { Command } from 'commander';
import { addInputOptions, inputFrom, kebab, type MemberOptions, refuseEmpty } from './input-options.ts';

const { UpdateReplicationConfiguration, UpdateLaunchConfiguration } = operations.mgn;
const MEMBERS: MemberOptions = {
  omit: ['sourceServerID', 'accountID'],
  names: { launchDisposition: 'disposition' },
  words: { ebsEncryption: 'which key' },
};

/** What a command line gives of the input. */
async function parsed(operation: typeof UpdateReplicationConfiguration, ...words: string[]): Promise<object> {
  const command = new Command('set').exitOverride().configureOutput({ writeErr: () => undefined });
  addInputOptions(command, operation, MEMBERS).parse(words, { from: 'user' });
  return inputFrom(command.opts(), operation, MEMBERS);
}

test('members of every kind are options, and what is read is what the operation takes', async () => {
  const input = await parsed(
    UpdateReplicationConfiguration,
    ...['--bandwidth-throttling', '10', '--create-public-ip', 'no', '--ebs-encryption', 'custom'],
    ...[
      '--staging-area-tags',
      'a=b=c',
      '--staging-area-tags',
      'd=',
      '--staging-area-subnet-id',
      'subnet-00000000',
    ],
    ...[
      '--replication-servers-security-groups-ids',
      'sg-1',
      '--replication-servers-security-groups-ids',
      'sg-2',
    ],
    ...['--storage-configuration', '{"storageType":"EBS"}'],
  );
  assert.deepEqual(input, {
    bandwidthThrottling: 10,
    createPublicIP: false,
    ebsEncryption: 'CUSTOM',
    stagingAreaTags: { a: 'b=c', d: '' },
    stagingAreaSubnetId: 'subnet-00000000',
    replicationServersSecurityGroupsIDs: ['sg-1', 'sg-2'],
    storageConfiguration: { storageType: 'EBS' },
  });
  const { replicationServersSecurityGroupsIDs: _groups, ...rest } = input as Record<string, unknown>;
  assert.ok(
    validateInput(UpdateReplicationConfiguration, { sourceServerID: `s-${'0'.repeat(17)}`, ...rest }),
  );
});

test('what is not given is left out, and none of it is refused', async () => {
  const input = await parsed(UpdateReplicationConfiguration);
  assert.deepEqual(input, {});
  assert.throws(() => refuseEmpty(input, 'landfall x set'), { code: 'OPTION_INVALID' });
  const none = await parsed(
    UpdateReplicationConfiguration,
    '--replication-servers-security-groups-ids',
    'none',
  );
  assert.deepEqual(none, { replicationServersSecurityGroupsIDs: [] });
});

test('a wrong value is refused where it is given', async () => {
  for (const words of [
    ['--ebs-encryption', 'some'],
    ['--create-public-ip', 'perhaps'],
    ['--bandwidth-throttling', '-1'],
    ['--source-server-id', 's-1'],
  ])
    await assert.rejects(parsed(UpdateReplicationConfiguration, ...words), words.join(' '));
  await assert.rejects(parsed(UpdateReplicationConfiguration, '--storage-configuration', '{'), {
    code: 'OPTION_INVALID',
  });
});

test('a member can have another name, and words of its own', () => {
  const command = addInputOptions(new Command('set'), UpdateLaunchConfiguration, MEMBERS);
  const disposition = command.options.find(({ long }) => long === '--disposition');
  assert.deepEqual(disposition?.argChoices, ['STOPPED', 'STARTED']);
  assert.ok(!command.options.some(({ long }) => long === '--launch-disposition'));
});

test('names of members become names of options', () => {
  assert.equal(kebab('ebsEncryptionKeyArn'), 'ebs-encryption-key-arn');
  assert.equal(kebab('replicationServersSecurityGroupsIDs'), 'replication-servers-security-groups-ids');
  assert.equal(kebab('createPublicIP'), 'create-public-ip');
  assert.equal(kebab('mapAutoTaggingMpeID'), 'map-auto-tagging-mpe-id');
});
