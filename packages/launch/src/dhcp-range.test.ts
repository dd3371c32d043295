import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chooseAddress, parseLeases, parseNetworkAddresses, prefixedAddress } from './dhcp-range.ts';
import { planIsolatedNetwork } from './libvirt-isolation.ts';

/** As libvirt 9.0 prints what it brings along, with an entry and IPv6 added. */
const DEFAULT = `<network>
  <name>default</name>
  <forward mode='nat'/>
  <bridge name='virbr0' stp='on' delay='0'/>
  <ip family='ipv6' address='fd00::1' prefix='64'><dhcp><range start='fd00::2' end='fd00::9'/></dhcp></ip>
  <ip address='192.168.122.1' netmask='255.255.255.0'>
    <dhcp>
      <range start='192.168.122.100' end='192.168.122.102'/>
      <range start='192.168.122.200' end='192.168.122.200'>
        <lease expiry='1' unit='hours'/>
      </range>
      <host mac='52:54:00:00:00:01' name='db' ip='192.168.122.101'/>
    </dhcp>
  </ip>
</network>`;
const MAC = '52:54:00:aa:bb:cc';

function addressesOf(xml: string) {
  return parseNetworkAddresses(xml) ?? assert.fail('it gives addresses');
}

test('what a network gives is read from its definition', () => {
  const { reservations, ...found } = addressesOf(DEFAULT);
  assert.deepEqual(found, {
    ...{ gateway: '192.168.122.1', prefixLength: 24, hasNameServer: true },
    ranges: [
      { first: '192.168.122.100', last: '192.168.122.102' },
      { first: '192.168.122.200', last: '192.168.122.200' },
    ],
  });
  assert.deepEqual(reservations, [{ mac: '52:54:00:00:00:01', name: 'db', address: '192.168.122.101' }]);
  assert.deepEqual(prefixedAddress(addressesOf(DEFAULT), '192.168.122.100'), {
    ...{ address: '192.168.122.100/24', gateway: '192.168.122.1', nameServers: ['192.168.122.1'] },
  });
  assert.equal(addressesOf(planIsolatedNetwork()).hasNameServer, false);
});

test('a network without a range, or of IPv6 only, gives none that is known', () => {
  for (const inside of [
    "<bridge name='br0'/>",
    "<ip address='10.0.0.1' netmask='255.0.0.0'/>",
    "<ip address='10.0.0.1' netmask='255.0.0.0'><tftp root='/t'/></ip>",
    "<ip family='ipv6' address='fd00::1' prefix='64'><dhcp><range start='fd00::2' end='fd00::9'/></dhcp></ip>",
  ])
    assert.equal(parseNetworkAddresses(`<network>${inside}</network>`), undefined, inside);
});

test('leases are read as virsh lists them', () => {
  const text = ` 2026-01-01 10:00:00   52:54:00:AA:bb:cc   ipv4       192.168.122.102/24   web        01:52
 2026-01-01 10:00:00   52:54:00:aa:bb:cd   ipv6       fd00::5/64           -          -`;
  assert.deepEqual(parseLeases(text), [{ mac: '52:54:00:AA:bb:cc', address: '192.168.122.102' }]);
});

test('A2: an address in the range that nobody else has, the same always', () => {
  const macs = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 6, maxLength: 6 }).map((bytes) => {
    return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
  });
  const inRange = ['192.168.122.100', '192.168.122.101', '192.168.122.102', '192.168.122.200'];
  const leases = fc.array(fc.record({ mac: macs, address: fc.constantFrom(...inRange) }), { maxLength: 6 });
  fc.assert(
    fc.property(macs, leases, (mac, held) => {
      const network = addressesOf(DEFAULT);
      const chosen = chooseAddress(network, held, mac);
      assert.equal(chooseAddress(network, held, mac.toUpperCase()), chosen);
      const others = [...network.reservations, ...held].filter((one) => one.mac !== mac);
      const free = inRange.filter((address) => others.every((one) => one.address !== address));
      if (free.length === 0) assert.equal(chosen, undefined);
      else assert.ok(free.includes(chosen ?? ''), `${chosen} of ${free.join()}`);
    }),
  );
});

test('what the card holds by a lease stays with it', () => {
  const leases = [{ mac: MAC, address: '192.168.122.200' }];
  assert.equal(chooseAddress(addressesOf(DEFAULT), leases, MAC), '192.168.122.200');
});
