/**
 * /etc/network/interfaces, of Debian and those that come from it. Rewritten in place: hooks and comments
 * stay. As in interfaces(5) a stanza ends where the next one begins, however its lines are indented, and a
 * line that ends in a backslash goes on in the next: one here is all of them, with their line breaks.
 */
import { addressesOf, type FixedAddress, withPrefix } from './network-address.ts';
import type { ConfiguredInterface, FileChange, NetworkSystem, WantedInterface } from './network-interface.ts';

const PATH = /^\/etc\/network\/interfaces(\.d\/[^/]+)?$/;
const RESOLVER = '/etc/resolv.conf';
const BLOCK_START = /^\s*(iface|auto|allow-\S+|mapping|rename|source\S*|template|no-\S+)\s/;
const STANZA = /^\s*iface\s+(\S+)\s+(inet6?)\s+(\S+)/;
/** Options that say which address: they come from elsewhere now. */
const ADDRESS_OPTION = /^\s*(address|netmask|network|broadcast|gateway|dns-\S+|pointopoint|hwaddress)\s/;
const HARDWARE_ADDRESS = /^\s*hwaddress\s/;
const CONTINUED = /\\$/;

export const ifupdown: NetworkSystem = {
  find(path, text) {
    if (!PATH.test(path)) return [];
    return blocksOf(text).flatMap((block): ConfiguredInterface[] => {
      const [, name = '', family, method = ''] = stanzaOf(block);
      if (family !== 'inet') return [];
      return [
        {
          ...{ system: 'ifupdown', path, name, usesDhcp: method === 'dhcp' },
          boundToMac: block.some((line) => HARDWARE_ADDRESS.test(unfolded(line))),
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
  const own = blocks.filter((block) => stanzaOf(block)[2] === inet);
  const options = own.flatMap((block) =>
    block.slice(1).filter((line) => !ADDRESS_OPTION.test(unfolded(line))),
  );
  const [, name = ''] = stanzaOf(blocks[0] ?? []);
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
  const [, found, , method = ''] = stanzaOf(block);
  return found === name && ['static', 'dhcp', 'auto'].includes(method);
}

/** Name, family and method of an interface; nothing for a block of another kind. */
function stanzaOf([first = '']: readonly string[]): readonly string[] {
  return STANZA.exec(unfolded(first)) ?? [];
}

/** A line that begins something, with what follows it; what comes before the first is a block as well. */
function blocksOf(text: string): string[][] {
  const blocks: string[][] = [];
  for (const line of linesOf(text)) {
    if (blocks.length === 0 || BLOCK_START.test(unfolded(line))) blocks.push([]);
    blocks.at(-1)?.push(line);
  }
  return blocks;
}

/** A comment goes on nowhere, whatever it ends in. */
function linesOf(text: string): string[] {
  const lines: string[] = [];
  let isContinued = false;
  for (const line of text.split('\n')) {
    if (isContinued) lines.push(`${lines.pop() ?? ''}\n${line}`);
    else lines.push(line);
    isContinued = CONTINUED.test(line) && (isContinued || !/^\s*#/.test(line));
  }
  return lines;
}

/** As ifupdown reads it. */
function unfolded(line: string): string {
  return line.replaceAll('\\\n', ' ');
}

/** Without resolvconf nobody else writes it. */
function rewriteResolver(text: string, nameServers: readonly string[]): string {
  const others = text.split('\n').filter((line) => line !== '' && !/^\s*nameserver\s/.test(line));
  return `${[...others, ...nameServers.map((each) => `nameserver ${each}`)].join('\n')}\n`;
}
