/** Preflights from the first recovery point to the findings, through whatever fails on the way. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { OperationError, systemClock } from '@landfall/runtime';
import { shiftedClock } from '../testing/shifted-clock.ts';
import { simulateLaunchHost } from '../testing/simulated-launch-host.ts';
import { SIMULATED_RESULT } from '../testing/simulated-preflights.ts';
import { simulateAgent, simulateReplicationServer } from '../testing/simulated-programs.ts';
import { startTestControlPlane } from '../testing/test-control-plane.ts';
import { startTestSite, type TestSite } from '../testing/test-site.ts';
import { waitFor } from '../testing/wait-for.ts';

function preflightOf({ plane }: Pick<TestSite, 'plane'>, sourceServerID: string) {
  return async () => (await plane.api.landfall('DescribePreflight', { sourceServerID })).preflight;
}

test('a server is inspected by itself at its first recovery point, and the findings stay', async (t) => {
  const site = await startTestSite(t);
  const agent = await site.addAgent({ inspected: false });
  const get = preflightOf(site, agent.sourceServerId);
  const preflight = await waitFor('the preflight', get, (found) => found?.state === 'COMPLETE');
  assert.equal(preflight?.trigger, 'FIRST_POINT');
  assert.equal(preflight?.attempts, 0);
  const { report } = preflight ?? {};
  assert.equal(report?.operatingSystem, SIMULATED_RESULT.operatingSystem);
  assert.equal(report?.bootMode, 'UEFI');
  assert.deepEqual(
    report?.findings.map(({ rank, code }) => `${rank} ${code}`),
    ['BLOCKER EFI_LOADER_MISSING', 'WILL_BE_FIXED AGENT_INSTALLED'],
  );
  const [order] = site.host.preflights.orders;
  assert.equal(order?.bootMode, 'USE_SOURCE');
  assert.equal(order?.disks.length, 2);
  await waitFor(
    'the export to be closed',
    () => site.replication.exports.size,
    (size) => size === 0,
  );
  await site.plane.restart();
  assert.deepEqual((await get())?.report, report);
  await systemClock.sleep(300);
  const ids = new Set(site.host.preflights.orders.map(({ preflightId }) => preflightId));
  assert.equal(ids.size, 1, 'once by itself');
});

test('any point is inspected when it is asked for; the last result stays until there is another', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const agent = await site.addAgent({ inspected: false });
  const { sourceServerId: sourceServerID } = agent;
  const get = preflightOf(site, sourceServerID);
  const first = await waitFor('the first', get, (found) => found?.state === 'COMPLETE');
  agent.replica.epoch = 9;
  site.host.preflights.answer = () => ({ state: 'RUNNING' });
  const { preflight } = await api.landfall('StartPreflight', { sourceServerID, at: 'epoch:7' });
  assert.notEqual(preflight.preflightID, first?.preflightID);
  const running = await waitFor('the second to run', get, (found) => found?.state === 'RUNNING');
  assert.deepEqual(running?.report, first?.report);
  const again = await api.landfall('StartPreflight', { sourceServerID, at: 'epoch:7' });
  assert.equal(again.preflight.preflightID, preflight.preflightID);
  await assert.rejects(api.landfall('StartPreflight', { sourceServerID }), { name: 'ConflictException' });
  const result = { ...SIMULATED_RESULT, findings: [] };
  site.host.preflights.answer = () => ({ state: 'COMPLETE', result });
  const ended = await waitFor('its end', get, (found) => found?.state === 'COMPLETE');
  assert.equal(ended?.trigger, 'REQUESTED');
  assert.equal(ended?.report?.recoveryPoint.epoch, 7);
  assert.deepEqual(ended?.report?.findings, []);
});

test('what fails is told and tried again when its time has come', async (t) => {
  const clock = shiftedClock();
  const site = await startTestSite(t, { clock });
  site.host.preflights.answer = () => ({
    state: 'FAILED',
    error: { code: 'APPLIANCE_FAILED', message: 'no memory', hint: 'add some' },
  });
  const agent = await site.addAgent({ inspected: false });
  const get = preflightOf(site, agent.sourceServerId);
  const failed = await waitFor('the failure', get, (found) => found?.attempts === 1);
  assert.equal(failed?.state, 'WAITING');
  assert.equal(failed?.reason, 'APPLIANCE_FAILED: no memory (add some)');
  const dueInMs = Date.parse(failed?.nextAttemptDateTime ?? '') - systemClock.nowMs();
  assert.ok(dueInMs > 5000 && dueInMs < 31_000, `${dueInMs}`);
  await waitFor(
    'its export to be closed',
    () => site.replication.exports.size,
    (size) => size === 0,
  );
  const asked = site.host.preflights.orders.length;
  clock.shiftMs = 60_000;
  await waitFor(
    'the next attempt',
    () => site.host.preflights.orders.length,
    (count) => count > asked,
  );
  clock.shiftMs = 0;
  const again = await waitFor('the second failure', get, (found) => found?.attempts === 2);
  assert.equal(again?.preflightID, failed?.preflightID);
  site.host.preflights.answer = () => ({ state: 'COMPLETE', result: SIMULATED_RESULT });
  await site.plane.api.landfall('StartPreflight', { sourceServerID: agent.sourceServerId });
  const ended = await waitFor('what was asked for', get, (found) => found?.state === 'COMPLETE');
  assert.equal(ended?.reason, undefined);
});

test('without a launch host it waits and says so', async (t) => {
  const plane = await startTestControlPlane(t);
  await plane.api.mgn('InitializeService', {});
  const replication = await simulateReplicationServer(t, await plane.token('replication-server'));
  const { token } = await plane.api.landfall('CreateEnrolmentToken', {});
  const agent = await simulateAgent(t, token);
  replication.replicas.set(agent.sourceServerId, agent.replica);
  const get = preflightOf({ plane }, agent.sourceServerId);
  assert.equal(await get(), undefined, 'there is no recovery point yet');
  agent.synced = true;
  const waiting = await waitFor('the reason', get, (found) => found?.reason !== undefined);
  assert.equal(waiting?.state, 'WAITING');
  assert.match(waiting?.reason ?? '', /no launch host is enrolled/);
  assert.equal(waiting?.attempts, 0);
  await simulateLaunchHost(t, await plane.token('launch-host'));
  await waitFor('its end', get, (found) => found?.state === 'COMPLETE');
});

test('a launch host inspects one server at a time', async (t) => {
  const site = await startTestSite(t);
  site.host.preflights.answer = () => ({ state: 'RUNNING' });
  const first = await site.addAgent({ inspected: false });
  await waitFor(
    'the first to run',
    preflightOf(site, first.sourceServerId),
    (found) => found?.state === 'RUNNING',
  );
  const second = await site.addAgent({ inspected: false });
  const waiting = await waitFor('the second to wait', preflightOf(site, second.sourceServerId), (found) =>
    Boolean(found?.reason),
  );
  assert.match(waiting?.reason ?? '', /inspects another server/);
  site.host.preflights.answer = () => ({ state: 'COMPLETE', result: SIMULATED_RESULT });
  for (const { sourceServerId } of [first, second]) {
    await waitFor('both to end', preflightOf(site, sourceServerId), (found) => found?.state === 'COMPLETE');
  }
});

test('a control plane that is cut off at any command ends the preflight after its restart', async (t) => {
  const site = await startTestSite(t);
  for (const name of ['resolveRecoveryPoint', 'openExport', 'runPreflight', 'closeExport']) {
    let restarted: Promise<void> | undefined;
    const cutOff = (command: string) => {
      if (command === name) restarted ??= site.plane.restart();
    };
    site.replication.onCommand = cutOff;
    site.host.onCommand = cutOff;
    const agent = await site.addAgent({ inspected: false });
    const get = preflightOf(site, agent.sourceServerId);
    await waitFor(`the cut at ${name}`, () => restarted !== undefined, Boolean);
    await restarted;
    const ended = await waitFor(`the end after ${name}`, get, (found) => found?.state === 'COMPLETE');
    assert.equal(ended?.attempts, 0, name);
    await waitFor(
      'its export to be closed',
      () => site.replication.exports.size,
      (size) => size === 0,
    );
  }
});

test('an export that cannot be closed is closed later', async (t) => {
  const site = await startTestSite(t);
  let refusals = 0;
  site.replication.onCommand = (name) => {
    if (name !== 'closeExport' || refusals >= 2) return;
    refusals += 1;
    throw new OperationError('STAGING_AREA_LOCKED', 'not now');
  };
  const agent = await site.addAgent({ inspected: false });
  const get = preflightOf(site, agent.sourceServerId);
  await waitFor('its end', get, (found) => found?.state === 'COMPLETE');
  await waitFor(
    'its export to be closed',
    () => site.replication.exports.size,
    (size) => size === 0,
  );
  assert.equal(refusals, 2);
});

test('a preflight ends with the replication of its server', async (t) => {
  const site = await startTestSite(t);
  site.host.preflights.answer = () => ({ state: 'RUNNING' });
  const { sourceServerId: sourceServerID } = await site.addAgent({ inspected: false });
  const get = preflightOf(site, sourceServerID);
  await waitFor('it to run', get, (found) => found?.state === 'RUNNING');
  await site.plane.api.mgn('StopReplication', { sourceServerID });
  const ended = await waitFor('its end', get, (found) => found?.state === 'FAILED');
  assert.match(ended?.reason ?? '', /replication of the server was ended/);
  await waitFor(
    'its export to be closed',
    () => site.replication.exports.size,
    (size) => size === 0,
  );
  await assert.rejects(site.plane.api.landfall('StartPreflight', { sourceServerID }), {
    name: 'ConflictException',
  });
});

test('servers nobody knows and points that are none are refused', async (t) => {
  const { plane } = await startTestSite(t);
  const sourceServerID = 's-00000000000000000';
  const notFound = { name: 'ResourceNotFoundException' };
  await assert.rejects(plane.api.landfall('StartPreflight', { sourceServerID }), notFound);
  await assert.rejects(plane.api.landfall('DescribePreflight', { sourceServerID }), notFound);
  await assert.rejects(plane.api.landfall('StartPreflight', { sourceServerID, at: 'yesterday' }), {
    name: 'ValidationException',
  });
});

test('the way to convert that the launch template names is inspected, proved and launched with', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const { sourceServerId: sourceServerID } = await site.addAgent();
  const launchTemplateData = { conversionMethod: 'VIRT_V2V' } as const;
  const { launchTemplateVersion } = await api.landfall('CreateLaunchTemplateVersion', {
    ...{ sourceServerID, launchTemplateData },
  });
  const version = String(launchTemplateVersion.versionNumber);
  await api.landfall('SetDefaultLaunchTemplateVersion', { sourceServerID, version });
  await api.landfall('StartPreflight', { sourceServerID });
  const lastOrder = async () => site.host.preflights.orders.at(-1)?.conversionMethod;
  await waitFor('the preflight', lastOrder, (method) => method === 'VIRT_V2V');
  await api.landfall('StartBootProof', { sourceServerID });
  const asked = async () => [...site.host.machines.values()][0]?.specification;
  const proved = await waitFor('its machine', asked, (found) => found !== undefined);
  assert.deepEqual([proved?.purpose, proved?.conversionMethod], ['PROOF', 'VIRT_V2V']);
  await site.untilJobEnds((await api.mgn('StartTest', { sourceServerIDs: [sourceServerID] })).job?.jobID);
  const specifications = [...site.host.machines.values()].map(({ specification }) => specification);
  const tested = specifications.find(({ purpose }) => purpose === 'TEST');
  assert.equal(tested?.conversionMethod, 'VIRT_V2V');
});
