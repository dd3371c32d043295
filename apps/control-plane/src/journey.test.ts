import assert from 'node:assert/strict';
import { Agent } from 'node:https';
import test from 'node:test';
import {
  ChangeServerLifeCycleStateCommand,
  DescribeJobLogItemsCommand,
  DescribeJobsCommand,
  DescribeSourceServersCommand,
  FinalizeCutoverCommand,
  InitializeServiceCommand,
  MarkAsArchivedCommand,
  MgnClient,
  StartCutoverCommand,
  StartTestCommand,
  TagResourceCommand,
} from '@aws-sdk/client-mgn';
import { startTestSite, type TestSite } from './testing/test-site.ts';
import { waitFor } from './testing/wait-for.ts';

function awsClient({ plane }: TestSite): MgnClient {
  return new MgnClient({
    endpoint: plane.url,
    region: plane.admin.region,
    credentials: plane.admin,
    requestHandler: { httpsAgent: new Agent({ ca: plane.caPem, keepAlive: true }) },
    maxAttempts: 1,
  });
}

test('the AWS SDK takes a server from enrolment through test and cutover to the archive', async (t) => {
  const site = await startTestSite(t);
  const client = awsClient(site);
  t.after(() => client.destroy());
  await client.send(new InitializeServiceCommand({}));
  const agent = await site.addAgent();
  const { sourceServerId } = agent;
  const describe = async () => {
    const filters = { sourceServerIDs: [sourceServerId] };
    return (await client.send(new DescribeSourceServersCommand({ filters }))).items?.[0];
  };
  const ready = await describe();
  assert.equal(ready?.dataReplicationInfo?.dataReplicationState, 'CONTINUOUS');
  assert.match(ready?.dataReplicationInfo?.lagDuration ?? '', /^P0DT\d+S$/);
  assert.deepEqual(
    ready?.dataReplicationInfo?.dataReplicationInitiation?.steps?.map(({ status }) => status),
    ['SUCCEEDED', 'SKIPPED', ...Array(9).fill('SUCCEEDED')],
  );

  const started = await client.send(new StartTestCommand({ sourceServerIDs: [sourceServerId] }));
  const jobId = started.job?.jobID;
  assert.equal((await describe())?.lifeCycle?.state, 'TESTING');
  await assert.rejects(client.send(new StartTestCommand({ sourceServerIDs: [sourceServerId] })), {
    name: 'ConflictException',
    message: 'One or more of the Source Servers included in API call are currently being processed by a Job',
  });
  await site.untilJobEnds(jobId);
  const [job] =
    (await client.send(new DescribeJobsCommand({ filters: { jobIDs: [jobId ?? ''] } }))).items ?? [];
  const testMachine = job?.participatingServers?.[0]?.launchedEc2InstanceID ?? '';
  assert.equal(job?.participatingServers?.[0]?.launchStatus, 'LAUNCHED');
  assert.match(testMachine, /^i-[0-9a-f]{17}$/);
  const log = await client.send(new DescribeJobLogItemsCommand({ jobID: jobId }));
  assert.deepEqual(
    log.items?.map(({ event }) => event),
    [
      'JOB_START',
      'SNAPSHOT_START',
      'SNAPSHOT_END',
      'CONVERSION_START',
      'CONVERSION_END',
      'LAUNCH_START',
      'JOB_END',
    ],
  );
  assert.equal((await describe())?.launchedInstance?.ec2InstanceID, testMachine);
  assert.deepEqual(agent.barriers, [site.replication.exports.get(testMachine)?.epoch]);

  const change = (state: 'READY_FOR_CUTOVER') =>
    client.send(
      new ChangeServerLifeCycleStateCommand({ sourceServerID: sourceServerId, lifeCycle: { state } }),
    );
  assert.equal((await change('READY_FOR_CUTOVER')).lifeCycle?.state, 'READY_FOR_CUTOVER');
  await assert.rejects(client.send(new FinalizeCutoverCommand({ sourceServerID: sourceServerId })), {
    name: 'ConflictException',
  });
  const cutover = await client.send(new StartCutoverCommand({ sourceServerIDs: [sourceServerId] }));
  await site.untilJobEnds(cutover.job?.jobID);
  assert.ok((await site.logOf(cutover.job?.jobID)).includes('CLEANUP_END'));
  assert.ok(site.host.done.includes(`terminateMachine ${testMachine}`));
  assert.equal(site.replication.exports.has(testMachine), false);
  const cutoverMachine = (await describe())?.launchedInstance?.ec2InstanceID ?? '';

  const finalized = await client.send(new FinalizeCutoverCommand({ sourceServerID: sourceServerId }));
  assert.equal(finalized.lifeCycle?.state, 'CUTOVER');
  assert.equal(finalized.dataReplicationInfo?.dataReplicationState, 'DISCONNECTED');
  assert.equal(finalized.dataReplicationInfo?.lagDuration, undefined);
  assert.deepEqual(
    finalized.dataReplicationInfo?.replicatedDisks?.map(({ totalStorageBytes }) => totalStorageBytes),
    [0, 0],
  );
  await waitFor(
    'the order to uninstall',
    () => agent.configuration?.desired,
    (desired) => desired === 'UNINSTALL',
  );
  const replication = () =>
    site.plane.api.landfall('DescribeReplication', { sourceServerID: sourceServerId });
  await waitFor('the staging to be given back', replication, ({ stagingDiscarded }) => stagingDiscarded);
  assert.deepEqual(site.replication.done.slice(-2), ['closeExport', 'discardServer']);
  assert.equal(site.host.machines.get(cutoverMachine)?.status.phase, 'RUNNING');
  assert.equal(site.replication.exports.size, 0);

  const arn = finalized.arn ?? '';
  await client.send(new TagResourceCommand({ resourceArn: arn, tags: { wave: '1' } }));
  const archived = await client.send(new MarkAsArchivedCommand({ sourceServerID: sourceServerId }));
  assert.equal(archived.isArchived, true);
  assert.deepEqual(archived.tags, { wave: '1' });
});
