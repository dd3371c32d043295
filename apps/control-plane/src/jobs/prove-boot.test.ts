/** The proof before a cutover: made when it is needed, told when it fails, left out when it is told to be. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestSite, type TestSite } from '../testing/test-site.ts';
import { waitFor } from '../testing/wait-for.ts';

async function readyForCutover(site: TestSite): Promise<{ sourceServerID: string; barriers: number[] }> {
  const { sourceServerId: sourceServerID, barriers } = await site.addAgent();
  const lifeCycle = { state: 'READY_FOR_CUTOVER' } as const;
  await site.plane.api.mgn('ChangeServerLifeCycleState', { sourceServerID, lifeCycle });
  return { sourceServerID, barriers };
}

async function cutOver({ plane }: TestSite, sourceServerID: string) {
  return (await plane.api.mgn('StartCutover', { sourceServerIDs: [sourceServerID] })).job?.jobID;
}

async function proveUntil(
  { plane: { api } }: TestSite,
  sourceServerID: string,
  end: 'VERIFIED' | 'FAILED',
): Promise<void> {
  const { bootProofID } = (await api.landfall('StartBootProof', { sourceServerID })).bootProof;
  await waitFor(
    `the proof to end ${end}`,
    async () => (await api.landfall('DescribeBootProof', { bootProofID })).bootProof.state,
    (state) => state === end,
  );
}

async function errorsOf({ plane }: TestSite, jobID = ''): Promise<string> {
  const { items = [] } = await plane.api.mgn('DescribeJobLogItems', { jobID });
  return items.flatMap(({ eventData }) => eventData?.rawError ?? []).join('\n');
}

test('a cutover proves that the server boots before its barrier, and the next one relies on that', async (t) => {
  const site = await startTestSite(t);
  const { sourceServerID, barriers } = await readyForCutover(site);
  let barriersAtProof = -1;
  site.host.onCommand = (name) => {
    if (name === 'readConsole' && barriersAtProof < 0) barriersAtProof = barriers.length;
  };
  const jobID = await cutOver(site, sourceServerID);
  const job = await site.untilJobEnds(jobID);
  assert.equal(job.participatingServers?.[0]?.launchStatus, 'LAUNCHED');
  assert.equal(barriersAtProof, 0, 'while the source was not asked for anything');
  assert.equal(barriers.length, 1);
  const log = await site.logOf(jobID);
  assert.deepEqual(log.slice(0, 4), ['JOB_START', 'BOOT_PROOF_START', 'BOOT_PROOF_END', 'SNAPSHOT_START']);
  const { api } = site.plane;
  const lifeCycle = { state: 'READY_FOR_CUTOVER' } as const;
  await api.mgn('ChangeServerLifeCycleState', { sourceServerID, lifeCycle });
  const again = await cutOver(site, sourceServerID);
  await site.untilJobEnds(again);
  assert.ok(
    !(await site.logOf(again)).includes('BOOT_PROOF_START' as never),
    'a verified point is recent enough',
  );
  assert.equal((await api.landfall('ListBootProofs', { sourceServerID })).items.length, 1);
});

test('a cutover of a server that does not boot ends before its barrier and says why', async (t) => {
  const site = await startTestSite(t);
  const { sourceServerID, barriers } = await readyForCutover(site);
  site.host.failConversion = true;
  site.host.failureCode = 'CONVERSION_IMPOSSIBLE';
  const jobID = await cutOver(site, sourceServerID);
  const job = await site.untilJobEnds(jobID);
  assert.equal(job.participatingServers?.[0]?.launchStatus, 'FAILED');
  assert.equal(barriers.length, 0);
  assert.match(await errorsOf(site, jobID), /BOOT_PROOF_FAILED: proof of boot .* CONVERSION_IMPOSSIBLE/);
  const log = await site.logOf(jobID);
  assert.deepEqual(log, ['JOB_START', 'BOOT_PROOF_START', 'BOOT_PROOF_FAIL', 'LAUNCH_FAILED', 'JOB_END']);
});

test('told to, or with the setting off, a cutover goes on without a proof', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const one = await readyForCutover(site);
  const input = { sourceServerID: one.sourceServerID, purpose: 'CUTOVER', unproved: true } as const;
  const { job } = await api.landfall('StartLaunch', input);
  await site.untilJobEnds(job.jobID);
  const other = await readyForCutover(site);
  const off = { sourceServerID: other.sourceServerID, proofBeforeCutover: false };
  await api.landfall('PutBootProofSchedule', off);
  await site.untilJobEnds(await cutOver(site, other.sourceServerID));
  for (const { sourceServerID, barriers } of [one, other]) {
    assert.deepEqual((await api.landfall('ListBootProofs', { sourceServerID })).items, []);
    assert.equal(barriers.length, 1);
  }
});

test('a cutover takes over a proof that is under way, which steps aside no more', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const { sourceServerID } = await readyForCutover(site);
  site.host.isLifeless = true;
  const { bootProof } = await api.landfall('StartBootProof', { sourceServerID });
  await waitFor(
    'its machine',
    () => site.host.machines.size,
    (size) => size === 1,
  );
  const jobID = await cutOver(site, sourceServerID);
  const { bootProofID } = bootProof;
  await waitFor(
    'the cutover to wait for it',
    async () => (await api.landfall('DescribeBootProof', { bootProofID })).bootProof.trigger,
    (trigger) => trigger === 'BEFORE_CUTOVER',
  );
  site.host.isLifeless = false;
  const job = await site.untilJobEnds(jobID);
  assert.equal(job.participatingServers?.[0]?.launchStatus, 'LAUNCHED');
  const { items } = await api.landfall('ListBootProofs', { sourceServerID });
  assert.deepEqual(
    items.map((item) => `${item.bootProofID} ${item.state}`),
    [`${bootProofID} VERIFIED`],
  );
});

test('a cutover that is cut off while it waits for its proof goes on, and proves once', async (t) => {
  const site = await startTestSite(t);
  const { sourceServerID } = await readyForCutover(site);
  let restarted: Promise<void> | undefined;
  site.host.onCommand = (name) => {
    if (name === 'ensureMachine') restarted ??= site.plane.restart();
  };
  const jobID = await cutOver(site, sourceServerID);
  const job = await site.untilJobEnds(jobID);
  assert.ok(restarted);
  assert.equal(job.participatingServers?.[0]?.launchStatus, 'LAUNCHED');
  const { items } = await site.plane.api.landfall('ListBootProofs', { sourceServerID });
  assert.equal(items.length, 1);
});

test('a test whose machine lived is proof enough, also after a proof that failed', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const { sourceServerId: sourceServerID } = await site.addAgent();
  site.host.failConversion = true;
  site.host.failureCode = 'CONVERSION_IMPOSSIBLE';
  await proveUntil(site, sourceServerID, 'FAILED');
  site.host.failConversion = false;
  site.host.isLifeless = true;
  const { job } = await api.mgn('StartTest', { sourceServerIDs: [sourceServerID] });
  await site.untilJobEnds(job?.jobID);
  const firstBoot = async () => (await site.server(sourceServerID)).launchedInstance?.firstBoot;
  assert.equal(await firstBoot(), 'UNKNOWN');
  site.host.isLifeless = false;
  // Nobody asks for the machine any more: its host looks at it by itself.
  const machineID = (await site.server(sourceServerID)).launchedInstance?.ec2InstanceID ?? '';
  site.host.look(machineID);
  await waitFor('its first boot to be told', firstBoot, (told) => told === 'SUCCEEDED');
  const lifeCycle = { state: 'READY_FOR_CUTOVER' } as const;
  await api.mgn('ChangeServerLifeCycleState', { sourceServerID, lifeCycle });
  await site.untilJobEnds(await cutOver(site, sourceServerID));
  const { items } = await api.landfall('ListBootProofs', { sourceServerID });
  assert.deepEqual(
    items.map(({ trigger }) => trigger),
    ['REQUESTED'],
  );
});

test('a verified point counts no more once a later proof failed', async (t) => {
  const site = await startTestSite(t);
  const { sourceServerID, barriers } = await readyForCutover(site);
  await proveUntil(site, sourceServerID, 'VERIFIED');
  site.host.failConversion = true;
  site.host.failureCode = 'CONVERSION_IMPOSSIBLE';
  await proveUntil(site, sourceServerID, 'FAILED');
  const job = await site.untilJobEnds(await cutOver(site, sourceServerID));
  assert.equal(job.participatingServers?.[0]?.launchStatus, 'FAILED');
  assert.deepEqual(barriers, []);
  assert.ok((await site.logOf(job.jobID)).includes('BOOT_PROOF_START' as never), 'it was proved anew');
});

test('a panic on an overloaded host is no verdict the first time', async (t) => {
  const site = await startTestSite(t);
  const { sourceServerID } = await readyForCutover(site);
  site.host.loadPerProcessor = 5;
  site.host.failConversion = true;
  site.host.failureCode = 'GUEST_PANICKED';
  let machines = 0;
  site.host.onCommand = (name) => {
    if (name === 'ensureMachine') machines += 1;
    // What ends the machine of the first attempt.
    if (name === 'terminateMachine') site.host.failConversion = false;
  };
  const job = await site.untilJobEnds(await cutOver(site, sourceServerID));
  assert.equal(job.participatingServers?.[0]?.launchStatus, 'LAUNCHED');
  const { items } = await site.plane.api.landfall('ListBootProofs', { sourceServerID });
  assert.deepEqual(
    items.map(({ state, attempts }) => ({ state, attempts })),
    [{ state: 'VERIFIED', attempts: 1 }],
  );
  assert.ok(machines > 1);
});
