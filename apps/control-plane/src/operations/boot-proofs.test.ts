/** Proofs of boot from the schedule to the verdict, through whatever comes in between. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { systemClock } from '@landfall/runtime';
import { shiftedClock } from '../testing/shifted-clock.ts';
import { startTestSite, type TestSite } from '../testing/test-site.ts';
import { waitFor } from '../testing/wait-for.ts';

const HOUR_MS = 3_600_000;

function latestOf({ plane }: TestSite, sourceServerID: string) {
  return async () => (await plane.api.landfall('ListBootProofs', { sourceServerID })).items[0];
}

async function start({ plane }: TestSite, sourceServerID: string, at?: string) {
  const { bootProof } = await plane.api.landfall('StartBootProof', { sourceServerID, at });
  const { bootProofID } = bootProof;
  return { bootProofID, get: () => plane.api.landfall('DescribeBootProof', { bootProofID }) };
}

async function prove(site: TestSite, sourceServerID: string, at?: string) {
  const { get } = await start(site, sourceServerID, at);
  return waitFor('the verdict', get, ({ bootProof }) => /VERIFIED|FAILED/.test(bootProof.state));
}

async function nothingHeld({ host, replication }: TestSite): Promise<void> {
  await waitFor(
    'the machines to be gone',
    () => host.machines.size,
    (size) => size === 0,
  );
  await waitFor(
    'the exports to be closed',
    () => replication.exports.size,
    (size) => size === 0,
  );
}

test('a server that lives is verified, its point keeps, and a launch of it finds its conversion done', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const { sourceServerId: sourceServerID, replica } = await site.addAgent();
  await assert.rejects(api.landfall('StartLaunch', { sourceServerID, purpose: 'TEST', at: 'VERIFIED' }), {
    name: 'ConflictException',
    message: /no recovery point .* is known to boot/,
  });
  replica.epoch = 7;
  const { bootProof, consoleTail, screenshotPngBase64 } = await prove(site, sourceServerID, 'epoch:5');
  assert.equal(bootProof.state, 'VERIFIED');
  assert.equal(bootProof.recoveryPoint?.epoch, 5);
  assert.deepEqual(bootProof.sign, { kind: 'LOGIN_PROMPT' });
  assert.equal(consoleTail, 'login:');
  assert.match(screenshotPngBase64 ?? '', /^iVBORw0KGgo/);
  await nothingHeld(site);
  const { items } = await api.landfall('ListRecoveryPoints', { sourceServerID });
  const marked = items.filter(({ verified }) => verified).map(({ epoch, name }) => ({ epoch, name }));
  assert.deepEqual(marked, [{ epoch: 5, name: 'boot-proof' }]);
  await waitFor(
    'it to be told as prepared',
    latestOf(site, sourceServerID),
    (one) => one?.isPrepared === true,
  );
  const { job } = await api.landfall('StartLaunch', { sourceServerID, purpose: 'TEST', at: 'VERIFIED' });
  await site.untilJobEnds(job.jobID);
  const [launched] = [...site.host.machines.values()];
  assert.equal(launched?.specification.purpose, 'TEST');
  assert.deepEqual([launched?.specification.preparedConversion], [...site.host.kept.keys()]);
  assert.equal(launched?.specification.recoveryPoint?.epoch, 5);
  assert.equal(launched?.specification.keepConversionAs, undefined);
});

test('a machine of a proof is isolated, published where its signs are, and is none of the launched ones', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const { sourceServerId: sourceServerID } = await site.addAgent();
  site.host.isLifeless = true;
  const signsOfLife = [{ kind: 'HTTP', port: 8080, path: '/up' }] as const;
  await api.landfall('PutBootProofSchedule', { sourceServerID, signsOfLife });
  await start(site, sourceServerID);
  await waitFor(
    'the machine',
    () => site.host.machines.size,
    (size) => size === 1,
  );
  const [machine] = [...site.host.machines.values()];
  assert.equal(machine?.specification.purpose, 'PROOF');
  assert.deepEqual(machine?.specification.publishedPorts, [8080]);
  assert.deepEqual(machine?.specification.signsOfLife, signsOfLife);
  assert.equal(machine?.specification.disposition, 'STARTED');
  assert.deepEqual((await api.landfall('DescribeLaunchedMachines', {})).items, []);
});

test('without a sign of life in time the proof fails, with what its console said, and nothing is kept', async (t) => {
  const clock = shiftedClock();
  const site = await startTestSite(t, { clock });
  const { sourceServerId } = await site.addAgent();
  site.host.isLifeless = true;
  const { get } = await start(site, sourceServerId);
  await waitFor('it to run', get, ({ bootProof }) => bootProof.machineID !== undefined);
  await waitFor(
    'the machine to run',
    () => [...site.host.machines.values()][0]?.status.phase,
    (phase) => phase === 'RUNNING',
  );
  await systemClock.sleep(500);
  clock.shiftMs = 601_000;
  await nothingHeld(site);
  clock.shiftMs = 0;
  const { bootProof, consoleTail, screenshotPngBase64 } = await waitFor(
    'the verdict',
    get,
    (told) => told.bootProof.state === 'FAILED',
  );
  assert.equal(bootProof.error?.code, 'BOOT_PROOF_FAILED');
  assert.match(bootProof.error?.message ?? '', /no sign of life within 600 s/);
  assert.equal(consoleTail, 'login:');
  assert.ok(screenshotPngBase64);
  await nothingHeld(site);
  await waitFor(
    'its conversion to be given up',
    () => site.host.kept.size,
    (size) => size === 0,
  );
});

test('a guest that cannot be converted is a verdict and is not tried again', async (t) => {
  const site = await startTestSite(t);
  const { sourceServerId } = await site.addAgent();
  site.host.failConversion = true;
  site.host.failureCode = 'CONVERSION_IMPOSSIBLE';
  const { bootProof } = await prove(site, sourceServerId);
  assert.equal(bootProof.state, 'FAILED');
  assert.equal(bootProof.attempts, 0);
  assert.equal(bootProof.error?.code, 'CONVERSION_IMPOSSIBLE');
  await nothingHeld(site);
});

test('an attempt that says nothing of the server is told and tried again, at last it fails', async (t) => {
  const clock = shiftedClock();
  const site = await startTestSite(t, { clock });
  const { sourceServerId } = await site.addAgent();
  site.host.failConversion = true;
  site.host.failureCode = 'OVERLAY_NO_SPACE';
  const ensured = () => site.host.done.filter((each) => each.startsWith('ensureMachine')).length;
  const { get } = await start(site, sourceServerId);
  const waiting = await waitFor('the first failure', get, ({ bootProof }) => bootProof.attempts === 1);
  assert.match(waiting.bootProof.reason ?? '', /OVERLAY_NO_SPACE/);
  for (let attempts = 2; attempts <= 5; attempts += 1) {
    const before = ensured();
    clock.shiftMs = attempts * HOUR_MS;
    await waitFor(`attempt ${attempts}`, ensured, (count) => count > before);
    await nothingHeld(site);
    clock.shiftMs = 0;
  }
  const { bootProof } = await waitFor('the end', get, (told) => told.bootProof.state === 'FAILED');
  assert.equal(bootProof.error?.code, 'OVERLAY_NO_SPACE');
  await nothingHeld(site);
});

test('launches come first: a running proof gives its machine back, and begins again after them', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const { sourceServerId: proved } = await site.addAgent();
  const { sourceServerId: launched } = await site.addAgent();
  site.host.isLifeless = true;
  const { get } = await start(site, proved);
  await waitFor(
    'its machine',
    () => site.host.machines.size,
    (size) => size === 1,
  );
  const [first] = [...site.host.machines.keys()];
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  site.replication.onCommand = (name) => (name === 'resolveRecoveryPoint' ? held : undefined);
  const { job } = await api.landfall('StartLaunch', {
    sourceServerID: launched,
    purpose: 'TEST',
    at: 'epoch:1',
  });
  const aside = await waitFor('it to step aside', get, ({ bootProof }) => bootProof.state === 'WAITING');
  assert.match(aside.bootProof.reason ?? '', /a launch comes first/);
  assert.equal(aside.bootProof.attempts, 0);
  await waitFor(
    'its machine to be gone',
    () => site.host.machines.has(first ?? ''),
    (there) => !there,
  );
  site.replication.onCommand = undefined;
  release();
  await site.untilJobEnds(job.jobID);
  site.host.isLifeless = false;
  const { bootProof } = await waitFor('the verdict', get, (told) => told.bootProof.state === 'VERIFIED');
  assert.notEqual(bootProof.machineID, first);
});

test('a newer verified point takes the place of the older one: its name and conversion go', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const { sourceServerId: sourceServerID, replica } = await site.addAgent();
  replica.epoch = 3;
  await prove(site, sourceServerID, 'epoch:1');
  await prove(site, sourceServerID, 'epoch:3');
  const names = async () => {
    const { items } = await api.landfall('ListRecoveryPoints', { sourceServerID });
    return items.map(({ epoch, name = '-', verified = false }) => `${epoch} ${name} ${verified}`);
  };
  await waitFor('the older to be unpinned', names, ([, , oldest]) => oldest === '1 - true');
  assert.deepEqual(await names(), ['3 boot-proof true', '2 - false', '1 - true']);
  await waitFor(
    'the older conversion to be removed',
    () => [...site.host.kept.keys()],
    (kept) => kept.length === 1 && (kept[0] ?? '').startsWith(`${sourceServerID}.3.`),
  );
  await api.mgn('DisconnectFromService', { sourceServerID });
  await waitFor(
    'all to be given up with the server',
    () => site.host.kept.size,
    (size) => size === 0,
  );
});

test('a name that somebody gave to the point stays', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const { sourceServerId: sourceServerID, replica } = await site.addAgent();
  replica.epoch = 2;
  await api.landfall('PinRecoveryPoint', { sourceServerID, at: 'epoch:1', name: 'before the upgrade' });
  await prove(site, sourceServerID, 'epoch:1');
  await prove(site, sourceServerID, 'epoch:2');
  await waitFor(
    'the older conversion to be removed',
    () => site.host.kept.size,
    (size) => size === 1,
  );
  const { items } = await api.landfall('ListRecoveryPoints', { sourceServerID });
  assert.deepEqual(
    items.map(({ name }) => name),
    ['boot-proof', 'before the upgrade'],
  );
});

test('a control plane that is cut off at any command comes to the verdict after its restart', async (t) => {
  const site = await startTestSite(t);
  const commands = [
    'resolveRecoveryPoint',
    'openExport',
    'ensureMachine',
    'describeMachine',
    'readConsole',
    'takeScreenshot',
    'pinRecoveryPoint',
    'terminateMachine',
    'closeExport',
  ];
  const { sourceServerId } = await site.addAgent();
  for (const name of commands) {
    let restarted: Promise<void> | undefined;
    const cutOff = (command: string) => {
      if (command === name) restarted ??= site.plane.restart();
    };
    site.replication.onCommand = cutOff;
    site.host.onCommand = cutOff;
    const { get } = await start(site, sourceServerId);
    await waitFor(`the cut at ${name}`, () => restarted !== undefined, Boolean);
    await restarted;
    const { bootProof } = await waitFor(`the end after ${name}`, get, (told) => {
      return /VERIFIED|FAILED/.test(told.bootProof.state);
    });
    assert.equal(bootProof.state, 'VERIFIED', name);
    assert.equal(bootProof.attempts, 0, name);
    await nothingHeld(site);
  }
});

test('proofs begin by themselves when they are due, and not while the schedule is off', async (t) => {
  const clock = shiftedClock();
  const site = await startTestSite(t, { clock });
  const { api } = site.plane;
  const { sourceServerId: sourceServerID } = await site.addAgent();
  const schedule = await api.landfall('GetBootProofSchedule', { sourceServerID });
  assert.equal(schedule.intervalHours, 24);
  assert.ok(schedule.nextDateTime);
  const latest = latestOf(site, sourceServerID);
  assert.equal(await latest(), undefined, 'it was just added');
  const ended = () => site.host.done.filter((each) => each.startsWith('terminateMachine')).length;
  clock.shiftMs = HOUR_MS + 60_000;
  await waitFor('the first to end', ended, (count) => count === 1);
  clock.shiftMs = 0;
  const first = await waitFor('the first', latest, (one) => one?.state === 'VERIFIED');
  assert.equal(first?.trigger, 'SCHEDULED');
  await api.landfall('PutBootProofSchedule', { sourceServerID, intervalHours: 0 });
  clock.shiftMs = 48 * HOUR_MS;
  await systemClock.sleep(300);
  clock.shiftMs = 0;
  assert.equal((await latest())?.bootProofID, first?.bootProofID);
  const daily = await api.landfall('PutBootProofSchedule', { sourceServerID, intervalHours: 24 });
  assert.equal(daily.lifeTimeoutSeconds, schedule.lifeTimeoutSeconds);
  clock.shiftMs = 48 * HOUR_MS;
  await waitFor('the next to end', ended, (count) => count === 2);
  clock.shiftMs = 0;
  await waitFor('the next', latest, (one) => one?.bootProofID !== first?.bootProofID);
});

test('whoever takes the name from a verified point gives up what is kept for it', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const { sourceServerId: sourceServerID } = await site.addAgent();
  await prove(site, sourceServerID);
  await api.landfall('UnpinRecoveryPoint', { sourceServerID, epoch: 1 });
  await waitFor(
    'the conversion to be removed',
    () => site.host.kept.size,
    (size) => size === 0,
  );
  const { job } = await api.landfall('StartLaunch', { sourceServerID, purpose: 'TEST', at: 'VERIFIED' });
  const launched = await site.untilJobEnds(job.jobID);
  assert.equal(launched.participatingServers?.[0]?.launchStatus, 'LAUNCHED', 'the point is still there');
});

test('two of a server at once are one; servers, points and signs that are none are refused', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const { sourceServerId: sourceServerID, replica } = await site.addAgent();
  replica.epoch = 2;
  site.host.isLifeless = true;
  const one = await start(site, sourceServerID, 'epoch:1');
  assert.equal((await start(site, sourceServerID, 'epoch:1')).bootProofID, one.bootProofID);
  await assert.rejects(start(site, sourceServerID, 'epoch:2'), { name: 'ConflictException' });
  const unknown = 's-00000000000000000';
  await assert.rejects(start(site, unknown), { name: 'ResourceNotFoundException' });
  await assert.rejects(api.landfall('DescribeBootProof', { bootProofID: 'boot-0' }), {
    name: 'ResourceNotFoundException',
  });
  const portless = api.landfall('PutBootProofSchedule', { sourceServerID, signsOfLife: [{ kind: 'TCP' }] });
  await assert.rejects(portless, { name: 'ValidationException' });
  const none = api.landfall('PutBootProofSchedule', { sourceServerID, signsOfLife: [] });
  await assert.rejects(none, { name: 'ValidationException' });
  await api.mgn('StopReplication', { sourceServerID });
  const ended = await waitFor('its end', one.get, ({ bootProof }) => bootProof.state === 'FAILED');
  assert.match(ended.bootProof.error?.message ?? '', /replication of the server was ended/);
  await nothingHeld(site);
});

test('a script whose good end is the sign runs in the machine of the proof, and has to be runnable', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const { sourceServerId: sourceServerID } = await site.addAgent();
  const put = (script: string | undefined) =>
    api.landfall('PutBootProofSchedule', { sourceServerID, signsOfLife: [{ kind: 'SCRIPT', script }] });
  await assert.rejects(put(undefined), { name: 'ValidationException', message: /needs a script/ });
  await assert.rejects(put('none-such'), { name: 'ValidationException', message: /no script document/ });
  await assert.rejects(put('landfall-create-file'), { name: 'ValidationException', message: /path/ });
  await put('landfall-check-http');
  const { bootProof } = await prove(site, sourceServerID);
  assert.equal(bootProof.state, 'VERIFIED');
  assert.deepEqual(bootProof.sign, { kind: 'SCRIPT', script: 'landfall-check-http' });
});
