import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeInterfaces, gateways6In, gatewaysIn, nameServersIn } from './linux-network.ts';

const ROUTES = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask
eth1\t00000000\t00000000\t0001\t0\t0\t0\t00000000
eth0\t00000000\t0202000A\t0003\t0\t0\t0\t00000000
eth0\t0002000A\t00000000\t0001\t0\t0\t0\t00FFFFFF
`;
const ROUTES6 = `20010db8000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00450003     eth0
`;

const base = { internal: false, mac: '52:54:00:00:00:01' };
const v4 = { ...base, family: 'IPv4', netmask: '' } as const;
const v6 = { ...base, family: 'IPv6', netmask: '', scopeid: 0 } as const;

test('gateways come from default routes that have one', () => {
  assert.deepEqual(gatewaysIn(ROUTES), [{ interfaceName: 'eth0', family: 'IPv4', address: '10.0.2.2' }]);
  assert.deepEqual(gateways6In(ROUTES6), [
    { interfaceName: 'eth0', family: 'IPv6', address: 'fe80:0000:0000:0000:0000:0000:0000:0001' },
  ]);
});

test('addresses have their prefix lengths, the first of a family its gateway; those of the link are left out', () => {
  const all = {
    lo: [{ ...v4, internal: true, address: '127.0.0.1', cidr: '127.0.0.1/8' }],
    eth0: [
      { ...v4, address: '10.0.2.15', cidr: '10.0.2.15/24' },
      { ...v4, address: '10.0.2.16', cidr: '10.0.2.16/24' },
      { ...v6, address: '2001:db8::5', cidr: '2001:db8::5/64' },
      { ...v6, address: 'fe80::1', cidr: 'fe80::1/64' },
    ],
  };
  const gateways = [...gatewaysIn(ROUTES), ...gateways6In(ROUTES6)];
  assert.deepEqual(describeInterfaces(all, { primary: 'eth0', gateways }), [
    {
      macAddress: base.mac,
      ips: ['10.0.2.15', '10.0.2.16', '2001:db8::5', 'fe80::1'],
      isPrimary: true,
      addresses: [
        { address: '10.0.2.15/24', gateway: '10.0.2.2' },
        { address: '10.0.2.16/24' },
        { address: '2001:db8::5/64', gateway: 'fe80:0000:0000:0000:0000:0000:0000:0001' },
      ],
    },
  ]);
});

test('name servers are those another machine can reach', () => {
  const text =
    '# by hand\nnameserver 127.0.0.53\nnameserver 192.0.2.53\nnameserver ::1\n nameserver 2001:db8::53\nsearch a\n';
  assert.deepEqual(nameServersIn(text), ['192.0.2.53', '2001:db8::53']);
});
