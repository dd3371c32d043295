import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { keptNetwork } from './user-network.ts';

test('the network is that of the address, with its own gateway', () => {
  assert.deepEqual(keptNetwork([{ address: '192.0.2.77/24', gateway: '192.0.2.254' }]), {
    options: ['net=192.0.2.0/24', 'host=192.0.2.254', 'dns=192.0.2.1', 'dhcpstart=192.0.2.2'],
    guestAddress: '192.0.2.77',
  });
});

test('a gateway outside the network, or none, is replaced by one inside; IPv6 is passed over', () => {
  const kept = keptNetwork([{ address: '2001:db8::1/64' }, { address: '10.1.0.1/16', gateway: '10.9.0.1' }]);
  assert.deepEqual(kept?.options.slice(0, 3), ['net=10.1.0.0/16', 'host=10.1.0.2', 'dns=10.1.0.3']);
  assert.equal(keptNetwork([{ address: '192.0.2.300/24' }]), undefined);
  assert.equal(keptNetwork(), undefined);
});

test('a network without room for QEMU is widened, and QEMU is where the guest looks for it', () => {
  const around = (address: string, gateway?: string) =>
    keptNetwork([{ address, ...(gateway === undefined ? {} : { gateway }) }])?.options.slice(0, 2);
  assert.deepEqual(around('192.0.2.18/30', '192.0.2.17'), ['net=192.0.2.16/28', 'host=192.0.2.17']);
  assert.deepEqual(around('192.0.2.18/30'), ['net=192.0.2.16/28', 'host=192.0.2.17']);
  assert.deepEqual(around('192.0.2.19/31'), ['net=192.0.2.16/28', 'host=192.0.2.18']);
  assert.deepEqual(around('192.0.2.16/31'), ['net=192.0.2.0/27', 'host=192.0.2.17'], 'not its first address');
  assert.deepEqual(around('192.0.2.18/32'), ['net=192.0.2.16/28', 'host=192.0.2.17']);
  assert.equal(around('192.0.2.18/33'), undefined);
});

test('whatever the address is, no two have the same, and all are in the network', () => {
  const byte = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(byte, byte, byte, fc.integer({ min: 8, max: 32 }), (a, b, c, prefix) => {
      const address = `10.${a}.${b}.${c}`;
      const kept = keptNetwork([{ address: `${address}/${prefix}`, gateway: `10.${a}.${b}.1` }]);
      const [network, ...others] = (kept?.options ?? []).map((option) => option.split('=')[1] ?? '');
      assert.equal(new Set([address, ...others]).size, 4);
      const width = Number(network?.split('/')[1]);
      assert.ok(width <= prefix && width <= 28, network);
      assert.match(network ?? '', /^10\./);
    }),
  );
});
