/** Launches of a verified point: with the conversion that the proof has left, or with a word of why not. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestSite, type TestSite } from '../testing/test-site.ts';
import { waitFor } from '../testing/wait-for.ts';

async function startProof({ plane }: TestSite, sourceServerID: string) {
  const { bootProof } = await plane.api.landfall('StartBootProof', { sourceServerID });
  const { bootProofID } = bootProof;
  return async () => {
    const told = await waitFor(
      'the verdict',
      () => plane.api.landfall('DescribeBootProof', { bootProofID }),
      (one) => /VERIFIED|FAILED/.test(one.bootProof.state),
    );
    assert.equal(told.bootProof.state, 'VERIFIED');
  };
}

/** What the job's log says at the end of the conversion. */
async function launchVerified(site: TestSite, sourceServerID: string, at = 'VERIFIED'): Promise<string> {
  const { api } = site.plane;
  const { job } = await api.landfall('StartLaunch', { sourceServerID, purpose: 'TEST', at });
  await site.untilJobEnds(job.jobID);
  const { items = [] } = await api.mgn('DescribeJobLogItems', { jobID: job.jobID });
  const end = items.find(({ event }) => event === 'CONVERSION_END');
  assert.ok(end !== undefined);
  return end.eventData?.rawError ?? '';
}

test('the log of a launch says whether the conversion of the proof was used, else why not', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const { sourceServerId: sourceServerID, replica } = await site.addAgent();
  const untilVerified = await startProof(site, sourceServerID);
  await untilVerified();
  assert.match(await launchVerified(site, sourceServerID), /^not converted again: .* was used$/);
  site.host.kept.clear();
  assert.match(
    await launchVerified(site, sourceServerID),
    /^converted anew: .*, it is not on this launch host$/,
  );
  await api.landfall('UnpinRecoveryPoint', { sourceServerID, epoch: 1 });
  assert.match(await launchVerified(site, sourceServerID), /^converted anew: .* is not kept any more$/);
  replica.epoch = 2;
  assert.equal(await launchVerified(site, sourceServerID, 'epoch:2'), '', 'a point nobody has proved');
});

test('a proof makes the guest ready for scripts that launches may have, and has none of them', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const { sourceServerId: sourceServerID } = await site.addAgent();
  await api.mgn('PutSourceServerAction', {
    ...{ sourceServerID, actionID: 'check', actionName: 'check', order: 1001 },
    documentIdentifier: 'landfall-check-disks',
  });
  site.host.isLifeless = true;
  await startProof(site, sourceServerID);
  const { specification } =
    (await waitFor(
      'its machine',
      () => [...site.host.machines.values()][0],
      (machine) => machine !== undefined,
    )) ?? assert.fail();
  assert.deepEqual([specification.preparesForScripts, specification.postLaunchScripts], [true, undefined]);
});

test('a proof is made with all that the conversion of a launch depends on', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const { sourceServerId: sourceServerID } = await site.addAgent();
  const conversionOf = (wanted: string) => {
    const machines = [...site.host.machines.values()].map(({ specification }) => specification);
    const found = machines.find(({ purpose }) => purpose === wanted);
    if (found === undefined) return undefined;
    const {
      bootMode,
      conversionMethod,
      hardware,
      network,
      preparesForScripts,
      postLaunchScripts = [],
    } = found;
    const runsScripts = preparesForScripts === true || postLaunchScripts.length > 0;
    const { addresses, networkName: name } = network ?? {};
    return { bootMode, conversionMethod, hardware, runsScripts, addresses, name };
  };
  const prove = async () => {
    site.host.isLifeless = true;
    const untilVerified = await startProof(site, sourceServerID);
    const seen = await waitFor('its machine', () => conversionOf('PROOF'), Boolean);
    site.host.isLifeless = false;
    await untilVerified();
    return seen;
  };
  for (const [settings, launchTemplateData, address] of [
    [{}, { networkName: 'lab' }, undefined],
    [{ bootMode: 'UEFI' }, { conversionMethod: 'LANDFALL' }, undefined],
    [{ copyPrivateIp: true }, {}, '10.0.2.15/24'],
    [{ copyPrivateIp: false }, { addresses: [{ address: '192.0.2.7/24' }] }, '192.0.2.7/24'],
  ] as const) {
    await api.mgn('UpdateLaunchConfiguration', { sourceServerID, ...settings });
    const input = { sourceServerID, sourceVersion: '$Default', launchTemplateData };
    const { launchTemplateVersion } = await api.landfall('CreateLaunchTemplateVersion', input);
    await api.landfall('SetDefaultLaunchTemplateVersion', {
      ...{ sourceServerID, version: String(launchTemplateVersion.versionNumber) },
    });
    const ofProof = await prove();
    await launchVerified(site, sourceServerID, 'LATEST');
    const { name, ...ofLaunch } = conversionOf('TEST') ?? {};
    assert.equal(name, 'lab');
    assert.deepEqual(ofProof, { ...ofLaunch, name: undefined }, 'it is isolated whatever the template says');
    assert.equal(ofProof?.addresses?.[0]?.address, address);
  }
  // One of an older release tells no capabilities, and would not reach a proof at that address.
  site.host.capabilities = undefined;
  const hosts = async () => (await api.landfall('DescribeService', {})).launchHosts;
  await waitFor('its next report', hosts, ([host]) => host?.machineTypes === undefined);
  assert.equal((await prove())?.addresses, undefined);
});
