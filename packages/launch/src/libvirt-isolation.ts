/**
 * The network of machines that shall reach nothing. libvirt refuses to forward anything from a network
 * without `<forward>`, but the host itself has an address there, and so all its services are within reach. A
 * guard in the host's firewall closes that: what a machine begins itself is dropped, but for DHCP; what the
 * host begins is answered. So ports of a test machine can be used from the host, as those of QEMU's own.
 *
 * N1  A machine is not started in the isolated network unless the guard is in place.
 */
import { OperationError, run } from '@landfall/runtime';
import type { Virsh } from './libvirt-virsh.ts';
import { element, writeXml } from './xml-writer.ts';

export const ISOLATED_NETWORK = 'landfall-isolated';
/** What libvirt brings along, with a way out. */
export const OPEN_NETWORK = 'default';

const BRIDGE = 'virbr-landfall';
const CHAIN = 'LANDFALL_ISOLATED';

export function planIsolatedNetwork(): string {
  return writeXml(
    element('network', {}, [
      element('name', {}, ISOLATED_NETWORK),
      element('bridge', { name: BRIDGE, stp: 'on', delay: '0' }),
      element('dns', { enable: 'no' }),
      element('ip', { address: '192.168.219.1', netmask: '255.255.255.0' }, [
        element('dhcp', {}, [element('range', { start: '192.168.219.2', end: '192.168.219.254' })]),
      ]),
    ]),
  );
}

/** Errors: NETWORK_NOT_ISOLATED, and those of virsh. */
export async function ensureIsolatedNetwork(virsh: Virsh, definitionPath: string): Promise<void> {
  const names = (await virsh('net-list', '--all', '--name')).split('\n');
  if (!names.includes(ISOLATED_NETWORK)) {
    await virsh('net-define', definitionPath);
    await virsh('net-autostart', ISOLATED_NETWORK);
  }
  const active = (await virsh('net-list', '--name')).split('\n');
  if (!active.includes(ISOLATED_NETWORK)) await virsh('net-start', ISOLATED_NETWORK);
  await ensureGuard(isolatedBridge(await virsh('net-dumpxml', ISOLATED_NETWORK)));
}

/**
 * The bridge of the network, which somebody else may have defined. Errors: NETWORK_NOT_ISOLATED where it
 * has a way out, or one that the guard does not close.
 */
export function isolatedBridge(xml: string): string {
  if (/<forward\b/.test(xml)) throw notIsolated('it forwards');
  if (/family=['"]ipv6['"]/.test(xml)) throw notIsolated('it has IPv6, which is not guarded');
  const bridge = /<bridge name=['"]([A-Za-z0-9_.-]{1,15})['"]/.exec(xml)?.[1];
  if (bridge === undefined) throw notIsolated('it has no bridge of its own');
  return bridge;
}

function notIsolated(why: string): OperationError {
  return new OperationError(
    'NETWORK_NOT_ISOLATED',
    `the network ${ISOLATED_NETWORK} does not isolate: ${why}`,
    {
      hint: `undefine it (virsh net-destroy, net-undefine); it is made anew when it is needed`,
    },
  );
}

const ALLOWED = [
  ['-p', 'udp', '--sport', '68', '--dport', '67', '-j', 'ACCEPT'],
  ['-m', 'conntrack', '--ctstate', 'ESTABLISHED,RELATED', '-j', 'ACCEPT'],
] as const;

/** The rules come first and whole, the way to them last: what is found in place is complete. */
async function ensureGuard(bridge: string): Promise<void> {
  const way = ['INPUT', '-i', bridge, '-j', CHAIN];
  if ((await iptables('-C', ...way)).exitCode === 0) return;
  await iptables('-N', CHAIN);
  await guarded('-F', CHAIN);
  for (const rule of ALLOWED) await guarded('-A', CHAIN, ...rule);
  await guarded('-A', CHAIN, '-j', 'DROP');
  await guarded('-I', ...way);
}

async function guarded(...parameters: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await iptables(...parameters);
  if (exitCode === 0) return;
  throw new OperationError(
    'NETWORK_NOT_ISOLATED',
    `the isolated network cannot be guarded: ${stderr.trim()}`,
    { hint: 'install the package iptables on the launch host, and run the launch host as root' },
  );
}

function iptables(...parameters: readonly string[]): ReturnType<typeof run> {
  return run(['iptables', '--wait', ...parameters]);
}
