/**
 * /etc/network/interfaces, of Debian and those that come from it. Rewritten in place: hooks and comments
 * stay.
 */
import { addressesOf, type FixedAddress, withPrefix } from './network-address.ts';
import type { ConfiguredInterface, FileChange, NetworkSystem, WantedInterface } from './network-interface.ts';

const PATH = /^\/etc\/network\/interfaces(\.d\/[^/]+)?$/;
const RESOLVER = '/etc/resolv.conf';
const BLOCK_START = /^\s*(iface|auto|allow-\S+|mapping|source\S*|no-\S+)\s/;
const STANZA = /^\s*iface\s+(\S+)\s+(inet6?)\s+(\S+)/;
/** Options that say which address: they come from elsewhere now. */
const ADDRESS_OPTION = /^\s+(address|netmask|network|broadcast|gateway|dns-\S+|pointopoint|hwaddress)\s/;

export const ifupdown: NetworkSystem = {
  find(path, text) {
    if (!PATH.test(path)) return [];
    return blocksOf(text).flatMap((block): ConfiguredInterface[] => {
      const [, name = '', family, method = ''] = STANZA.exec(block[0] ?? '') ?? [];
      if (family !== 'inet') return [];
      return [
        {
          ...{ system: 'ifupdown', path, name, usesDhcp: method === 'dhcp' },
          boundToMac: block.some((line) => /^\s+hwaddress\s/.test(line)),
          ...{ isMember: method === 'manual', text: block.join('\n') },
        },
      ];
    });
  },
  configure(wanted, primary, files) {
    const before = files.get(primary.path) ?? '';
    const changes: FileChange[] = [
      { kind: 'WRITE', path: primary.path, text: rewriteInterfaces(before, wanted, primary.name ?? '') },
    ];
    const resolver = files.get(RESOLVER);
    if (resolver === undefined || wanted.nameServers.length === 0) return changes;
    return [
      ...changes,
      { kind: 'WRITE', path: RESOLVER, text: rewriteResolver(resolver, wanted.nameServers) },
    ];
  },
};

/**
 * All stanzas of the interface that give it an address become those that are wanted, where the first stood.
 */
function rewriteInterfaces(text: string, wanted: WantedInterface, name: string): string {
  const blocks = blocksOf(text);
  const mine = blocks.filter((block) => givesAddress(block, name));
  const stanzas = ([4, 6] as const).flatMap((family) => stanzasOf(family, wanted, mine));
  const lines = blocks.flatMap((block) => {
    if (!mine.includes(block)) return block;
    return block === mine[0] ? stanzas : [];
  });
  return lines.join('\n');
}

function stanzasOf(family: 4 | 6, wanted: WantedInterface, blocks: readonly (readonly string[])[]): string[] {
  const inet = family === 4 ? 'inet' : 'inet6';
  const own = blocks.filter((block) => STANZA.exec(block[0] ?? '')?.[2] === inet);
  const options = own.flatMap((block) => block.slice(1).filter((line) => !ADDRESS_OPTION.test(line)));
  const name = STANZA.exec(blocks[0]?.[0] ?? '')?.[1] ?? '';
  const fixed = addressesOf(wanted, family);
  if (fixed.length > 0) {
    const isFirst = wanted.addresses[0]?.family === family;
    const servers = isFirst ? wanted.nameServers : [];
    return fixed.flatMap((address, index) => [
      `iface ${name} ${inet} static`,
      ...addressOptions(address, index === 0 ? servers : []),
      ...(index === 0 ? options : []),
    ]);
  }
  if (wanted.addresses.length > 0 || own.length === 0) return [];
  return [`iface ${name} ${inet} ${family === 4 ? 'dhcp' : 'auto'}`, ...options];
}

function addressOptions(address: FixedAddress, nameServers: readonly string[]): string[] {
  return [
    `    address ${withPrefix(address)}`,
    ...(address.gateway === undefined ? [] : [`    gateway ${address.gateway}`]),
    ...(nameServers.length === 0 ? [] : [`    dns-nameservers ${nameServers.join(' ')}`]),
  ];
}

function givesAddress(block: readonly string[], name: string): boolean {
  const [, found, , method = ''] = STANZA.exec(block[0] ?? '') ?? [];
  return found === name && ['static', 'dhcp', 'auto'].includes(method);
}

/** A line that begins something, with what follows it; what comes before the first is a block as well. */
function blocksOf(text: string): string[][] {
  const blocks: string[][] = [];
  for (const line of text.split('\n')) {
    if (blocks.length === 0 || BLOCK_START.test(line)) blocks.push([]);
    blocks.at(-1)?.push(line);
  }
  return blocks;
}

/** Without resolvconf nobody else writes it. */
function rewriteResolver(text: string, nameServers: readonly string[]): string {
  const others = text.split('\n').filter((line) => line !== '' && !/^\s*nameserver\s/.test(line));
  return `${[...others, ...nameServers.map((each) => `nameserver ${each}`)].join('\n')}\n`;
}
