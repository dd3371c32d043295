import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findQemuNetwork, parseQemuNetworks } from './host-network.ts';

test('a file names networks beside those that are always there', () => {
  const networks = parseQemuNetworks(
    '{"lab":{"kind":"BRIDGE","bridge":"br-lab"},"t":{"kind":"BRIDGE","tap":"t0"}}',
  );
  assert.deepEqual(networks, [
    { name: 'lab', kind: 'BRIDGE', bridge: 'br-lab' },
    { name: 't', kind: 'BRIDGE', tap: 't0' },
    { name: 'isolated', kind: 'ISOLATED' },
    { name: 'user', kind: 'USER' },
  ]);
});

test('M6: no file can open the network a test is launched in', () => {
  const networks = parseQemuNetworks('{"isolated":{"kind":"USER"}}');
  assert.equal(findQemuNetwork(networks, { purpose: 'TEST' }).kind, 'ISOLATED');
  assert.equal(findQemuNetwork(networks, { purpose: 'PROOF' }).kind, 'ISOLATED');
  assert.equal(findQemuNetwork(networks, { purpose: 'CUTOVER' }).kind, 'USER');
  assert.equal(findQemuNetwork(networks, { purpose: 'TEST', networkName: 'user' }).kind, 'USER');
});

test('an unknown network is NETWORK_UNKNOWN, and the hint says which there are', () => {
  const networks = parseQemuNetworks('{}');
  assert.throws(() => findQemuNetwork(networks, { purpose: 'TEST', networkName: 'lab' }), {
    code: 'NETWORK_UNKNOWN',
    hint: /isolated, user/,
  });
});

test('anything else in the file is NETWORKS_INVALID', () => {
  const wrong = [
    '',
    '[]',
    '"x"',
    '{"a b":{"kind":"USER"}}',
    '{"a":null}',
    '{"a":{"kind":"BRIDGE"}}',
    '{"a":{"kind":"BRIDGE","bridge":"x,script=/tmp/x"}}',
    '{"a":{"kind":"BRIDGE","bridge":"b","tap":"t"}}',
    '{"a":{"kind":"NAT"}}',
  ];
  for (const text of wrong) assert.throws(() => parseQemuNetworks(text), { code: 'NETWORKS_INVALID' }, text);
});
