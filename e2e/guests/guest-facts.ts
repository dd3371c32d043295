/** What a launched guest says of itself over HTTP, and what of that is not as it has to be. Pure. */
import { layOut } from './guest-layout.ts';
import { SOURCE_ADDRESS, SOURCE_INTERFACE, SOURCE_PREFIX } from './guest-network.ts';
import { markerOf } from './guest-recipe.ts';
import type { GuestRow } from './guest-row.ts';

export interface GuestFacts {
  readonly kernel: string;
  readonly mounts: readonly { readonly target: string; readonly type: string; readonly source: string }[];
  readonly swaps: readonly string[];
  readonly addresses: readonly { readonly interfaceName: string; readonly address: string }[];
  readonly markers: ReadonlyMap<string, string>;
  readonly failedUnits: readonly string[];
  readonly hasRunCloudInit: boolean;
}

/** The lines that the recipe's script prints. */
export function parseFacts(text: string): GuestFacts {
  const lines = text.split('\n').map((line) => line.trim().split(/\s+/));
  const of = (kind: string) => lines.filter(([first]) => first === kind).map((line) => line.slice(1));
  return {
    kernel: of('kernel')[0]?.[0] ?? '',
    mounts: of('mount').map(([target = '', type = '', source = '']) => ({ target, type, source })),
    swaps: of('swap').map(([device = '']) => device),
    addresses: of('address').map(([interfaceName = '', address = '']) => ({ interfaceName, address })),
    markers: new Map(of('marker').map(([path = '', value = '']) => [path, value])),
    failedUnits: of('failed').map(([unit = '']) => unit),
    hasRunCloudInit: of('cloud-init').length > 0,
  };
}

/** By DHCP of QEMU's user network. */
const LEASED_ADDRESS = '10.0.2.15/24';
const DEVICES = {
  VIRTIO: { name: 'virtio', pattern: /^\/dev\/(vd[a-z]|mapper\/)/ },
  COMPATIBLE: { name: 'SATA', pattern: /^\/dev\/(sd[a-z]|mapper\/)/ },
} as const;

export interface Expected {
  /** VIRTIO without it. */
  readonly hardware?: keyof typeof DEVICES | undefined;
  /** What the network it is launched in leases; QEMU's user network without it. */
  readonly leasedAddress?: string | undefined;
}

/** Empty: the launched guest is whole, on that hardware, and reachable by the interface it always had. */
export function findFaults(row: GuestRow, facts: GuestFacts, expectation: Expected = {}): string[] {
  const device = DEVICES[expectation.hardware ?? 'VIRTIO'];
  const launched = expectedAddress(row, expectation);
  const expected = layOut(row).volumes.filter(({ type }) => type !== 'swap');
  const mounts = expected.flatMap(({ mountPoint, type }) => {
    const mount = facts.mounts.find(({ target }) => target === mountPoint);
    if (mount === undefined) return [`${mountPoint} is not mounted`];
    if (mount.type !== type) return [`${mountPoint} is ${mount.type} instead of ${type}`];
    return device.pattern.test(mount.source)
      ? []
      : [`${mountPoint} is on ${mount.source}, which is not ${device.name}`];
  });
  const markers = row.dataDisks.flatMap((_disk, index) => {
    const { path, text } = markerOf(row, index);
    return facts.markers.get(path) === text.trim() ? [] : [`${path} is not what was on that disk`];
  });
  const hasAddress = facts.addresses.some(
    ({ interfaceName, address }) => interfaceName === SOURCE_INTERFACE && address === launched,
  );
  const addresses = facts.addresses.map(({ interfaceName, address }) => `${interfaceName} ${address}`);
  return [
    ...mounts,
    ...markers,
    ...(facts.swaps.length === 1 ? [] : [`${facts.swaps.length} swap devices instead of one`]),
    ...(hasAddress ? [] : [`no ${launched} on ${SOURCE_INTERFACE}, but ${addresses.join(', ')}`]),
    ...(row.network === 'CLOUD_INIT' && !facts.hasRunCloudInit ? ['cloud-init has not run'] : []),
    ...facts.failedUnits.map((unit) => `${unit} has failed`),
  ];
}

function expectedAddress({ keepsAddress }: GuestRow, { leasedAddress = LEASED_ADDRESS }: Expected): string {
  return keepsAddress === true ? `${SOURCE_ADDRESS}/${SOURCE_PREFIX}` : leasedAddress;
}
