/** What a launched guest says of itself over HTTP, and what of that is not as it has to be. Pure. */
import { layOut } from './guest-layout.ts';
import { markerOf, SOURCE_INTERFACE } from './guest-recipe.ts';
import type { GuestRow } from './guest-row.ts';

export interface GuestFacts {
  readonly kernel: string;
  readonly mounts: readonly { readonly target: string; readonly type: string; readonly source: string }[];
  readonly swaps: readonly string[];
  readonly addresses: readonly { readonly interfaceName: string; readonly address: string }[];
  readonly markers: ReadonlyMap<string, string>;
  readonly failedUnits: readonly string[];
}

/** The lines that `FACTS_SCRIPT` of the recipe prints. */
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
  };
}

/** The address that the launched machine has to get: the target network's DHCP gives it. */
const LAUNCHED_ADDRESS = '10.0.2.15/24';
const DEVICES = {
  VIRTIO: { name: 'virtio', pattern: /^\/dev\/(vd[a-z]|mapper\/)/ },
  COMPATIBLE: { name: 'SATA', pattern: /^\/dev\/(sd[a-z]|mapper\/)/ },
} as const;

/** Empty: the launched guest is whole, on that hardware, and reachable by the interface it always had. */
export function findFaults(
  row: GuestRow,
  facts: GuestFacts,
  hardware: keyof typeof DEVICES = 'VIRTIO',
): string[] {
  const device = DEVICES[hardware];
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
    ({ interfaceName, address }) => interfaceName === SOURCE_INTERFACE && address === LAUNCHED_ADDRESS,
  );
  const addresses = facts.addresses.map(({ interfaceName, address }) => `${interfaceName} ${address}`);
  return [
    ...mounts,
    ...markers,
    ...(facts.swaps.length === 1 ? [] : [`${facts.swaps.length} swap devices instead of one`]),
    ...(hasAddress ? [] : [`no ${LAUNCHED_ADDRESS} on ${SOURCE_INTERFACE}, but ${addresses.join(', ')}`]),
    ...facts.failedUnits.map((unit) => `${unit} has failed`),
  ];
}
