import assert from 'node:assert/strict';
import test from 'node:test';
import { createAddressGuard } from './address-guard.ts';

const CLOSED = [
  ...['127.0.0.1', '127.255.255.254', '0.0.0.0', '169.254.169.254', '169.254.0.1', '192.0.0.192'],
  ...['100.100.100.200', '168.63.129.16', '224.0.0.1', '255.255.255.255', '240.0.0.1'],
  ...['::1', '::', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1', 'fd00:ec2::254', 'fd20:ce::254'],
  ...['::ffff:127.0.0.1', '::ffff:a9fe:a9fe', '::ffff:0:0', '::127.0.0.1', '64:ff9b::169.254.169.254'],
  ...['64:ff9b::7f00:1', '2002:7f00:1::', '2001:0:4136:e378::'],
];
const OPEN = [
  ...['10.1.2.3', '172.16.0.1', '192.168.1.1', '100.64.0.1', '93.184.216.34', '100.100.100.201'],
  ...['2606:2800:220:1::1', 'fd12:3456::1', '::ffff:10.1.2.3', '64:ff9b::808:808'],
];

test('what only this machine can reach is closed, in whatever spelling', () => {
  const guard = createAddressGuard([]);
  assert.deepEqual(
    CLOSED.filter((address) => guard.isOpen(address)),
    [],
  );
  assert.deepEqual(
    OPEN.filter((address) => !guard.isOpen(address)),
    [],
  );
  assert.deepEqual(
    [...OPEN, ...CLOSED].filter((address) => guard.isTrusted(address)),
    [],
  );
});

test('a network that was named is open, and nothing beside it', () => {
  const guard = createAddressGuard(['127.0.0.0/30', 'fe80::/64']);
  for (const address of ['127.0.0.1', '::ffff:127.0.0.2', 'fe80::1%eth0']) {
    assert.ok(guard.isOpen(address) && guard.isTrusted(address), address);
  }
  for (const address of ['127.0.0.4', '169.254.169.254', 'fe80:0:0:1::1']) {
    assert.ok(!guard.isOpen(address) && !guard.isTrusted(address), address);
  }
});

test('what is no network is refused', () => {
  for (const text of ['', '127.0.0.1', '127.0.0.0/33', 'fe80::/129', 'example.org/8', '1.2.3.4/-1']) {
    assert.throws(() => createAddressGuard([text]), { code: 'OPTION_INVALID' }, text);
  }
});
