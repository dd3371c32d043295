/**
 * The network of a guest on new hardware, by one rule: the target's interface, known by its MAC address, gets
 * the name that the source's configuration already uses (a systemd `.link` file), and an address by DHCP. So
 * services bound to an interface name keep working. What is static at the source becomes DHCP, because the
 * target network is another.
 */
export type NetworkSystem = 'ifupdown' | 'netplan' | 'systemd-networkd' | 'NetworkManager';

export interface ConfiguredInterface {
  readonly system: NetworkSystem;
  readonly path: string;
  /** `undefined`: matched by something else than its name. */
  readonly name: string | undefined;
  readonly usesDhcp: boolean;
  /** Matched by the source's MAC address: applies to nothing on other hardware. */
  readonly matchesMac: boolean;
}

const INTERFACE_NAME = /^[a-zA-Z][a-zA-Z0-9_-]{0,14}$/;
/** Interfaces made by software: they come back by themselves, on top of the one that gets its name. */
const VIRTUAL_NAME = /^(lo|br|bond|team|dummy|tun|tap|wg|veth|virbr|docker|vlan)[0-9-]*$/;

export function findInterfaces(files: ReadonlyMap<string, string>): ConfiguredInterface[] {
  const found = [...files].flatMap(([path, text]) => interfacesIn(path, text));
  return found.filter((each) => each.name === undefined || isPhysicalName(each.name));
}

function isPhysicalName(name: string): boolean {
  return INTERFACE_NAME.test(name) && !VIRTUAL_NAME.test(name);
}

export function linkFile(macAddress: string, interfaceName: string): string {
  return `# Written by Landfall: the launched machine's interface keeps the name it had on the source server.
[Match]
MACAddress=${macAddress}

[Link]
Name=${interfaceName}
`;
}

/** Options of an `iface … inet static` stanza that have no meaning with DHCP. */
const STATIC_OPTION = /^\s+(address|netmask|network|broadcast|gateway|dns-\S+|pointopoint)\s/;

/** `iface NAME inet static` stanzas become DHCP; hooks and comments stay. */
export function ifupdownToDhcp(text: string, interfaceName: string): string {
  let inStanza = false;
  const lines = text.split('\n').flatMap((line) => {
    const stanza = /^\s*iface\s+(\S+)\s+inet\s+(\S+)/.exec(line);
    if (/^\s*(iface|auto|allow-\S+|mapping|source\S*)\s/.test(line)) inStanza = false;
    if (stanza?.[1] === interfaceName && stanza[2] === 'static') {
      inStanza = true;
      return [line.replace(/\bstatic\b/, 'dhcp')];
    }
    return inStanza && STATIC_OPTION.test(line) ? [] : [line];
  });
  return lines.join('\n');
}

export function netplanFile(macAddress: string, interfaceName: string): string {
  return `# Written by Landfall for the launched machine; the source server's files are beside it.
network:
  version: 2
  ethernets:
    ${interfaceName}:
      match:
        macaddress: "${macAddress}"
      set-name: ${interfaceName}
      dhcp4: true
`;
}

export function networkdFile(macAddress: string): string {
  return `# Written by Landfall for the launched machine.
[Match]
MACAddress=${macAddress}

[Network]
DHCP=ipv4
`;
}

export function networkManagerFile(macAddress: string): string {
  return `# Written by Landfall for the launched machine.
[connection]
id=landfall-launch
type=ethernet
autoconnect=true
autoconnect-priority=100

[ethernet]
mac-address=${macAddress.toUpperCase()}

[ipv4]
method=auto

[ipv6]
method=auto
`;
}

function interfacesIn(path: string, text: string): ConfiguredInterface[] {
  if (/^\/etc\/network\/interfaces(\.d\/[^/]+)?$/.test(path)) return ifupdownInterfaces(path, text);
  if (/^\/etc\/netplan\/[^/]+\.yaml$/.test(path)) return netplanInterfaces(path, text);
  if (/^\/etc\/systemd\/network\/[^/]+\.network$/.test(path)) return [networkdInterface(path, text)];
  if (path.startsWith('/etc/NetworkManager/system-connections/')) return networkManagerInterface(path, text);
  return [];
}

function ifupdownInterfaces(path: string, text: string): ConfiguredInterface[] {
  return [...text.matchAll(/^\s*iface\s+(\S+)\s+inet\s+(\S+)/gm)].map((match) => ({
    system: 'ifupdown',
    path,
    name: match[1] ?? '',
    usesDhcp: match[2] === 'dhcp',
    matchesMac: false,
  }));
}

/**
 * The children of `ethernets:`, told by their indentation; netplan's own files and installers write this
 * form.
 */
function netplanInterfaces(path: string, text: string): ConfiguredInterface[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('#'));
  const start = lines.findIndex((line) => /^\s*ethernets:\s*$/.test(line));
  if (start < 0) return [];
  const outer = indentOf(lines[start] ?? '');
  const rest = lines.slice(start + 1);
  const length = rest.findIndex((line) => indentOf(line) <= outer);
  const block = length < 0 ? rest : rest.slice(0, length);
  const inner = indentOf(block[0] ?? '');
  const starts = block.flatMap((line, index) => (indentOf(line) === inner ? [index] : []));
  return starts.map((from, index) => netplanInterface(path, block.slice(from, starts[index + 1])));
}

function netplanInterface(path: string, lines: readonly string[]): ConfiguredInterface {
  const text = lines.slice(1).join('\n');
  const key = (lines[0] ?? '').trim().replace(/:.*$/, '').replaceAll(/["']/g, '');
  const setName = /^\s*set-name:\s*["']?([^\s"']+)/m.exec(text)?.[1];
  const hasMatch = /^\s*match:/m.test(text);
  return {
    system: 'netplan',
    path,
    name: setName ?? (hasMatch ? undefined : key),
    usesDhcp: /^\s*dhcp4:\s*(true|yes|on)/m.test(text),
    matchesMac: /^\s*macaddress:/m.test(text),
  };
}

function networkdInterface(path: string, text: string): ConfiguredInterface {
  const match = /^\[Match\]([\s\S]*?)(?=^\[|$(?![\s\S]))/m.exec(text)?.[1] ?? '';
  const name = /^Name=(\S+)\s*$/m.exec(match)?.[1];
  return {
    system: 'systemd-networkd',
    path,
    name: name !== undefined && INTERFACE_NAME.test(name) ? name : undefined,
    usesDhcp: /^DHCP=(yes|true|ipv4|both)\s*$/m.test(text),
    matchesMac: /^(Permanent)?MACAddress=/m.test(match),
  };
}

function networkManagerInterface(path: string, text: string): ConfiguredInterface[] {
  if (!/^type=(ethernet|802-3-ethernet)\s*$/m.test(text)) return [];
  const ipv4 = /^\[ipv4\]([\s\S]*?)(?=^\[|$(?![\s\S]))/m.exec(text)?.[1] ?? '';
  return [
    {
      system: 'NetworkManager',
      path,
      name: /^interface-name=(\S+)\s*$/m.exec(text)?.[1],
      usesDhcp: /^method=auto\s*$/m.test(ipv4),
      matchesMac: /^mac-address=/m.test(text),
    },
  ];
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
