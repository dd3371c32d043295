import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isolatedBridge, planIsolatedNetwork } from './libvirt-isolation.ts';

test('the network we make isolates, on the bridge it names', () => {
  assert.equal(isolatedBridge(planIsolatedNetwork()), 'virbr-landfall');
});

test('N1: a network of that name with a way out is refused, whoever made it', () => {
  const network = (inside: string) => `<network><name>landfall-isolated</name>${inside}</network>`;
  const wrong = [
    "<forward mode='nat'/><bridge name='b'/>",
    "<bridge name='b'/><ip family='ipv6' address='fd00::1' prefix='64'/>",
    "<bridge name='b c'/>",
    '',
  ];
  for (const inside of wrong) {
    assert.throws(() => isolatedBridge(network(inside)), { code: 'NETWORK_NOT_ISOLATED' }, inside);
  }
  assert.equal(isolatedBridge(network("<bridge name='b'/>")), 'b');
});
