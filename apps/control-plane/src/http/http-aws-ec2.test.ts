import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import test from 'node:test';
import { run } from '@landfall/runtime';
import { startTestSite, type TestSite } from '../testing/test-site.ts';

const AWS = '/usr/bin/aws';
const skip = existsSync(AWS) ? false : 'awscli is not installed; install it with apt-get install awscli';

function awsOf({ plane: { admin } }: TestSite) {
  const env = {
    AWS_ACCESS_KEY_ID: admin.accessKeyId,
    AWS_SECRET_ACCESS_KEY: admin.secretAccessKey,
    AWS_DEFAULT_REGION: admin.region,
    AWS_CA_BUNDLE: admin.caFile,
    AWS_MAX_ATTEMPTS: '1',
  };
  const ask = (words: readonly string[]) =>
    run([AWS, ...words, '--endpoint-url', admin.endpoint, '--output', 'json'], { env });
  return {
    ask,
    /** What it answered, as JSON. */
    aws: async (...words: string[]) => {
      const { exitCode, stdout, stderr } = await ask(words);
      assert.equal(exitCode, 0, `aws ${words.join(' ')}: ${stderr}`);
      return stdout.trim() === '' ? {} : JSON.parse(stdout);
    },
  };
}

test('Debian’s aws ec2 makes a template version the default, and the next launch follows it', {
  skip,
}, async (t) => {
  const site = await startTestSite(t);
  const { sourceServerId } = await site.addAgent();
  const { aws } = awsOf(site);
  await aws(
    ...['mgn', 'update-launch-configuration', '--source-server-id', sourceServerId],
    ...['--target-instance-type-right-sizing-method', 'NONE'],
  );
  const { ec2LaunchTemplateID: id } = await aws(
    ...['mgn', 'get-launch-configuration', '--source-server-id', sourceServerId],
  );
  const { Subnets } = await aws(...['ec2', 'describe-subnets', '--filters', 'Name=tag:Name,Values=lab']);
  const { SecurityGroups } = await aws(
    'ec2',
    'describe-security-groups',
    '--group-names',
    'tcp-22',
    'tcp-8443',
  );
  const groups = SecurityGroups.map((group: { GroupId: string }) => group.GroupId);
  const data = {
    InstanceType: 't3.medium',
    NetworkInterfaces: [{ DeviceIndex: 0, SubnetId: Subnets[0].SubnetId, Groups: groups }],
    BlockDeviceMappings: [
      { DeviceName: '/dev/vda', Ebs: { VolumeType: 'gp3', Iops: 3000, Throughput: 250 } },
    ],
    TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'tier', Value: 'gold & blue' }] }],
  };
  const { LaunchTemplateVersion: version } = await aws(
    ...['ec2', 'create-launch-template-version', '--launch-template-id', id, '--source-version', '$Latest'],
    ...['--version-description', 'by hand', '--launch-template-data', JSON.stringify(data)],
  );
  assert.deepEqual(version.LaunchTemplateData, data);
  const modified = await aws(
    ...['ec2', 'modify-launch-template', '--launch-template-id', id],
    ...['--default-version', String(version.VersionNumber)],
  );
  assert.equal(modified.LaunchTemplate.DefaultVersionNumber, version.VersionNumber);
  const started = await aws('mgn', 'start-test', '--source-server-ids', sourceServerId);
  const job = await site.untilJobEnds(started.job.jobID);
  const machineId = job.participatingServers?.[0]?.launchedEc2InstanceID ?? '';
  const { specification } = site.host.machines.get(machineId) ?? assert.fail('no machine was launched');
  assert.deepEqual(specification.network, { networkName: 'lab' });
  assert.deepEqual([...specification.publishedPorts].sort(), [22, 8443]);
  assert.equal(specification.inboundTraffic, 'LISTED_PORTS');
  assert.deepEqual(specification.disks[0]?.limits, {
    operationsPerSecond: 3000,
    bytesPerSecond: 250 * 2 ** 20,
  });
  const { Reservations } = await aws(
    ...['ec2', 'describe-instances', '--filters', 'Name=tag:tier,Values=gold*'],
  );
  const [instance] = Reservations[0].Instances;
  assert.equal(instance.InstanceId, machineId);
  assert.equal(instance.InstanceType, 't3.medium');
  assert.equal(instance.SubnetId, Subnets[0].SubnetId);
  assert.deepEqual(instance.State, { Code: 16, Name: 'running' });
});

test('Debian’s aws ec2 waits for an instance, reads its console, and shows our refusals', {
  skip,
}, async (t) => {
  const site = await startTestSite(t);
  const { sourceServerId } = await site.addAgent();
  const { aws, ask } = awsOf(site);
  const { job } = await site.plane.api.mgn('StartTest', { sourceServerIDs: [sourceServerId] });
  const [done] = (await site.untilJobEnds(job?.jobID)).participatingServers ?? [];
  const id = done?.launchedEc2InstanceID ?? '';
  const [output, dry, unknown] = await Promise.all([
    aws('ec2', 'get-console-output', '--instance-id', id),
    ask(['ec2', 'stop-instances', '--instance-ids', id, '--dry-run']),
    ask(['ec2', 'describe-instances', '--instance-ids', 'i-00000000000000000']),
    aws('ec2', 'wait', 'instance-running', '--instance-ids', id),
  ]);
  assert.equal(output.Output, 'login:');
  assert.match(
    dry.stderr,
    /\(DryRunOperation\) when calling the StopInstances operation.*: Request would have/,
  );
  assert.match(
    unknown.stderr,
    /\(InvalidInstanceID\.NotFound\).*: The instance ID 'i-00000000000000000' does not exist/,
  );
});
