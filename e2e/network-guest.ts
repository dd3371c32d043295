/**
 * A small Linux that tries to reach addresses and says on its serial line which it reached. It asks for an
 * address by DHCP, and where it is given no way out it tries one by itself: the host is always the neighbour
 * with a known address. Afterwards it answers on two ports of its own, 7 and 9.
 */
import { makeSmallLinux, SMALL_LINUX_BYTES } from './small-linux.ts';

export interface NetworkTarget {
  readonly address: string;
  readonly port: number;
}

export const NETWORK_GUEST_BYTES = SMALL_LINUX_BYTES;

/** As a source had it that knows no DHCP. */
export interface FixedAddress {
  readonly address: string;
  readonly gateway: string;
}

export async function makeNetworkGuest(
  folder: string,
  targets: readonly NetworkTarget[],
  fixed?: FixedAddress,
): Promise<string> {
  return await makeSmallLinux(folder, {
    modules: ['virtio_pci', 'virtio_net'],
    programs: { lease: LEASE_SCRIPT },
    script: scriptFor(targets, fixed === undefined ? BY_DHCP : byHand(fixed)),
  });
}

const LEASE_SCRIPT = `#!/bin/busybox sh
case "$1" in
  bound|renew)
    /bin/busybox ip address add "$ip/24" dev "$interface"
    /bin/busybox ip route add default via "\${router:-\${ip%.*}.1}"
    echo "LEASE $ip" ;;
esac
`;

const BY_DHCP = 'udhcpc -i eth0 -s /lease -n -q -t 20 -T 2';

function byHand({ address, gateway }: FixedAddress): string {
  return `ip address add ${address} dev eth0\nip route add default via ${gateway}`;
}

function scriptFor(targets: readonly NetworkTarget[], addressing: string): string {
  const attempts = targets.map(
    ({ address, port }) =>
      `if echo | nc -w 5 ${address} ${port} | grep -q here; then echo "REACHED ${address}"; else echo "CUT OFF ${address}"; fi`,
  );
  return `ip link set lo up
ip link set eth0 up
${addressing}
${attempts.join('\n')}
echo "DONE"
while true; do echo | nc -l -p 9 ; done &
while true; do echo | nc -l -p 7 ; done
`;
}
