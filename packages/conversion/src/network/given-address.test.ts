/** Guests that cannot ask for an address, and what they are told instead. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspectionOf } from '../guest/golden-guests.testing.ts';
import { DEBIAN_IFUPDOWN, GOLDEN_NETWORKS } from './golden-networks.testing.ts';
import { needsGivenAddress, planNetwork } from './plan-network.ts';

const TARGET = {
  macAddress: '52:54:00:aa:bb:cc',
  given: { address: '10.0.2.15/24', gateway: '10.0.2.2' },
};
const INTERFACES = '/etc/network/interfaces';

function interfacesOf({ steps }: ReturnType<typeof planNetwork>): string {
  const written = steps.find((step) => step.kind === 'WRITE_FILE' && step.path === INTERFACES);
  assert.ok(written?.kind === 'WRITE_FILE');
  return written.text;
}

test("a static ifupdown guest without a DHCP client gets an address of the machine's network", () => {
  const inspection = inspectionOf({ files: DEBIAN_IFUPDOWN.files });
  assert.equal(needsGivenAddress(inspection, TARGET), true);
  const addresses = [{ address: '192.168.1.9/24' }];
  assert.equal(needsGivenAddress(inspection, { ...TARGET, addresses }), false, 'it keeps its own');
  const plan = planNetwork(inspection, TARGET);
  assert.match(
    interfacesOf(plan),
    /iface ens192 inet static\n {4}address 10\.0\.2\.15\/24\n {4}gateway 10\.0\.2\.2\n/,
  );
  assert.deepEqual(
    plan.notes.map(({ finding }) => finding),
    ['INTERFACES_LOST'],
  );
  for (const { detail } of plan.steps)
    assert.doesNotMatch(detail, /10\.0\.2/, 'a preflight knows no address');
});

test('a guest that cannot ask in a network nobody knows is told of, and does not keep its address', () => {
  const inspection = inspectionOf({ files: DEBIAN_IFUPDOWN.files });
  const plan = planNetwork(inspection, { macAddress: TARGET.macAddress });
  assert.ok(plan.notes.some(({ finding }) => finding === 'NETWORK_UNADDRESSED'));
  assert.match(interfacesOf(plan), /iface ens192 inet dhcp\n/);
});

test('only ifupdown brings no DHCP client of its own', () => {
  for (const [name, network] of Object.entries(GOLDEN_NETWORKS))
    assert.equal(needsGivenAddress(inspectionOf(network), TARGET), false, name);
});
