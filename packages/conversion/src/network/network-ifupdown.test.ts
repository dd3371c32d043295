import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspectionOf } from '../guest/golden-guests.testing.ts';
import { FLUSH_LEFT_IFUPDOWN } from './golden-networks.testing.ts';
import type { KeptAddress } from './network-address.ts';
import { planNetwork } from './plan-network.ts';

const PATH = '/etc/network/interfaces';
const KEPT: readonly KeptAddress[] = [
  { address: '192.168.1.9/24', gateway: '192.168.1.1', nameServers: ['192.168.1.53', '2001:db8:1::53'] },
];

function rewritten(addresses: readonly KeptAddress[] = []): string | undefined {
  const { steps } = planNetwork(inspectionOf(FLUSH_LEFT_IFUPDOWN), {
    macAddress: '52:54:00:aa:bb:cc',
    addresses,
  });
  for (const step of steps) if (step.kind === 'WRITE_FILE' && step.path === PATH) return step.text;
  return undefined;
}

test('ifupdown: options that are not indented, comments and continued lines are told apart all the same', () => {
  const before = FLUSH_LEFT_IFUPDOWN.files[PATH] ?? '';
  const head = before.slice(0, before.indexOf('iface eth0'));
  const tail = before.slice(before.indexOf('no-auto-down'));
  const others = `mtu 9000
post-up /usr/local/bin/hook \\
address of-the-hook
`;
  const comment = '# address 192.168.1.1 is the router\n';
  assert.equal(
    rewritten(),
    `${head}iface eth0 inet dhcp
${comment}${others}iface eth0 inet6 auto
accept_ra 0
rename eth9=lan9

${tail}`,
  );
  assert.equal(
    rewritten(KEPT),
    `${head}iface eth0 inet static
    address 192.168.1.9/24
    gateway 192.168.1.1
    dns-nameservers 192.168.1.53 2001:db8:1::53
${comment}${others}rename eth9=lan9

${tail}`,
  );
});
