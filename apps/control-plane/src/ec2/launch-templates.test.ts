import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { type CallEc2, ec2CallsOf } from '../testing/ec2-calls.ts';
import { startTestControlPlane } from '../testing/test-control-plane.ts';

const DATA = { 'LaunchTemplateData.InstanceType': 't3.small' };

async function start(t: TestContext): Promise<CallEc2> {
  return ec2CallsOf(t, await startTestControlPlane(t));
}

test('a template is made, gets versions, another default, and goes', async (t) => {
  const call = await start(t);
  const made = await call('CreateLaunchTemplate', {
    ...{ LaunchTemplateName: 'web', VersionDescription: 'first & <only>', ...DATA },
    'TagSpecification.1.ResourceType': 'launch-template',
    'TagSpecification.1.Tag.1.Key': 'team',
    'TagSpecification.1.Tag.1.Value': 'blue',
  });
  const LaunchTemplateId = made.first('launchTemplateId') ?? '';
  assert.match(LaunchTemplateId, /^lt-[0-9a-f]{17}$/);
  assert.match(made.text, /<tagSet><item><key>team<\/key><value>blue<\/value><\/item><\/tagSet>/);
  const which = { LaunchTemplateName: 'web' };
  const second = await call('CreateLaunchTemplateVersion', {
    ...{ ...which, SourceVersion: '1', 'LaunchTemplateData.ImageId': 'ami-0123456789abcdef0' },
  });
  assert.deepEqual([second.first('versionNumber'), second.first('instanceType')], ['2', 't3.small']);
  assert.equal(
    (await call('ModifyLaunchTemplate', { ...which, SetDefaultVersion: '$Latest' })).first(
      'defaultVersionNumber',
    ),
    '2',
  );
  const versions = await call('DescribeLaunchTemplateVersions', { LaunchTemplateId });
  assert.deepEqual(versions.all('versionNumber'), ['2', '1']);
  assert.deepEqual(versions.all('defaultVersion'), ['true', 'false']);
  assert.equal(versions.first('versionDescription'), 'first &amp; &lt;only&gt;');
  const filtered = await call('DescribeLaunchTemplateVersions', {
    ...{ LaunchTemplateId, 'Filter.1.Name': 'image-id', 'Filter.1.Value.1': 'ami-*' },
  });
  assert.deepEqual(filtered.all('versionNumber'), ['2']);
  const bounded = await call('DescribeLaunchTemplateVersions', { LaunchTemplateId, MaxVersion: 1 });
  assert.deepEqual(bounded.all('versionNumber'), ['1']);
  const ofAll = await call('DescribeLaunchTemplateVersions', { 'LaunchTemplateVersion.1': '$Latest' });
  assert.deepEqual(ofAll.all('versionNumber'), ['2']);
  const deleted = await call('DeleteLaunchTemplateVersions', {
    LaunchTemplateId,
    ...{ 'LaunchTemplateVersion.1': 1, 'LaunchTemplateVersion.2': 2, 'LaunchTemplateVersion.3': 9 },
  });
  assert.match(
    deleted.text,
    /<successfullyDeletedLaunchTemplateVersionSet><item>.*<versionNumber>1<.*<\/successfully/,
  );
  assert.deepEqual(deleted.all('code'), ['unexpectedError', 'launchTemplateVersionDoesNotExist']);
  const third = await call('CreateLaunchTemplateVersion', { LaunchTemplateId, ...DATA });
  assert.equal(third.first('versionNumber'), '3', 'a number is never given again');
  assert.equal((await call('DeleteLaunchTemplate', which)).code, 'OK');
  assert.deepEqual((await call('DescribeLaunchTemplates')).all('launchTemplateId'), []);
});

test('the same call with a client token makes one template and one version', async (t) => {
  const call = await start(t);
  const create = { LaunchTemplateName: 'web', ClientToken: 'a', ...DATA };
  const ids = [await call('CreateLaunchTemplate', create), await call('CreateLaunchTemplate', create)];
  assert.equal(ids[0]?.first('launchTemplateId'), ids[1]?.first('launchTemplateId'));
  const other = await call('CreateLaunchTemplate', { ...create, ClientToken: 'b' });
  assert.equal(other.code, 'InvalidLaunchTemplateName.AlreadyExistsException');
  const version = { LaunchTemplateName: 'web', ClientToken: 'c', ...DATA };
  assert.equal((await call('CreateLaunchTemplateVersion', version)).first('versionNumber'), '2');
  assert.equal((await call('CreateLaunchTemplateVersion', version)).first('versionNumber'), '2');
});

test('templates come in pages', async (t) => {
  const call = await start(t);
  for (const name of ['one', 'two', 'three']) {
    await call('CreateLaunchTemplate', { LaunchTemplateName: name, ...DATA });
  }
  const first = await call('DescribeLaunchTemplates', { MaxResults: 2 });
  const rest = await call('DescribeLaunchTemplates', {
    MaxResults: 2,
    NextToken: first.first('nextToken') ?? '',
  });
  const names = [...first.all('launchTemplateName'), ...rest.all('launchTemplateName')];
  assert.deepEqual([first.all('launchTemplateName').length, rest.first('nextToken')], [2, undefined]);
  assert.deepEqual(names.sort(), ['one', 'three', 'two']);
  const filter = { 'Filter.1.Name': 'launch-template-name', 'Filter.1.Value.1': 't*' };
  assert.deepEqual((await call('DescribeLaunchTemplates', filter)).all('launchTemplateName').toSorted(), [
    'three',
    'two',
  ]);
});

test('what is not there or cannot be is refused with EC2’s codes', async (t) => {
  const call = await start(t);
  const made = await call('CreateLaunchTemplate', { LaunchTemplateName: 'web', ...DATA });
  const LaunchTemplateId = made.first('launchTemplateId') ?? '';
  const nobody = 'lt-00000000000000000';
  const server = 'created-and-used-by-application-migration-service-s-00000000000000000';
  const cases: readonly [string, Record<string, string>, string][] = [
    [
      'CreateLaunchTemplate',
      { LaunchTemplateName: 'a b', ...DATA },
      'InvalidLaunchTemplateName.MalformedException',
    ],
    [
      'CreateLaunchTemplate',
      { LaunchTemplateName: server, ...DATA },
      'InvalidLaunchTemplateName.AlreadyExistsException',
    ],
    ['CreateLaunchTemplate', { LaunchTemplateName: 'new' }, 'MissingParameter'],
    [
      'CreateLaunchTemplate',
      { LaunchTemplateName: 'new', 'LaunchTemplateData.Nothing': 'eA==' },
      'UnknownParameter',
    ],
    [
      'CreateLaunchTemplate',
      { LaunchTemplateName: 'new', 'LaunchTemplateData.InstanceType': 'x9.huge' },
      'InvalidParameterValue',
    ],
    ['CreateLaunchTemplateVersion', { ...DATA }, 'MissingParameter'],
    [
      'CreateLaunchTemplateVersion',
      { LaunchTemplateId, LaunchTemplateName: 'web', ...DATA },
      'InvalidParameterCombination',
    ],
    [
      'CreateLaunchTemplateVersion',
      { LaunchTemplateId, SourceVersion: '7', ...DATA },
      'InvalidLaunchTemplateId.VersionNotFound',
    ],
    ['ModifyLaunchTemplate', { LaunchTemplateId }, 'MissingParameter'],
    [
      'ModifyLaunchTemplate',
      { LaunchTemplateId: nobody, SetDefaultVersion: '1' },
      'InvalidLaunchTemplateId.NotFound',
    ],
    [
      'ModifyLaunchTemplate',
      { LaunchTemplateName: server, SetDefaultVersion: '1' },
      'InvalidLaunchTemplateName.NotFoundException',
    ],
    ['DeleteLaunchTemplate', { LaunchTemplateName: 'nobody' }, 'InvalidLaunchTemplateName.NotFoundException'],
    ['DescribeLaunchTemplates', { 'LaunchTemplateId.1': nobody }, 'InvalidLaunchTemplateId.NotFound'],
    ['DescribeLaunchTemplates', { 'LaunchTemplateId.1': 'lt-1' }, 'InvalidLaunchTemplateId.Malformed'],
    ['DescribeLaunchTemplateVersions', {}, 'MissingParameter'],
    [
      'DescribeLaunchTemplateVersions',
      { LaunchTemplateId, 'LaunchTemplateVersion.1': '7' },
      'InvalidLaunchTemplateId.VersionNotFound',
    ],
    [
      'DescribeLaunchTemplateVersions',
      { LaunchTemplateId, 'Filter.1.Name': 'color' },
      'InvalidParameterValue',
    ],
    ['GetLaunchTemplateData', { InstanceId: 'i-00000000000000000' }, 'InvalidInstanceID.NotFound'],
  ];
  for (const [action, parameters, code] of cases) {
    const answer = await call(action, parameters);
    assert.deepEqual([answer.status, answer.code], [400, code], `${action} ${answer.text}`);
  }
});
