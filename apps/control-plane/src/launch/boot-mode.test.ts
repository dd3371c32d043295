/** `USE_SOURCE`: what the agent has seen decides, and without it the launch host by the disks. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { SOURCE_PROPERTIES } from '../testing/source-fixtures.ts';
import { startTestSite } from '../testing/test-site.ts';
import { waitFor } from '../testing/wait-for.ts';

test('USE_SOURCE follows what the agent reports, in preflights, proofs and launches', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const agent = await site.addAgent();
  const { sourceServerId: sourceServerID } = agent;
  const propertiesOf = async () => (await site.server(sourceServerID)).sourceProperties;
  const launched = async () => {
    const { job } = await api.mgn('StartTest', { sourceServerIDs: [sourceServerID] });
    await site.untilJobEnds(job?.jobID);
    return [...site.host.machines.values()].at(-1)?.specification.bootMode;
  };
  assert.equal(await launched(), 'USE_SOURCE', 'an older agent does not say');
  const os = { fullString: 'Debian GNU/Linux 13 (trixie)' };
  agent.sourceProperties = { ...SOURCE_PROPERTIES, os, bootMode: 'UEFI' };
  const told = await waitFor('the report', propertiesOf, (seen) => seen?.os?.fullString === os.fullString);
  assert.ok(!Object.keys(told ?? {}).includes('bootMode'), 'the public shape stays as it is');
  assert.equal(await launched(), 'UEFI');
  await api.landfall('StartPreflight', { sourceServerID });
  await waitFor(
    'the preflight',
    () => site.host.preflights.orders.at(-1)?.bootMode,
    (bootMode) => bootMode === 'UEFI',
  );
  await api.mgn('UpdateLaunchConfiguration', { sourceServerID, bootMode: 'LEGACY_BIOS' });
  assert.equal(await launched(), 'LEGACY_BIOS', 'what was asked for comes first');
});
