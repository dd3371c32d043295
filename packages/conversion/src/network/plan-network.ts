/** The network part of a conversion plan; the rule is in `network-configuration.ts`. */
import type { FindingCodeOf } from '@landfall/model';
import type { GuestInspection } from '../guest/inspection.ts';
import type { ConversionStep, ConversionTarget, PlanNote } from '../plan/plan.ts';
import { type Addressing, addressingText, BY_DHCP, readAddressing } from './network-address.ts';
import { findInterfaces, linkFile, NETWORK_SYSTEMS, udevRule } from './network-configuration.ts';
import type { ConfiguredInterface, FileChange } from './network-interface.ts';
import { OUR_CONNECTION } from './network-manager.ts';

export interface NetworkPlan {
  readonly steps: readonly ConversionStep[];
  readonly notes: readonly PlanNote[];
}

const TITLE = 'Network';
const LINK_PATH = '/etc/systemd/network/10-landfall-launch.link';
const PERSISTENT_NAMES = '/etc/udev/rules.d/70-persistent-net.rules';
/** Of the time before systemd: it knows no .link files. */
const OLD_UDEV = '/sbin/udevd';
const NETWORK_MANAGER = '/usr/sbin/NetworkManager';
const DHCP_CLIENTS = [
  '/sbin/dhclient',
  '/usr/sbin/dhclient',
  '/sbin/udhcpc',
  '/usr/sbin/udhcpc',
  '/sbin/dhcpcd',
  '/usr/sbin/dhcpcd',
];
const RESOLVCONF = ['/sbin/resolvconf', '/usr/sbin/resolvconf'];
const RESOLVER = '/etc/resolv.conf';
/** Which one it is depends on the machine: a preflight tells of none. */
const GIVEN_TEXT = "an address of the machine's network (it has no DHCP client)";
const CLOUD_INIT = '/etc/cloud/cloud.cfg';

/** Errors: LAUNCH_ADDRESS_INVALID. */
export function planNetwork(inspection: GuestInspection, target: ConversionTarget): NetworkPlan {
  const asked = readAddressing(target.addresses ?? []);
  const interfaces = findInterfaces(inspection.files);
  const primary = choosePrimary(interfaces, asked) ?? newConnection(inspection, asked);
  if (primary === undefined) return { steps: [], notes: [unknownNetwork(asked)] };
  const lost = interfaces
    .filter((each) => each.name !== undefined && each.name !== primary.name)
    .map(({ name, path }): PlanNote => {
      const what = `interface ${name} of ${path} has no counterpart: the target has one interface`;
      return { finding: 'INTERFACES_LOST', what };
    });
  const steps = [
    ...planName(inspection, target, primary.name),
    ...planAddress(inspection, target, primary, asked),
    ...planCloudInit(inspection),
  ];
  const notes = [...lost, ...layeredNote(primary), ...unaddressedNote(inspection, target, primary)];
  return { steps, notes };
}

/**
 * Whether the guest can only have an address that is told beforehand: then the target says which is given.
 * Errors: LAUNCH_ADDRESS_INVALID.
 */
export function needsGivenAddress(inspection: GuestInspection, target: ConversionTarget): boolean {
  const asked = readAddressing(target.addresses ?? []);
  const primary = choosePrimary(findInterfaces(inspection.files), asked);
  if (asked.addresses.length > 0 || primary === undefined || primary.isMember) return false;
  return !canAsk(inspection, primary);
}

/** The one that has an address that is kept; else the first with an address and a name of its own. */
function choosePrimary(
  interfaces: readonly ConfiguredInterface[],
  { addresses }: Addressing,
): ConfiguredInterface | undefined {
  const standing = interfaces.filter(({ isMember }) => !isMember);
  return (
    standing.find(({ text }) => addresses.some(({ host }) => text.includes(host))) ??
    standing.find(({ name }) => name !== undefined) ??
    standing[0] ??
    interfaces[0]
  );
}

/** NetworkManager configures by itself what has no file; addresses that are kept need one. */
function newConnection(
  { present }: GuestInspection,
  { addresses }: Addressing,
): ConfiguredInterface | undefined {
  if (addresses.length === 0 || !present.has(NETWORK_MANAGER)) return undefined;
  return {
    ...{ system: 'NetworkManager', path: OUR_CONNECTION, name: undefined, text: '' },
    ...{ usesDhcp: true, boundToMac: false, isMember: false },
  };
}

function unknownNetwork(asked: Addressing): PlanNote {
  const lost = asked.addresses.length === 0 ? '' : `; ${addressingText(asked)} could not be kept`;
  const what = `no network configuration was found; the guest decides for itself${lost}`;
  return { finding: 'NETWORK_UNKNOWN', what };
}

function layeredNote({ isMember, name, path }: ConfiguredInterface): PlanNote[] {
  if (!isMember) return [];
  const what = `interface ${name ?? ''} of ${path} has no address of its own; what stands on it is left as it is`;
  return [{ finding: 'NETWORK_LAYERED', what }];
}

function unaddressedNote(
  inspection: GuestInspection,
  target: ConversionTarget,
  { name = 'interface', path }: ConfiguredInterface,
): PlanNote[] {
  if (target.given !== undefined || !needsGivenAddress(inspection, target)) return [];
  const what = `${name} of ${path} stays without an address: it has no DHCP client, and nobody knows one for it`;
  return [{ finding: 'NETWORK_UNADDRESSED', what }];
}

function planName(
  inspection: GuestInspection,
  { macAddress }: ConversionTarget,
  name: string | undefined,
): ConversionStep[] {
  const detail = `interface ${name}: the source's hardware → MAC ${macAddress}`;
  const base = { kind: 'WRITE_FILE', title: TITLE, finding: 'NETWORK_BY_HARDWARE', detail } as const;
  if (inspection.present.has(OLD_UDEV)) {
    if (name === undefined) return [];
    return unlessThere(inspection, [{ ...base, path: PERSISTENT_NAMES, text: udevRule(macAddress, name) }]);
  }
  const link = { ...base, path: LINK_PATH, text: linkFile(macAddress, name ?? '') };
  return [...planOldRules(inspection), ...(name === undefined ? [] : unlessThere(inspection, [link]))];
}

/** Old udev rules give the source's name to the source's MAC address and keep it from anybody else. */
function planOldRules({ present }: GuestInspection): ConversionStep[] {
  return present.has(PERSISTENT_NAMES) ? [aside(PERSISTENT_NAMES, 'NETWORK_RULES')] : [];
}

function planAddress(
  inspection: GuestInspection,
  target: ConversionTarget,
  primary: ConfiguredInterface,
  asked: Addressing,
): ConversionStep[] {
  const isKept = asked.addresses.length > 0;
  // By DHCP, on whichever interface has the name or matches a pattern: as it is wanted.
  if (primary.isMember || (!isKept && primary.usesDhcp && !primary.boundToMac)) return [];
  const addressing = isKept ? asked : addressingFor(inspection, target, primary);
  const before = primary.usesDhcp ? "DHCP by the source's MAC" : 'static';
  const isGiven = !isKept && addressing.addresses.length > 0;
  const after = isGiven ? GIVEN_TEXT : addressingText(addressing);
  const detail = `${primary.name ?? 'interface'} (${primary.path}): ${before} → ${after}`;
  const finding = isKept ? 'NETWORK_KEPT' : 'NETWORK_NOT_DHCP';
  const wanted = { ...addressing, name: primary.name, macAddress: target.macAddress };
  const changes = NETWORK_SYSTEMS[primary.system].configure(wanted, primary, writableFiles(inspection));
  const steps = changes.map((change) => toStep(change, finding, detail));
  return unlessThere(inspection, steps);
}

/** A guest with a static address need not have a DHCP client: it gets the one that DHCP would give. */
function addressingFor(
  inspection: GuestInspection,
  { given }: ConversionTarget,
  primary: ConfiguredInterface,
): Addressing {
  return given === undefined || canAsk(inspection, primary) ? BY_DHCP : readAddressing([given]);
}

function canAsk({ present }: GuestInspection, { system, usesDhcp }: ConfiguredInterface): boolean {
  return system !== 'ifupdown' || usesDhcp || DHCP_CLIENTS.some((path) => present.has(path));
}

/** What resolvconf writes is not ours to write. */
function writableFiles({ files, present }: GuestInspection): ReadonlyMap<string, string> {
  if (!RESOLVCONF.some((path) => present.has(path))) return files;
  return new Map([...files].filter(([path]) => path !== RESOLVER));
}

type NetworkFinding = FindingCodeOf<'WILL_BE_FIXED'>;

function toStep(change: FileChange, finding: NetworkFinding, detail: string): ConversionStep {
  if (change.kind === 'ASIDE') return aside(change.path, finding);
  const { path, text, mode } = change;
  const base = { kind: 'WRITE_FILE', title: TITLE, finding, path, text, detail } as const;
  return mode === undefined ? base : { ...base, mode };
}

function aside(from: string, finding: NetworkFinding): ConversionStep {
  const to = `${from}.landfall-source`;
  return { kind: 'MOVE', title: TITLE, finding, from, to, detail: `${from} → ${to}` };
}

/** Without what would write the text that is there. */
function unlessThere({ files }: GuestInspection, steps: readonly ConversionStep[]): ConversionStep[] {
  return steps.filter((step) => step.kind !== 'WRITE_FILE' || files.get(step.path) !== step.text);
}

/** cloud-init would write the network configuration again, for hardware it does not find. */
function planCloudInit(inspection: GuestInspection): ConversionStep[] {
  if (!inspection.present.has(CLOUD_INIT)) return [];
  const path = '/etc/cloud/cloud.cfg.d/99-landfall-network.cfg';
  const text = '# Written by Landfall: the network is configured already.\nnetwork: {config: disabled}\n';
  const base = { kind: 'WRITE_FILE', title: TITLE, finding: 'CLOUD_INIT_NETWORK' } as const;
  const detail = 'cloud-init writes the network → leaves it alone';
  return unlessThere(inspection, [{ ...base, path, text, detail }]);
}
