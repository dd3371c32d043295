/** What this server is: the source properties the public API shows. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { cpus, hostname, networkInterfaces, totalmem } from 'node:os';
import type { SourceProperties } from '@landfall/model';
import { GIB, readIfExists, run } from '@landfall/runtime';
import type { KnownDisk } from './disk-mapping.ts';
import { describeInterfaces, gateways6In, gatewaysIn, nameServersIn, readResolver } from './linux-network.ts';

export async function readSourceProperties(
  disks: readonly Pick<KnownDisk, 'deviceName' | 'sizeBytes'>[],
  nowMs: number,
): Promise<SourceProperties> {
  const [fqdn, uuid, route, route6, resolver, osRelease] = await Promise.all([
    readFqdn(),
    readIfExists('/sys/class/dmi/id/product_uuid'),
    readIfExists('/proc/net/route'),
    readIfExists('/proc/net/ipv6_route'),
    readResolver(),
    readIfExists('/etc/os-release'),
  ]);
  return {
    lastUpdatedDateTime: new Date(nowMs).toISOString(),
    recommendedInstanceType: recommendInstanceType(cpus().length, totalmem()),
    identificationHints: {
      hostname: hostname(),
      ...(fqdn === undefined ? {} : { fqdn }),
      ...(uuid === undefined ? {} : { vmWareUuid: uuid.trim() }),
    },
    networkInterfaces: describeInterfaces(networkInterfaces(), {
      primary: primaryInterface(route ?? ''),
      gateways: [...gatewaysIn(route ?? ''), ...gateways6In(route6 ?? '')],
    }),
    nameServers: nameServersIn(resolver),
    disks: disks.map((disk) => ({ deviceName: disk.deviceName, bytes: disk.sizeBytes })),
    cpus: describeProcessors(await readFile('/proc/cpuinfo', 'utf8')),
    ramBytes: totalmem(),
    os: { fullString: await describeSystem(osRelease ?? '') },
    bootMode: readBootMode(),
  };
}

async function readFqdn(): Promise<string | undefined> {
  if (hostname().includes('.')) return hostname();
  const hosts = (await readIfExists('/etc/hosts')) ?? '';
  return fqdnFromHosts(hosts, hostname());
}

/** The dotted name on a line of /etc/hosts that also has the short one. */
export function fqdnFromHosts(hosts: string, name: string): string | undefined {
  for (const line of hosts.split('\n')) {
    const words = line.replace(/#.*/, '').trim().split(/\s+/).slice(1);
    const full = words.find((word) => word.startsWith(`${name}.`));
    if (full !== undefined) return full;
  }
  return undefined;
}

/**
 * The interface of the default route. Source of the form: the kernel's /proc/net/route, second column
 * 00000000.
 */
export function primaryInterface(routes: string): string | undefined {
  const fields = routes.split('\n').map((line) => line.split('\t'));
  return fields.find(([, destination]) => destination === '00000000')?.[0];
}

/** One entry a socket. Source of the form: /proc/cpuinfo, `physical id` and `model name`. */
export function describeProcessors(cpuinfo: string): SourceProperties['cpus'] {
  const sockets = new Map<string, { cores: number; modelName: string }>();
  for (const block of cpuinfo.split('\n\n')) {
    if (!/^processor\s*:/m.test(block)) continue;
    const field = (name: string) => new RegExp(`^${name}\\s*:\\s*(.*)$`, 'm').exec(block)?.[1]?.trim();
    const socket = sockets.get(field('physical id') ?? '0');
    if (socket !== undefined) socket.cores += 1;
    else sockets.set(field('physical id') ?? '0', { cores: 1, modelName: field('model name') ?? 'unknown' });
  }
  return [...sockets.values()];
}

async function describeSystem(osRelease: string): Promise<string> {
  const pretty = /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(osRelease)?.[1] ?? 'Linux';
  const kernel = await run(['uname', '-rm']);
  return `${pretty} ${kernel.stdout.trim()}`.trim();
}

/** The kernel has this folder when firmware of UEFI has started it, and only then. */
export function readBootMode(folder = '/sys/firmware/efi'): 'LEGACY_BIOS' | 'UEFI' {
  return existsSync(folder) ? 'UEFI' : 'LEGACY_BIOS';
}

/** General-purpose types by processors and memory: what the API shows as a proposal. */
export function recommendInstanceType(cpuCount: number, ramBytes: number): string {
  const types = [
    { name: 't3.small', cpus: 2, gib: 2 },
    { name: 't3.medium', cpus: 2, gib: 4 },
    { name: 'm5.large', cpus: 2, gib: 8 },
    { name: 'm5.xlarge', cpus: 4, gib: 16 },
    { name: 'm5.2xlarge', cpus: 8, gib: 32 },
    { name: 'm5.4xlarge', cpus: 16, gib: 64 },
    { name: 'm5.12xlarge', cpus: 48, gib: 192 },
  ];
  // A server's memory is a little less than the sum of its modules: the firmware keeps some.
  const fits = types.find((type) => type.cpus >= cpuCount && type.gib * GIB * 1.02 >= ramBytes);
  return fits?.name ?? 'm5.24xlarge';
}
