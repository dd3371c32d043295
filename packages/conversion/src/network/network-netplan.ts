/**
 * netplan's YAML, of Ubuntu and cloud images. netplan merges its files, and lists only ever grow: an old
 * static address would survive a file that asks for DHCP. So a file of our own takes the place of all others.
 */
import { addressesOf, withPrefix } from './network-address.ts';
import type { ConfiguredInterface, FileChange, NetworkSystem, WantedInterface } from './network-interface.ts';

const PATH = /^\/etc\/netplan\/[^/]+\.yaml$/;
const OURS = '/etc/netplan/50-landfall-launch.yaml';
/** netplan lets only root read what may hold keys. */
const MODE = 0o600;

export const netplan: NetworkSystem = {
  /**
   * The children of `ethernets:`, told by their indentation; netplan's own files and installers write this
   * form.
   */
  find(path, text) {
    if (!PATH.test(path)) return [];
    const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('#'));
    const start = lines.findIndex((line) => /^\s*ethernets:\s*$/.test(line));
    if (start < 0) return [];
    const outer = indentOf(lines[start] ?? '');
    const rest = lines.slice(start + 1);
    const length = rest.findIndex((line) => indentOf(line) <= outer);
    const block = length < 0 ? rest : rest.slice(0, length);
    const inner = indentOf(block[0] ?? '');
    const starts = block.flatMap((line, index) => (indentOf(line) === inner ? [index] : []));
    return starts.map((from, index) => interfaceIn(path, block.slice(from, starts[index + 1])));
  },
  configure(wanted, _primary, files) {
    const others = [...files.keys()].filter((path) => PATH.test(path) && path !== OURS);
    return [
      ...others.map((path): FileChange => ({ kind: 'ASIDE', path })),
      { kind: 'WRITE', path: OURS, text: netplanFile(wanted), mode: MODE },
    ];
  },
};

function netplanFile(wanted: WantedInterface): string {
  const { macAddress, name, nameServers } = wanted;
  const lines = [
    "# Written by Landfall for the launched machine; the source server's files are beside it.",
    'network:',
    '  version: 2',
    '  ethernets:',
    `    ${name ?? 'landfall'}:`,
    '      match:',
    `        macaddress: "${macAddress}"`,
    ...(name === undefined ? [] : [`      set-name: ${name}`]),
    ...(wanted.addresses.length === 0 ? ['      dhcp4: true'] : fixedLines(wanted)),
    ...(nameServers.length === 0 ? [] : ['      nameservers:', '        addresses:']),
    ...nameServers.map((each) => `          - "${each}"`),
  ];
  return `${lines.join('\n')}\n`;
}

function fixedLines(wanted: WantedInterface): string[] {
  const routes = ([4, 6] as const).flatMap((family) => {
    const gateway = addressesOf(wanted, family).find((each) => each.gateway !== undefined)?.gateway;
    const destination = family === 4 ? '0.0.0.0/0' : '::/0';
    return gateway === undefined ? [] : [`        - to: "${destination}"`, `          via: "${gateway}"`];
  });
  return [
    '      addresses:',
    ...wanted.addresses.map((each) => `        - "${withPrefix(each)}"`),
    ...(routes.length === 0 ? [] : ['      routes:', ...routes]),
  ];
}

function interfaceIn(path: string, lines: readonly string[]): ConfiguredInterface {
  const text = lines.slice(1).join('\n');
  const key = (lines[0] ?? '').trim().replace(/:.*$/, '').replaceAll(/["']/g, '');
  const setName = /^\s*set-name:\s*["']?([^\s"']+)/m.exec(text)?.[1];
  const hasMatch = /^\s*match:/m.test(text);
  const usesDhcp = /^\s*dhcp[46]:\s*(true|yes|on)/m.test(text);
  return {
    ...{ system: 'netplan', path, name: setName ?? (hasMatch ? undefined : key), usesDhcp },
    boundToMac: /^\s*macaddress:/m.test(text),
    isMember: !usesDhcp && !/^\s*addresses:/m.test(text),
    text: lines.join('\n'),
  };
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
