/** Every operation of EC2 and STS is called by `landfall api`: seen in the audit log. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestControlPlane } from '../../apps/control-plane/src/testing/test-control-plane.ts';
import { queryOperationNames } from '../../packages/api/src/index.ts';
import { CliSession } from './cli-session.ts';

test('landfall api calls every operation of EC2 and STS', async (t) => {
  const plane = await startTestControlPlane(t);
  const cli = await CliSession.begin(t, plane);
  const outcomes = new Map<string, number>();
  for (const service of ['ec2', 'sts'] as const) {
    for (const name of queryOperationNames(service)) {
      const { called, exitCode, stdout, stderr } = await cli.tried('api', service, name);
      assert.deepEqual([...called], [`${service}:${name}`]);
      outcomes.set(name, exitCode);
      if (exitCode === 0) assert.equal(typeof JSON.parse(stdout), 'object', name);
      else
        assert.match(
          stderr,
          /^landfall: (MissingParameter|ValidationError|InvalidParameter\w+): .{10}/,
          name,
        );
    }
  }
  assert.equal(outcomes.get('DescribeInstances'), 0);
  assert.equal(outcomes.get('StartInstances'), 1);
});

test('a call of EC2 takes and gives JSON, and is refused with its code', async (t) => {
  const plane = await startTestControlPlane(t);
  const cli = await CliSession.begin(t, plane);
  const ec2 = (name: string, input: object) =>
    cli.tried('api', 'ec2', name, '--input', JSON.stringify(input));
  const LaunchTemplateName = 'spare';
  const Tag = [{ Key: 'tier', Value: 'web & co' }];
  const created = await ec2('CreateLaunchTemplate', {
    ...{ LaunchTemplateName, LaunchTemplateData: { InstanceType: 't3.small' } },
    TagSpecification: [{ ResourceType: 'launch-template', Tag }],
  });
  const { launchTemplate } = JSON.parse(created.stdout);
  assert.equal(launchTemplate.launchTemplateName, LaunchTemplateName);
  assert.deepEqual(launchTemplate.tagSet, [{ key: 'tier', value: 'web & co' }]);
  const listed = await ec2('DescribeLaunchTemplateVersions', {
    LaunchTemplateName,
    LaunchTemplateVersion: ['1'],
  });
  const [version] = JSON.parse(listed.stdout).launchTemplateVersionSet;
  assert.equal(version.launchTemplateData.instanceType, 't3.small');
  const refused = await ec2('DescribeInstances', { InstanceId: ['i-0123456789abcdef0'] });
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stderr, /^landfall: InvalidInstanceID.NotFound: /);
  const who = await cli.json<{ Arn: string }>('api', 'sts', 'GetCallerIdentity');
  assert.equal(who.Arn, 'arn:aws:iam::000000000000:user/administrator');
});
