/**
 * What lets only some TCP ports of a machine in, on a network that it shares: rules for nftables in the
 * bridge family, which see whatever goes to a machine's card: from the host, from its neighbours, routed.
 * Pure.
 *
 * F1  A connection is refused by its first segment, which alone says SYN without ACK: nothing has to be
 *     remembered of connections (the family has no connection tracking in every kernel), and what the machine
 *     begins itself is answered.
 * F2  A first segment must not hide in fragments: those that begin after the eighth byte of the header are
 *     let through, as nothing can be put together without the ones before them; any other has to be seen
 *     whole. Source: RFC 1858, RFC 3128.
 * F3  A machine is known by the address of its card. One address, one machine: what was there before goes.
 * F4  All is said at once, and may be said again: nftables changes everything of a script or nothing.
 */
export interface FilteredMachine {
  readonly machineId: string;
  readonly macAddress: string;
  /** TCP; those that are let in. */
  readonly ports: readonly number[];
}

/** Which machine's rules frames to a card go through. */
export interface FilterEntry {
  readonly machineId: string;
  readonly macAddress: string;
}

const TABLE = 'bridge landfall';
const MACHINES = `${TABLE} machines`;
const INBOUND = `${TABLE} inbound`;

/** A script for `nft -f`. `found`: the entries that are there now. */
export function planFilter(machine: FilteredMachine, found: readonly FilterEntry[]): string {
  const { machineId, ports } = machine;
  // As nftables tells it.
  const macAddress = machine.macAddress.toLowerCase();
  const own = `${TABLE} ${machineId}`;
  const replaced = found.filter((entry) => entry.machineId === machineId || entry.macAddress === macAddress);
  const others = replaced.filter((entry) => entry.machineId !== machineId);
  const rules = [
    // A rule that asks for what a frame has not is passed over: ARP has no protocol of that layer.
    'ether type != { ip, ip6 } accept',
    'meta l4proto != tcp accept',
    'ip frag-off & 0x1fff > 1 accept',
    'frag frag-off > 1 accept',
    'tcp flags & (syn | ack) != syn accept',
    ...(ports.length === 0 ? [] : [`tcp dport { ${ports.join(', ')} } accept`]),
    'drop',
  ];
  return lines([
    `add table ${TABLE}`,
    `add map ${MACHINES} { type ether_addr : verdict ; }`,
    `add chain ${INBOUND} { type filter hook postrouting priority 0 ; policy accept ; }`,
    `flush chain ${INBOUND}`,
    `add rule ${INBOUND} ether daddr vmap @machines`,
    ...replaced.map(deleteElement),
    ...others.flatMap((other) => deleteChain(other.machineId)),
    `add chain ${own}`,
    `flush chain ${own}`,
    ...rules.map((rule) => `add rule ${own} ${rule}`),
    `add element ${MACHINES} { ${macAddress} : jump ${machineId} }`,
  ]);
}

/** The same without the machine; `undefined`: there is nothing of it. */
export function planFilterRemoval(machineId: string, found: readonly FilterEntry[]): string | undefined {
  const own = found.filter((entry) => entry.machineId === machineId);
  if (own.length === 0) return undefined;
  return lines([...own.map(deleteElement), ...deleteChain(machineId)]);
}

/** From `nft -j list map bridge landfall machines`. Source: libnftables-json(5). */
export function parseFilterEntries(json: string): readonly FilterEntry[] {
  const { nftables } = JSON.parse(json) as { readonly nftables: readonly NftObject[] };
  return nftables.flatMap(({ map }) =>
    (map?.elem ?? []).map(([macAddress, verdict]) => ({ macAddress, machineId: verdict.jump.target })),
  );
}

interface NftObject {
  readonly map?: { readonly elem?: readonly NftElement[] };
}

type NftElement = readonly [string, { readonly jump: { readonly target: string } }];

function deleteElement({ macAddress, machineId }: FilterEntry): string {
  return `delete element ${MACHINES} { ${macAddress} : jump ${machineId} }`;
}

function deleteChain(machineId: string): string[] {
  return [`flush chain ${TABLE} ${machineId}`, `delete chain ${TABLE} ${machineId}`];
}

function lines(commands: readonly string[]): string {
  return `${commands.join('\n')}\n`;
}
