import assert from 'node:assert/strict';
import test from 'node:test';
import type { CommandWatcher } from '../testing/simulated-programs.ts';
import { startTestSite, type TestSite } from '../testing/test-site.ts';
import { waitFor } from '../testing/wait-for.ts';

/** Cuts the control plane off while the `count`-th command of that name is being done, and starts another. */
function crashDuring(
  { plane }: TestSite,
  watcher: CommandWatcher,
  command: string,
  count = 1,
): () => boolean {
  let seen = 0;
  watcher.onCommand = async (name) => {
    if (name !== command) return;
    seen += 1;
    if (seen !== count) return;
    await plane.restart();
  };
  return () => seen >= count;
}

const LOG_OF_A_RETEST = [
  'JOB_START',
  'CLEANUP_START',
  'CLEANUP_END',
  'SNAPSHOT_START',
  'SNAPSHOT_END',
  'CONVERSION_START',
  'CONVERSION_END',
  'LAUNCH_START',
  'JOB_END',
];

test('a launch goes on at the step it had reached when cut off during any command', async (t) => {
  const site = await startTestSite(t);
  const agent = await site.addAgent();
  const { sourceServerId } = agent;
  const launch = async () => {
    const { job } = await site.plane.api.mgn('StartTest', { sourceServerIDs: [sourceServerId] });
    return site.untilJobEnds(job?.jobID);
  };
  await launch();
  const moments = [
    { watcher: site.host, command: 'terminateMachine', count: 1 },
    { watcher: site.replication, command: 'closeExport', count: 1 },
    { watcher: agent, command: 'takeRecoveryPoint', count: 1 },
    { watcher: site.replication, command: 'openExport', count: 1 },
    { watcher: site.host, command: 'ensureMachine', count: 1 },
    { watcher: site.host, command: 'describeMachine', count: 1 },
    { watcher: site.host, command: 'ensureMachine', count: 2 },
  ];
  for (const { watcher, command, count } of moments) {
    const hasCrashed = crashDuring(site, watcher, command, count);
    const job = await launch();
    watcher.onCommand = undefined;
    assert.ok(hasCrashed(), `the control plane was cut off during ${command}`);
    const [server] = job.participatingServers ?? [];
    assert.equal(server?.launchStatus, 'LAUNCHED', command);
    assert.deepEqual(await site.logOf(job.jobID), LOG_OF_A_RETEST, command);
    assert.deepEqual([...site.host.machines.keys()], [server?.launchedEc2InstanceID], command);
    assert.deepEqual([...site.replication.exports.keys()], [server?.launchedEc2InstanceID], command);
  }
});

test('giving back the staging goes on after the control plane is cut off during any command', async (t) => {
  const site = await startTestSite(t);
  for (const command of ['hydrateMachine', 'closeExport', 'discardServer']) {
    const { sourceServerId } = await site.addAgent();
    const { job } = await site.plane.api.mgn('StartTest', { sourceServerIDs: [sourceServerId] });
    await site.untilJobEnds(job?.jobID);
    const watcher = command === 'hydrateMachine' ? site.host : site.replication;
    const hasCrashed = crashDuring(site, watcher, command);
    const { lifeCycle } = await site.plane.api.mgn('DisconnectFromService', {
      sourceServerID: sourceServerId,
    });
    assert.equal(lifeCycle?.state, 'DISCONNECTED');
    await waitFor(
      `the staging to be given back although cut off during ${command}`,
      async () => {
        if (!hasCrashed()) return false;
        const input = { sourceServerID: sourceServerId };
        return (await site.plane.api.landfall('DescribeReplication', input)).stagingDiscarded;
      },
      (discarded) => discarded,
    );
    watcher.onCommand = undefined;
    assert.equal(site.replication.exports.size, 0);
    assert.ok(site.replication.discarded.includes(sourceServerId));
  }
});
