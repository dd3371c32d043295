/**
 * Networks of a machine host, by name. libvirt has its own; QEMU's are named in a file of the launch host
 * (`--networks`), a JSON object: a name, and what it means.
 *
 *   { "lab": { "kind": "BRIDGE", "bridge": "br-lab" }, "out": { "kind": "USER" } }
 */
import { OperationError } from '@landfall/runtime';

export interface HostNetwork {
  readonly name: string;
  /**
   * ISOLATED: the machine reaches nothing. USER and NAT: it reaches what the host reaches, under the host's
   * address. BRIDGE: it is a neighbour of the host's.
   */
  readonly kind: 'ISOLATED' | 'USER' | 'NAT' | 'BRIDGE' | 'OTHER';
}

export type QemuNetwork =
  | { readonly name: string; readonly kind: 'ISOLATED' | 'USER' }
  /** By QEMU's `qemu-bridge-helper`, which allows the bridges of /etc/qemu/bridge.conf. */
  | { readonly name: string; readonly kind: 'BRIDGE'; readonly bridge: string }
  /** A tap device that is there already, and whatever it is connected to. */
  | { readonly name: string; readonly kind: 'BRIDGE'; readonly tap: string };

/** There without being named in a file. */
export const QEMU_NETWORKS: readonly QemuNetwork[] = [
  { name: 'isolated', kind: 'ISOLATED' },
  { name: 'user', kind: 'USER' },
];

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;
/** Linux: IFNAMSIZ is 16, the last byte zero. */
const DEVICE = /^[A-Za-z0-9_.-]{1,15}$/;

/** What the file says, and what is there anyway. Errors: NETWORKS_INVALID. */
export function parseQemuNetworks(text: string): readonly QemuNetwork[] {
  const named = Object.entries(parseObject(text)).map(([name, value]) => parseNetwork(name, value));
  const names = new Set(named.map((network) => network.name));
  return [...named, ...QEMU_NETWORKS.filter((network) => !names.has(network.name))];
}

/** Errors: NETWORK_UNKNOWN. */
export function findQemuNetwork(
  networks: readonly QemuNetwork[],
  request: { readonly networkName?: string; readonly purpose: 'TEST' | 'CUTOVER' | 'PROOF' },
): QemuNetwork {
  const name = request.networkName;
  // The defaults are not looked up: no file can open what a test is launched in.
  if (name === undefined) {
    return request.purpose === 'CUTOVER'
      ? { name: 'user', kind: 'USER' }
      : { name: 'isolated', kind: 'ISOLATED' };
  }
  const found = networks.find((network) => network.name === name);
  if (found === undefined) throw networkUnknown(name, networks);
  return found;
}

export function networkUnknown(name: string, networks: readonly HostNetwork[]): OperationError {
  const known = networks.map((network) => network.name).join(', ');
  return new OperationError('NETWORK_UNKNOWN', `this launch host has no network ${name}`, {
    hint: `name one of its networks (${known === '' ? 'it has none' : known}) in the launch template`,
    context: { network: name },
  });
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch (cause) {
    throw invalid(cause instanceof Error ? cause.message : String(cause));
  }
  throw invalid('it is not an object');
}

function parseNetwork(name: string, value: unknown): QemuNetwork {
  if (!NAME.test(name)) throw invalid(`${JSON.stringify(name)} is not a name`);
  const { kind, bridge, tap } = Object(value) as Readonly<Record<string, unknown>>;
  if (kind === 'ISOLATED' || kind === 'USER') return { name, kind };
  if (kind === 'BRIDGE' && isDevice(bridge) && tap === undefined) return { name, kind, bridge };
  if (kind === 'BRIDGE' && isDevice(tap) && bridge === undefined) return { name, kind, tap };
  throw invalid(`${name} is neither ISOLATED, USER, nor BRIDGE with a bridge or a tap`);
}

function isDevice(value: unknown): value is string {
  return typeof value === 'string' && DEVICE.test(value);
}

function invalid(why: string): OperationError {
  return new OperationError('NETWORKS_INVALID', `the file of networks cannot be used: ${why}`, {
    hint: 'write it as docs/launch-hosts.md shows, then start the launch host again',
  });
}
