/**
 * What a machine is, as libvirt's domain XML (https://libvirt.org/formatdomain.html): pure. The same hardware
 * in the same slots as `launch-plan.ts` gives to QEMU, so a guest converted for one host starts on the other;
 * besides, what people who look after libvirt expect to find: a title, a screen over VNC, a network by name.
 *
 * D1  A view is a backing store, which libvirt and QEMU open read-only.
 *     libvirt 9.0 cannot tell QEMU to wait for a replication server that restarts: the machine
 *     pauses instead, and goes on when it is told to (M3).
 * D2  Each machine of a network that isolates is cut off from its neighbours, too (`port isolated`).
 * D3  An isolated machine that keeps an IPv4 address of its source is in none of libvirt's networks: there
 *     nobody reaches that address, and a route to it from the host would lead away from the source itself. It
 *     has QEMU's user network around it, as on the other host; libvirt hands the arguments through.
 */
import { createHash } from 'node:crypto';
import {
  checkRequest,
  DISK_SLOT_FIRST,
  DISKS_MAX,
  firmwareMissing,
  GUEST_AGENT_CHANNEL,
  hasScriptsDisk,
  type LaunchDisk,
  type LaunchRequest,
  LEFT_OUT_OF_TCG,
  macAddressOf,
  SCRIPTS_DISK_SERIAL,
  sharesSlot,
  UEFI_VARIABLES,
  userNetwork,
} from './launch-plan.ts';
import type { Accelerator } from './machine-host.ts';
import { CONSOLE_LOG, REPORT_LOG, REPORT_PORT_INDEX } from './machine-host.ts';
import { parseNbdUri } from './nbd-uri.ts';
import { element, writeXml, type XmlElement } from './xml-writer.ts';

export interface DomainSurroundings {
  readonly accelerator: Accelerator;
  readonly uefi: { readonly codePath: string; readonly variablesPath: string } | undefined;
  /** `OWN`: of the machine alone, and isolated (D3). */
  readonly network: { readonly name: string; readonly isIsolated: boolean } | 'OWN';
}

/** Whose metadata it is, in a domain that others read and write, too. */
export const METADATA_URI = 'urn:landfall:machine:1';

/** Of elements that libvirt hands through (https://libvirt.org/drvqemu.html). */
const QEMU_URI = 'http://libvirt.org/schemas/domain/qemu/1.0';

const KIB = 1024;
const NETWORK_SLOT = 0x03;
/** The last before those of the disks: libvirt does not know of it, and gives away the first ones. */
const OWN_NETWORK_SLOT = '0xf';

export function domainName(machineId: string): string {
  return `landfall-${machineId}`;
}

export function isDomainName(name: string | undefined): boolean {
  return name?.startsWith(domainName('i-')) ?? false;
}

/** The same for the same machine always: version 8 of RFC 9562, made of a hash. */
export function domainUuid(machineId: string): string {
  const hex = createHash('sha256').update(`landfall machine ${machineId}`).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

/** The name by which libvirt knows a disk, by its place in the order of the request. */
export function targetName(request: Pick<LaunchRequest, 'hardware'>, index: number): string {
  return `${request.hardware === 'COMPATIBLE' ? 'sd' : 'vd'}${String.fromCharCode(97 + index)}`;
}

/**
 * Errors: FIRMWARE_MISSING, TOO_MANY_DISKS, NBD_URI_INVALID, MACHINE_START_FAILED for paths that XML cannot
 * hold.
 */
export function planDomain(request: LaunchRequest, surroundings: DomainSurroundings): string {
  checkRequest(request);
  const { network } = surroundings;
  const type = surroundings.accelerator === 'kvm' ? 'kvm' : 'qemu';
  const own = network === 'OWN' ? userNetwork(request, true, OWN_NETWORK_SLOT) : [];
  return writeXml(
    element('domain', { type, ...(own.length === 0 ? {} : { 'xmlns:qemu': QEMU_URI }) }, [
      element('name', {}, domainName(request.machineId)),
      element('uuid', {}, domainUuid(request.machineId)),
      element('description', {}, 'Launched by Landfall, which takes it away when the machine is terminated.'),
      element('metadata', {}, [stateElement('STARTING')]),
      element('memory', { unit: 'KiB' }, String(Math.ceil(request.memoryBytes / KIB))),
      element('vcpu', { placement: 'static' }, String(request.cpuCount)),
      operatingSystem(request, surroundings),
      element('features', {}, [element('acpi'), element('apic')]),
      processor(surroundings),
      element('clock', { offset: 'utc' }),
      element('on_poweroff', {}, 'destroy'),
      element('on_reboot', {}, 'restart'),
      element('on_crash', {}, 'preserve'),
      devices(request, surroundings),
      ...(own.length === 0 ? [] : [passedThrough(own)]),
    ]),
  );
}

function processor({ accelerator }: DomainSurroundings): XmlElement {
  if (accelerator === 'kvm') return element('cpu', { mode: 'host-passthrough' });
  return element('cpu', { mode: 'maximum' }, [
    element('feature', { policy: 'disable', name: LEFT_OUT_OF_TCG }),
  ]);
}

/** How far the launch host was with a domain; kept in the domain's own metadata. */
export type DomainMark = 'STARTING' | 'STARTED' | 'STOPPED';

export function stateElement(mark: DomainMark): XmlElement {
  return element('landfall:machine', { 'xmlns:landfall': METADATA_URI, state: mark });
}

function operatingSystem(request: LaunchRequest, { uefi }: DomainSurroundings): XmlElement {
  const machine = request.hardware === 'COMPATIBLE' ? 'q35' : 'pc';
  const type = element('type', { arch: 'x86_64', machine }, 'hvm');
  if (request.bootMode === 'LEGACY_BIOS') return element('os', {}, [type]);
  if (uefi === undefined) throw firmwareMissing();
  return element('os', {}, [
    type,
    element('loader', { readonly: 'yes', type: 'pflash' }, uefi.codePath),
    element('nvram', { template: uefi.variablesPath }, `${request.folder}/${UEFI_VARIABLES}`),
  ]);
}

function devices(request: LaunchRequest, { network }: DomainSurroundings): XmlElement {
  return element('devices', {}, [
    ...request.disks.map((disk, index) => diskElement(disk, index, request)),
    ...scriptsDiskElements(request),
    element('controller', { type: 'usb', model: 'none' }),
    ...(network === 'OWN' ? [] : [networkInterface(request, network)]),
    serialPort(0, `${request.folder}/${CONSOLE_LOG}`),
    serialPort(REPORT_PORT_INDEX, `${request.folder}/${REPORT_LOG}`),
    agentChannel(),
    element('graphics', { type: 'vnc', autoport: 'yes', listen: '127.0.0.1' }),
    element('video', {}, [element('model', { type: 'vga' })]),
    element('memballoon', { model: 'none' }),
    element('rng', { model: 'virtio' }, [element('backend', { model: 'random' }, '/dev/urandom')]),
    ...(request.purpose === 'CUTOVER' ? [] : [element('panic', { model: 'isa' })]),
  ]);
}

function serialPort(index: number, path: string): XmlElement {
  return element('serial', { type: 'file' }, [
    element('source', { path, append: 'on' }),
    element('target', { type: 'isa-serial', port: String(index) }),
  ]);
}

/** libvirt chooses where it listens, and is the one who speaks with the agent. */
function agentChannel(): XmlElement {
  return element('channel', { type: 'unix' }, [
    element('target', { type: 'virtio', name: GUEST_AGENT_CHANNEL }),
  ]);
}

function diskElement(disk: LaunchDisk, index: number, request: LaunchRequest): XmlElement {
  const isSata = request.hardware === 'COMPATIBLE';
  const policies = { error_policy: 'stop', rerror_policy: 'stop' };
  return element('disk', { type: 'file', device: 'disk' }, [
    element('driver', { name: 'qemu', type: 'qcow2', ...policies, discard: 'unmap' }),
    element('source', { file: disk.overlayPath }),
    disk.nbdUri === undefined ? element('backingStore') : viewElement(disk.nbdUri),
    element('target', { dev: targetName(request, index), bus: isSata ? 'sata' : 'virtio' }),
    ...limitElements(disk),
    element('serial', {}, disk.diskId.slice(0, 20)),
    element('boot', { order: String(disk.isBootDisk ? 1 : 2 + index) }),
    ...(isSata ? [] : [diskAddress(index, sharesSlot(request, index))]),
  ]);
}

/** As with QEMU: after all others. */
function scriptsDiskElements(request: LaunchRequest): XmlElement[] {
  const { scriptsDiskPath: file, disks } = request;
  if (file === undefined || !hasScriptsDisk(request)) return [];
  const isSata = request.hardware === 'COMPATIBLE';
  const beside = pciAddress(DISK_SLOT_FIRST + DISKS_MAX - 1, { function: '0x1' });
  const place = disks.length === DISKS_MAX ? beside : diskAddress(disks.length, false);
  return [
    element('disk', { type: 'file', device: 'disk' }, [
      element('driver', { name: 'qemu', type: 'raw' }),
      element('source', { file }),
      element('target', { dev: targetName(request, disks.length), bus: isSata ? 'sata' : 'virtio' }),
      element('serial', {}, SCRIPTS_DISK_SERIAL),
      ...(isSata ? [] : [place]),
    ]),
  ];
}

function diskAddress(index: number, isShared: boolean): XmlElement {
  return pciAddress(DISK_SLOT_FIRST + index, isShared ? { multifunction: 'on' } : {});
}

/** Of what the machine does; filling in goes past it. */
function limitElements({ limits }: LaunchDisk): XmlElement[] {
  if (limits === undefined) return [];
  const { bytesPerSecond, operationsPerSecond } = limits;
  const tune = [
    ...(bytesPerSecond === undefined ? [] : [element('total_bytes_sec', {}, String(bytesPerSecond))]),
    ...(operationsPerSecond === undefined
      ? []
      : [element('total_iops_sec', {}, String(operationsPerSecond))]),
  ];
  return tune.length === 0 ? [] : [element('iotune', {}, tune)];
}

function viewElement(nbdUri: string): XmlElement {
  const location = parseNbdUri(nbdUri);
  const { server } = location;
  const host =
    server.type === 'unix'
      ? element('host', { transport: 'unix', socket: server.path })
      : element('host', { name: server.host, port: server.port });
  return element('backingStore', { type: 'network' }, [
    element('format', { type: 'raw' }),
    element('source', { protocol: 'nbd', name: location.export }, [host]),
    element('backingStore'),
  ]);
}

function networkInterface(
  request: LaunchRequest,
  network: Exclude<DomainSurroundings['network'], 'OWN'>,
): XmlElement {
  const isCompatible = request.hardware === 'COMPATIBLE';
  return element('interface', { type: 'network' }, [
    element('mac', { address: request.macAddress ?? macAddressOf(request.machineId) }),
    element('source', { network: network.name }),
    ...(network.isIsolated ? [element('port', { isolated: 'yes' })] : []),
    element('model', { type: isCompatible ? 'e1000e' : 'virtio' }),
    element('rom', { enabled: 'no' }),
    ...(isCompatible ? [] : [pciAddress(NETWORK_SLOT)]),
  ]);
}

function passedThrough(parameters: readonly string[]): XmlElement {
  const all = parameters.map((value) => element('qemu:arg', { value }));
  return element('qemu:commandline', {}, all);
}

function pciAddress(slot: number, more: Readonly<Record<string, string>> = {}): XmlElement {
  const place = { domain: '0x0000', bus: '0x00', slot: `0x${slot.toString(16).padStart(2, '0')}` };
  return element('address', { type: 'pci', ...place, function: '0x0', ...more });
}
