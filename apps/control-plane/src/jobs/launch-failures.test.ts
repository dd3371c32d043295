import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestSite } from '../testing/test-site.ts';
import { waitFor } from '../testing/wait-for.ts';

test('a guest that cannot be converted leaves a COMPLETED job, a FAILED server, nothing else', async (t) => {
  const site = await startTestSite(t);
  const { sourceServerId } = await site.addAgent();
  site.host.failConversion = true;
  const { job } = await site.plane.api.mgn('StartTest', { sourceServerIDs: [sourceServerId] });
  const ended = await site.untilJobEnds(job?.jobID);
  assert.equal(ended.status, 'COMPLETED');
  assert.equal(ended.participatingServers?.[0]?.launchStatus, 'FAILED');
  const { items = [] } = await site.plane.api.mgn('DescribeJobLogItems', { jobID: ended.jobID });
  const failure = items.find(({ event }) => event === 'CONVERSION_FAIL');
  assert.match(failure?.eventData?.rawError ?? '', /GUEST_UNSUPPORTED: no system was found on its disks/);
  assert.ok(items.some(({ event }) => event === 'LAUNCH_FAILED'));
  assert.equal(site.host.machines.size, 0);
  assert.equal(site.replication.exports.size, 0);
  const server = await site.server(sourceServerId);
  assert.equal(server.lifeCycle?.state, 'TESTING');
  assert.equal(server.launchedInstance, undefined);
  const { items: machines } = await site.plane.api.landfall('DescribeLaunchedMachines', {});
  assert.equal(machines[0]?.phase, 'TERMINATED');

  site.host.failConversion = false;
  const again = await site.plane.api.mgn('StartTest', { sourceServerIDs: [sourceServerId] });
  const second = await site.untilJobEnds(again.job?.jobID);
  assert.equal(second.participatingServers?.[0]?.launchStatus, 'LAUNCHED');
});

test('a launch whose barrier fails says so and uses the newest point there is', async (t) => {
  const site = await startTestSite(t);
  const agent = await site.addAgent();
  agent.refuseBarrier = true;
  agent.replica.epoch = 41;
  const { job } = await site.plane.api.mgn('StartTest', { sourceServerIDs: [agent.sourceServerId] });
  const ended = await site.untilJobEnds(job?.jobID);
  assert.equal(ended.participatingServers?.[0]?.launchStatus, 'LAUNCHED');
  const log = await site.logOf(job?.jobID);
  assert.ok(log.includes('SNAPSHOT_FAIL') && log.includes('USING_PREVIOUS_SNAPSHOT'));
  const { items } = await site.plane.api.landfall('DescribeLaunchedMachines', {
    sourceServerIDs: [agent.sourceServerId],
  });
  assert.equal(items[0]?.recoveryPoint.epoch, 41);
});

test('a launch from an epoch or a time takes no new point', async (t) => {
  const site = await startTestSite(t);
  const agent = await site.addAgent();
  agent.replica.epoch = 30;
  const { sourceServerId } = agent;
  const launch = async (at: string) => {
    const input = { sourceServerID: sourceServerId, purpose: 'TEST', at } as const;
    const { job } = await site.plane.api.landfall('StartLaunch', input);
    await site.untilJobEnds(job.jobID);
    const { items } = await site.plane.api.landfall('DescribeLaunchedMachines', {});
    return items[0]?.recoveryPoint.epoch;
  };
  assert.equal(await launch('epoch:17'), 17);
  assert.equal(await launch('2026-01-31T12:00:00Z'), 30);
  assert.deepEqual(agent.barriers, []);
  const bad = { sourceServerID: sourceServerId, purpose: 'TEST', at: '2026-02-31T12:00:00Z' } as const;
  await assert.rejects(site.plane.api.landfall('StartLaunch', bad), { name: 'ValidationException' });
});

test('terminating a launched machine needs its state changed back, then frees everything', async (t) => {
  const site = await startTestSite(t);
  const { sourceServerId } = await site.addAgent();
  const { api } = site.plane;
  const ids = { sourceServerIDs: [sourceServerId] };
  await assert.rejects(api.mgn('TerminateTargetInstances', ids), {
    name: 'ConflictException',
    message: /no machine was launched/,
  });
  await site.untilJobEnds((await api.mgn('StartTest', ids)).job?.jobID);
  await assert.rejects(api.mgn('TerminateTargetInstances', ids), {
    name: 'ConflictException',
    message: /TESTING: change its lifecycle state back first/,
  });
  const back = { sourceServerID: sourceServerId, lifeCycle: { state: 'READY_FOR_TEST' } } as const;
  const { lifeCycle } = await api.mgn('ChangeServerLifeCycleState', back);
  assert.notEqual(lifeCycle?.lastTest?.reverted, undefined);
  const { job } = await api.mgn('TerminateTargetInstances', ids);
  assert.equal(job?.type, 'TERMINATE');
  const ended = await site.untilJobEnds(job?.jobID);
  assert.equal(ended.participatingServers?.[0]?.launchStatus, 'TERMINATED');
  assert.equal((await site.server(sourceServerId)).launchedInstance, undefined);
  assert.equal(site.host.machines.size + site.replication.exports.size, 0);
});

test('a server without a recovery point cannot be launched, and no job comes of it', async (t) => {
  const site = await startTestSite(t);
  const agent = await site.addAgent();
  const { token } = await site.plane.api.landfall('CreateEnrolmentToken', {});
  const { simulateAgent } = await import('../testing/simulated-programs.ts');
  const bare = await simulateAgent(t, token);
  await waitFor(
    'the second server',
    () => site.server(bare.sourceServerId),
    (server) => server.dataReplicationInfo?.lagDuration === undefined && server.lifeCycle !== undefined,
  );
  const ids = { sourceServerIDs: [agent.sourceServerId, bare.sourceServerId] };
  await assert.rejects(site.plane.api.mgn('StartTest', ids), {
    name: 'ConflictException',
    message: /NOT_READY: it has no recovery point to launch from yet/,
  });
  assert.deepEqual((await site.plane.api.mgn('DescribeJobs', {})).items, []);
  assert.equal((await site.server(agent.sourceServerId)).lifeCycle?.state, 'READY_FOR_TEST');
});

test('stopping replication gives the staging back, starting it again begins anew', async (t) => {
  const site = await startTestSite(t);
  const agent = await site.addAgent();
  const { api } = site.plane;
  const input = { sourceServerID: agent.sourceServerId };
  const stopped = await api.mgn('StopReplication', input);
  assert.equal(stopped.lifeCycle?.state, 'STOPPED');
  assert.equal(stopped.dataReplicationInfo?.dataReplicationState, 'STOPPED');
  await waitFor(
    'the staging to be given back',
    () => api.landfall('DescribeReplication', input),
    ({ stagingDiscarded }) => stagingDiscarded,
  );
  await waitFor(
    'the order to stop',
    () => agent.configuration?.desired,
    (desired) => desired === 'STOP',
  );
  await waitFor(
    'the replication server to hear of it',
    () => site.replication.configuration.servers.length,
    (servers) => servers === 0,
  );
  site.replication.replicas.set(agent.sourceServerId, agent.replica);
  const started = await waitFor(
    'the clean-up to end',
    async () => (await Promise.allSettled([api.mgn('StartReplication', input)]))[0],
    ({ status }) => status === 'fulfilled',
  );
  assert.ok(started.status === 'fulfilled');
  assert.equal(started.value.dataReplicationInfo?.dataReplicationState, 'INITIATING');
  await site.untilState(agent.sourceServerId, 'READY_FOR_TEST');
});
