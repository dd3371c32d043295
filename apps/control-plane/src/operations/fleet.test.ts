/** All servers at a glance and those that are looked for: true at once, and quick with thousands. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Landfall } from '@landfall/api';
import { addReadyServers, addReportedServers } from '../testing/many-servers.ts';
import { startTestControlPlane } from '../testing/test-control-plane.ts';
import { startTestSite, type TestSite } from '../testing/test-site.ts';
import { addTestUser } from '../testing/test-users.ts';
import { waitFor } from '../testing/wait-for.ts';

const MANY = 4000;
const CALLS = 40;
/** Of a processor, client and background included; `landfall bench api` measures the time on a clock. */
const CALL_CPU_MAX_MS = 150;

function kindsOf({ alerts }: Landfall.DescribeFleetResponse): readonly string[] {
  return alerts.map(({ kind }) => kind);
}

async function tag({ plane, server }: TestSite, sourceServerId: string, Name: string): Promise<void> {
  const { arn = '' } = await server(sourceServerId);
  await plane.api.mgn('TagResource', { resourceArn: arn, tags: { Name } });
}

test('what a server needs is told while it needs it, with its name and its cause', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const agent = await site.addAgent();
  const { sourceServerId: sourceServerID } = agent;
  await tag(site, sourceServerID, 'shop');
  const fleet = () => api.landfall('DescribeFleet', {});
  const first = await fleet();
  assert.deepEqual(kindsOf(first), ['PREFLIGHT_BLOCKED']);
  const [blocked] = first.alerts;
  assert.deepEqual(
    [blocked?.name, blocked?.sourceServerID, blocked?.rank],
    ['shop', sourceServerID, 'ERROR'],
  );
  assert.equal(blocked?.detail, 'EFI_LOADER_MISSING');
  assert.match(blocked?.sinceDateTime ?? '', /^20/);
  assert.deepEqual(first.lifeCycle, [{ state: 'READY_FOR_TEST', servers: 1 }]);
  assert.deepEqual([first.servers, first.protectedServers, first.lag.typicalMs], [1, 1, 400]);
  assert.equal(first.lag.worstName, 'shop');
  assert.equal(first.staging.connected, 1);
  assert.ok(first.staging.totalBytes > 0);

  site.replication.marks.suspicions = [
    {
      ...{ code: 'RANSOMWARE_SUSPECTED', detectedAtMs: 1_767_229_260_000, beganAtMs: 1_767_229_200_000 },
      ...{
        convertedBytes: 99,
        diskIds: ['disk-0'],
        lastSeenAtMs: 1,
        endedAtMs: null,
        acknowledgedAtMs: null,
      },
    },
  ];
  agent.forecast = {
    ...{ verdict: 'DOES_NOT_CONVERGE', bytesToGo: 9, etaP50Ms: null, etaP90Ms: null, bottleneck: 'LINK' },
    ...{
      capacities: [],
      churnBytesPerSecond: 5,
      neededSeconds: null,
      explanation: 'more changes than it sends',
    },
  };
  const both = ['RANSOMWARE_SUSPECTED', 'DOES_NOT_CONVERGE', 'PREFLIGHT_BLOCKED'];
  const worse = await waitFor('both to be told', fleet, (told) => kindsOf(told).join() === both.join());
  assert.equal(worse.alerts[1]?.detail, 'more changes than it sends');
  await api.landfall('AcknowledgeTripwire', { sourceServerID });
  await waitFor('it is known', fleet, (told) => !kindsOf(told).includes('RANSOMWARE_SUSPECTED'));

  agent.forecast = undefined;
  site.host.failConversion = true;
  site.host.failureCode = 'CONVERSION_IMPOSSIBLE';
  await api.landfall('StartBootProof', { sourceServerID });
  const unproved = await waitFor('the verdict', fleet, (told) => kindsOf(told).includes('BOOT_PROOF_FAILED'));
  assert.equal(unproved.alerts[0]?.detail, 'CONVERSION_IMPOSSIBLE');
  site.host.failConversion = false;
  await api.landfall('StartBootProof', { sourceServerID });
  await waitFor('a proof', fleet, (told) => !kindsOf(told).includes('BOOT_PROOF_FAILED'));

  await api.mgn('PauseReplication', { sourceServerID });
  const paused = await fleet();
  assert.deepEqual(kindsOf(paused), ['PREFLIGHT_BLOCKED', 'REPLICATION_PAUSED']);
  assert.equal((await api.landfall('DescribeFleet', { maxAlerts: 1 })).alerts.length, 1);
  assert.equal((await api.landfall('DescribeFleet', { maxAlerts: 0 })).alertsTotal, 2);
  const { job } = await api.landfall('StartLaunch', { sourceServerID, purpose: 'TEST' });
  await site.untilJobEnds(job.jobID);
  assert.equal((await fleet()).launches.measured, 1);
});

test('servers are found by what they are called, in any order, page by page, and changes are seen at once', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const ids = await addReadyServers(site, 30);
  const { applicationID = '' } = await api.mgn('CreateApplication', { name: 'shop' });
  const { waveID = '' } = await api.mgn('CreateWave', { name: 'night' });
  const find = (input: Landfall.ListServersRequest) => api.landfall('ListServers', input);
  assert.equal((await find({})).total, 30);
  const [one = '', two = '', three = ''] = ids;
  await tag(site, one, 'Till-10');
  await tag(site, two, 'till-2');
  const found = await find({ text: 'TILL-', sort: 'NAME', filters: { isArchived: false } });
  assert.deepEqual(
    found.items.map(({ tags }) => tags?.Name),
    ['till-2', 'Till-10'],
  );
  assert.equal((await find({ text: three })).items[0]?.sourceServerID, three);
  assert.deepEqual(await find({ text: 'nothing is called so' }), { items: [], total: 0 });

  await api.mgn('AssociateSourceServers', { applicationID, sourceServerIDs: [one, three] });
  assert.equal((await find({ filters: { applicationIDs: [applicationID] } })).total, 2);
  assert.equal((await find({ filters: { waveIDs: [waveID] } })).total, 0);
  await api.mgn('AssociateApplications', { waveID, applicationIDs: [applicationID] });
  assert.equal((await find({ filters: { waveIDs: [waveID] } })).total, 2);
  const other = ['app-00000000000000000'];
  assert.equal((await find({ filters: { waveIDs: [waveID], applicationIDs: other } })).total, 0);

  const seen: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = await find({ sort: 'NAME', descending: true, maxResults: 7, nextToken });
    seen.push(...page.items.map(({ sourceServerID = '' }) => sourceServerID));
    assert.equal(page.total, 30);
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  assert.equal(seen.length, 30);
  assert.deepEqual(new Set(seen), new Set(ids));
  const { nextToken: token } = await find({ sort: 'NAME', maxResults: 7 });
  await assert.rejects(find({ sort: 'LAG', maxResults: 7, nextToken: token }), {
    name: 'ValidationException',
  });

  await api.mgn('DisconnectFromService', { sourceServerID: two });
  await api.mgn('MarkAsArchived', { sourceServerID: two });
  assert.equal(
    (await find({ text: 'till-2', filters: { isArchived: false } })).items.some(
      ({ tags }) => tags?.Name === 'till-2',
    ),
    false,
  );
  assert.equal((await find({ filters: { isArchived: true } })).total, 1);
  await api.mgn('DeleteSourceServer', { sourceServerID: two });
  assert.equal((await find({})).total, 29);
  assert.equal((await api.landfall('DescribeFleet', {})).servers, 29);
});

test('both are reads: who may only look may, who may nothing may not, and both are in the audit log', async (t) => {
  const site = await startTestSite(t);
  const reader = await addTestUser(site.plane, {
    userName: 'reader',
    policies: ['AWSApplicationMigrationReadOnlyAccess'],
  });
  assert.equal((await reader.api.landfall('DescribeFleet', {})).servers, 0);
  assert.equal((await reader.api.landfall('ListServers', {})).total, 0);
  const stranger = await addTestUser(site.plane, {
    userName: 'stranger',
    policies: ['AmazonEC2ReadOnlyAccess'],
  });
  for (const name of ['DescribeFleet', 'ListServers'] as const) {
    await assert.rejects(stranger.api.landfall(name, {}), { name: 'AccessDeniedException' });
  }
  const blind = await addTestUser(site.plane, {
    userName: 'blind',
    statements: [
      { Effect: 'Allow', Action: 'landfall:*', Resource: '*' },
      { Effect: 'Deny', Action: 'mgn:DescribeSourceServers', Resource: '*' },
    ],
  });
  for (const name of ['DescribeFleet', 'ListServers'] as const) {
    await assert.rejects(blind.api.landfall(name, {}), /mgn:DescribeSourceServers/);
  }
  const { service } = site.plane.current();
  await service.audit.flush();
  const { items } = await site.plane.api.landfall('ListAuditEvents', { action: 'landfall:DescribeFleet' });
  assert.deepEqual(
    items.map(({ outcome }) => outcome),
    ['AccessDeniedException', 'AccessDeniedException', 'SUCCESS'],
  );
});

test(`with ${MANY} servers a glance and a search take a moment`, async (t) => {
  const plane = await startTestControlPlane(t);
  await addReportedServers(plane.current().service, MANY);
  const { landfall } = plane.api;
  await landfall('DescribeFleet', {});
  const fleet = await cpuOf(() => landfall('DescribeFleet', {}));
  const search = await cpuOf(() => landfall('ListServers', { text: 'web', sort: 'LAG', maxResults: 50 }));
  const names = await cpuOf(() => landfall('ListServers', { sort: 'NAME', maxResults: 50 }));
  t.diagnostic(`processor a call: fleet ${fleet}, search ${search}, by name ${names} ms`);
  for (const cpuMs of [fleet, search, names]) assert.ok(cpuMs < CALL_CPU_MAX_MS, `${cpuMs} ms`);
  assert.equal((await landfall('ListServers', { text: 'web' })).total, MANY);
});

/** Of the median call, ms. */
async function cpuOf(call: () => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  for (let calls = 0; calls < CALLS; calls += 1) {
    const before = process.cpuUsage();
    await call();
    const { user, system } = process.cpuUsage(before);
    took.push((user + system) / 1000);
  }
  return Math.round(took.sort((left, right) => left - right)[Math.floor(CALLS / 2)] ?? 0);
}
