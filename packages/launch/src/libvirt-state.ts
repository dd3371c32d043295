/** What virsh says of domains, networks and jobs, as facts: pure. */
import type { HostNetwork } from './host-network.ts';
import type { DomainMark } from './libvirt-domain.ts';
import type { RunState } from './machine-host.ts';

/** `ABSENT`: no power, and not because the guest took it away. `ENDED`: no power, and libvirt forgot why. */
export type DomainState = RunState | 'ABSENT' | 'ENDED';

/** Of `virsh domstate --reason`: "paused (I/O error)". */
export function parseDomainState(text: string): DomainState {
  const [, state = '', reason = ''] = /^(.*?)(?: \((.*)\))?$/.exec(text.trim()) ?? [];
  switch (state) {
    case 'running':
    case 'idle':
    case 'in shutdown':
      return 'RUNNING';
    case 'crashed':
      return 'PANICKED';
    case 'paused':
      return PAUSED_FOR[reason] ?? 'PAUSED';
    case 'shut off':
      return SHUT_OFF_FOR[reason] ?? 'ABSENT';
    default:
      return 'PAUSED';
  }
}

const PAUSED_FOR: Readonly<Record<string, RunState>> = {
  'I/O error': 'DISK_ERROR',
  crashed: 'PANICKED',
  'guest panicked': 'PANICKED',
};

const SHUT_OFF_FOR: Readonly<Record<string, DomainState>> = { shutdown: 'POWERED_OFF', unknown: 'ENDED' };

/** libvirt forgets why a domain ended when it is restarted itself, but its log of the domain does not. */
export function hasPoweredOff(log: string): boolean {
  return log.trimEnd().split('\n').at(-1)?.includes('shutting down, reason=shutdown') ?? false;
}

/** Of `virsh metadata`. */
export function parseMark(text: string): DomainMark | undefined {
  const mark = / state=["'](STARTING|STARTED|STOPPED)["']/.exec(text)?.[1];
  return mark as DomainMark | undefined;
}

/** Of `virsh blockjob --info --raw --bytes`; undefined: no job. */
export function parseBlockJob(
  text: string,
): { readonly doneBytes: number; readonly bytesPerSecondMax: number } | undefined {
  const number = (name: string) => new RegExp(`^\\s*${name}=(\\d+)$`, 'm').exec(text)?.[1];
  const done = number('cur');
  if (done === undefined) return undefined;
  return { doneBytes: Number(done), bytesPerSecondMax: Number(number('bandwidth') ?? 0) };
}

/** Of `virsh net-dumpxml`. */
export function parseNetwork(xml: string): HostNetwork {
  const name = /<name>(.*?)<\/name>/.exec(xml)?.[1] ?? '';
  const forward = /<forward\b([^>]*)>/.exec(xml)?.[1];
  if (forward === undefined) return { name, kind: 'ISOLATED' };
  const mode = /mode=['"](.*?)['"]/.exec(forward)?.[1] ?? 'nat';
  return { name, kind: KIND_OF_MODE[mode] ?? 'OTHER' };
}

const KIND_OF_MODE: Readonly<Record<string, HostNetwork['kind']>> = { nat: 'NAT', bridge: 'BRIDGE' };

/** The first address of `virsh domifaddr`. */
export function parseAddress(text: string): string | undefined {
  return /\bipv4\s+([0-9.]+)\/\d+/.exec(text)?.[1];
}
