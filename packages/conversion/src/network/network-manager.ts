/**
 * NetworkManager's keyfiles. Rewritten in place: it would also load one that was put aside in their folder,
 * whatever its name ends with.
 */
import { addressesOf, withPrefix } from './network-address.ts';
import type { NetworkSystem, WantedInterface } from './network-interface.ts';

const FOLDER = '/etc/NetworkManager/system-connections/';
/** For a guest that has none and shall have an address. */
export const OUR_CONNECTION = `${FOLDER}landfall-launch.nmconnection`;
const OUR_BASE = '[connection]\nid=landfall-launch\ntype=ethernet\nautoconnect=true\n';
/** NetworkManager ignores what others than root may read. */
const MODE = 0o600;
const ETHERNET = /^\[(ethernet|802-3-ethernet)\]$/;

export const networkManager: NetworkSystem = {
  find(path, text) {
    if (!path.startsWith(FOLDER) || !/^type=(ethernet|802-3-ethernet)\s*$/m.test(text)) return [];
    return [
      {
        ...{ system: 'NetworkManager', path, text },
        name: /^interface-name=(\S+)\s*$/m.exec(text)?.[1],
        usesDhcp: methodOf(text, '[ipv4]') === 'auto' || methodOf(text, '[ipv4]') === undefined,
        boundToMac: /^(mac-address=|cloned-mac-address=[0-9a-f]{2}:)/im.test(text),
        isMember: /^(master|controller|slave-type|port-type)=/m.test(text),
      },
    ];
  },
  configure(wanted, primary, files) {
    const text = rewriteKeyfile(files.get(primary.path) ?? OUR_BASE, wanted);
    return [{ kind: 'WRITE', path: primary.path, text, mode: MODE }];
  },
};

/** `[name]` and the lines up to the next; what comes before the first has an empty name. */
interface Section {
  readonly name: string;
  readonly lines: readonly string[];
}

function rewriteKeyfile(text: string, wanted: WantedInterface): string {
  const sections = sectionsOf(text);
  const ethernet = sections.find(({ name }) => ETHERNET.test(name)) ?? { name: '[ethernet]', lines: [] };
  // A cloned address would be the source's own on the target's network.
  const others = ethernet.lines.filter((line) => !/^(cloned-)?mac-address=/.test(line));
  const changed = new Map([
    [ethernet.name, [`mac-address=${wanted.macAddress.toUpperCase()}`, ...others]],
    ['[ipv4]', addressLines(wanted, 4)],
  ]);
  const wasManual = methodOf(text, '[ipv6]') === 'manual';
  if (wasManual || addressesOf(wanted, 6).length > 0) changed.set('[ipv6]', addressLines(wanted, 6));
  const names = new Set([...sections.map(({ name }) => name), ...changed.keys()]);
  const parts = [...names].map((name) => {
    const lines = changed.get(name) ?? sections.find((each) => each.name === name)?.lines ?? [];
    return name === '' ? lines.join('\n') : [name, ...lines].join('\n');
  });
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function addressLines(wanted: WantedInterface, family: 4 | 6): string[] {
  const fixed = addressesOf(wanted, family);
  if (fixed.length === 0) {
    return wanted.addresses.length > 0 && family === 4 ? ['method=disabled'] : ['method=auto'];
  }
  const servers = wanted.nameServers.filter((each) => each.includes(':') === (family === 6));
  return [
    'method=manual',
    ...fixed.map((each, index) => {
      const gateway = each.gateway === undefined ? '' : `,${each.gateway}`;
      return `address${index + 1}=${withPrefix(each)}${gateway}`;
    }),
    ...(servers.length === 0 ? [] : [`dns=${servers.join(';')};`]),
  ];
}

function methodOf(text: string, section: string): string | undefined {
  const lines = sectionsOf(text).find(({ name }) => name === section)?.lines ?? [];
  return lines.flatMap((line) => /^method=(\S+)\s*$/.exec(line)?.[1] ?? [])[0];
}

function sectionsOf(text: string): Section[] {
  const sections: { name: string; lines: string[] }[] = [{ name: '', lines: [] }];
  for (const line of text.split('\n').map((each) => each.trimEnd())) {
    if (/^\[[^\]]+\]$/.test(line)) sections.push({ name: line, lines: [] });
    else if (line !== '') sections.at(-1)?.lines.push(line);
  }
  return sections;
}
