import assert from 'node:assert/strict';
import test from 'node:test';
import { EC2_OPERATION_NAMES } from '@landfall/api';
import { type Ec2Parameters, ec2CallsOf, readAnswer } from '../testing/ec2-calls.ts';
import { injectInto } from '../testing/injected-requests.ts';
import { startTestControlPlane } from '../testing/test-control-plane.ts';
import { addTestUser } from '../testing/test-users.ts';

const TEMPLATE: Ec2Parameters = {
  LaunchTemplateName: 'web',
  'LaunchTemplateData.InstanceType': 't3.small',
};

test('a call is answered in EC2’s XML, by POST and by GET, and refusals are in its form, too', async (t) => {
  const plane = await startTestControlPlane(t);
  const inject = await injectInto(t, plane);
  const query = 'Action=DescribeRegions&Version=2016-11-15';
  const asked = { service: 'ec2', rawPath: '/' } as const;
  const [posted, got] = await Promise.all([
    inject({ ...asked, method: 'POST', body: query }),
    inject({ ...asked, method: 'GET', rawQuery: query }),
  ]);
  for (const { status, text, headers } of [posted, got]) {
    assert.equal(status, 200, text);
    assert.match(String(headers['content-type']), /^text\/xml/);
    assert.match(
      text,
      /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<DescribeRegionsResponse xmlns="http:\/\/ec2\.amazonaws\.com\/doc\/2016-11-15\/"><requestId>/,
    );
    assert.equal(readAnswer(status, text).first('regionName'), 'us-east-1');
  }
  const refused: readonly [string, string][] = [
    ['Version=2016-11-15', 'MissingAction'],
    ['Action=RunInstances&Version=2016-11-15', 'InvalidAction'],
    ['Action=constructor&Version=2016-11-15', 'InvalidAction'],
    ['Action=DescribeRegions&Version=2010-01-01', 'NoSuchVersion'],
    ['Action=DescribeRegions', 'NoSuchVersion'],
    ['Action=DescribeRegions&Version=2016-11-15&Action=DescribeVpcs', 'MalformedQueryString'],
    ['Action=StopInstances&Version=2016-11-15', 'MissingParameter'],
    ['Action=DescribeRegions&Version=2016-11-15&Else=1', 'UnknownParameter'],
    ['Action=DescribeVpcs&Version=2016-11-15&MaxResults=0', 'InvalidParameterValue'],
    ['Action=DescribeVpcs&Version=2016-11-15&NextToken=x', 'InvalidParameterValue'],
    ['x'.repeat(1024 * 1024 + 1), 'InvalidParameterValue'],
  ];
  for (const [body, code] of refused) {
    const { status, text } = await inject({ ...asked, method: 'POST', body });
    assert.equal(status, 400, text);
    assert.match(
      text,
      /<Response><Errors><Error><Code>.*<\/Errors><RequestID>[0-9a-f-]{36}<\/RequestID><\/Response>$/,
    );
    assert.equal(readAnswer(status, text).code, code, text);
  }
  const stranger = await injectInto(t, { ...plane, admin: { ...plane.admin, accessKeyId: 'AKIANOBODY' } });
  const unknown = await stranger({ ...asked, method: 'POST', body: query });
  assert.deepEqual([unknown.status, readAnswer(unknown.status, unknown.text).code], [401, 'AuthFailure']);
});

test('policies are asked about the launch template by its id, however it is named', async (t) => {
  const plane = await startTestControlPlane(t);
  const admin = await ec2CallsOf(t, plane);
  const mine = (await admin('CreateLaunchTemplate', TEMPLATE)).first('launchTemplateId') ?? '';
  const other = await admin('CreateLaunchTemplate', { ...TEMPLATE, LaunchTemplateName: 'other' });
  const resource = `arn:aws:ec2:us-east-1:000000000000:launch-template/${mine}`;
  const ann = await addTestUser(plane, {
    userName: 'ann',
    statements: [{ Effect: 'Allow', Action: 'ec2:ModifyLaunchTemplate', Resource: resource }],
  });
  const call = await ec2CallsOf(t, plane, ann);
  const modify = (which: Ec2Parameters) => call('ModifyLaunchTemplate', { ...which, SetDefaultVersion: 1 });
  assert.equal((await modify({ LaunchTemplateId: mine })).code, 'OK');
  assert.equal((await modify({ LaunchTemplateName: 'web' })).code, 'OK');
  const refused = await modify({ LaunchTemplateName: 'other' });
  assert.deepEqual([refused.status, refused.code], [403, 'UnauthorizedOperation']);
  assert.match(refused.text, /user\/ann is not authorized to perform: ec2:ModifyLaunchTemplate on resource/);
  for (const which of [{ LaunchTemplateName: 'nobody' }, { LaunchTemplateId: 'lt-x' }, {}]) {
    assert.equal((await modify(which)).code, 'UnauthorizedOperation', 'before its input is looked at');
  }
  assert.equal((await call('DescribeLaunchTemplates')).code, 'UnauthorizedOperation');
  const { items } = await plane.api.landfall('ListAuditEvents', { action: 'ec2:ModifyLaunchTemplate' });
  assert.deepEqual(
    items.map(({ outcome }) => outcome),
    [...Array(4).fill('AccessDeniedException'), 'SUCCESS', 'SUCCESS'],
  );
  assert.deepEqual(items.at(-1)?.resources, [resource]);
  assert.equal(other.code, 'OK');
});

test('a dry run says whether the call would be made, and makes none', async (t) => {
  const plane = await startTestControlPlane(t);
  const call = await ec2CallsOf(t, plane);
  const would = await call('CreateLaunchTemplate', { ...TEMPLATE, DryRun: true });
  assert.deepEqual([would.status, would.code], [412, 'DryRunOperation']);
  assert.equal((await call('CreateLaunchTemplate', { DryRun: true })).code, 'MissingParameter');
  assert.deepEqual((await call('DescribeLaunchTemplates')).all('launchTemplateId'), []);
  const bob = await addTestUser(plane, { userName: 'bob', policies: ['AmazonEC2ReadOnlyAccess'] });
  const reader = await ec2CallsOf(t, plane, bob);
  assert.equal(
    (await reader('CreateLaunchTemplate', { ...TEMPLATE, DryRun: true })).code,
    'UnauthorizedOperation',
  );
});

test('AmazonEC2ReadOnlyAccess lets what describes, and nothing else', async (t) => {
  const plane = await startTestControlPlane(t);
  const user = { userName: 'eve', policies: ['AmazonEC2ReadOnlyAccess'] };
  const call = await ec2CallsOf(t, plane, await addTestUser(plane, user));
  const allowed = [];
  for (const name of EC2_OPERATION_NAMES) {
    if ((await call(name)).code !== 'UnauthorizedOperation') allowed.push(name);
  }
  const describing = EC2_OPERATION_NAMES.filter((name) => /^Describe|^GetLaunchTemplateData/.test(name));
  assert.deepEqual(allowed, describing);
});
