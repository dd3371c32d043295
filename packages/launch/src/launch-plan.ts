/**
 * What a machine is, as QEMU's command line: pure, so that every choice has a test.
 *
 * Each disk is three named nodes: `file-ID` (the overlay's file), `overlay-ID` (qcow2, what the machine sees)
 * and, until the overlay holds everything itself, `view-ID` (the read-only NBD view). Disks sit in fixed PCI
 * slots in the order of the specification, so the machine's own names for them never depend on anything else.
 *
 * L1  A view is only ever opened read-only.
 * L2  A TEST or PROOF machine reaches nothing but what asks it on a published port.
 * L3  QEMU stays when the guest powers off (`shutdown=pause`): that it did so survives our own restart.
 * L4  A disk error pauses the machine instead of failing the guest's request; it goes on once the disk
 *     answers again.
 */
import { createHash } from 'node:crypto';
import { assert, OperationError } from '@landfall/runtime';
import { findQemuNetwork, QEMU_NETWORKS, type QemuNetwork } from './host-network.ts';
import { CONSOLE_LOG, type NetworkAddress, REPORT_LOG, REPORT_PORT_INDEX } from './machine-host.ts';
import { parseNbdUri } from './nbd-uri.ts';
import { keptNetwork } from './user-network.ts';

export interface LaunchDisk {
  readonly diskId: string;
  readonly isBootDisk: boolean;
  readonly overlayPath: string;
  /** `undefined`: the overlay has no backing any more. */
  readonly nbdUri: string | undefined;
  /** Absent: as fast as it goes. */
  readonly limits?: { readonly operationsPerSecond?: number; readonly bytesPerSecond?: number };
}

export interface PublishedPort {
  readonly guestPort: number;
  readonly hostPort: number;
}

export interface LaunchRequest {
  readonly machineId: string;
  readonly purpose: 'TEST' | 'CUTOVER' | 'PROOF';
  readonly disks: readonly LaunchDisk[];
  readonly cpuCount: number;
  readonly memoryBytes: number;
  readonly bootMode: 'LEGACY_BIOS' | 'UEFI';
  /**
   * VIRTIO: virtio-blk disks and a virtio-net card. COMPATIBLE: SATA disks (AHCI) and an e1000e card, for
   * guests without those drivers. Absent: VIRTIO.
   */
  readonly hardware?: 'VIRTIO' | 'COMPATIBLE';
  readonly publishedPorts: readonly PublishedPort[];
  /** Addresses that the machine keeps; absent: those QEMU gives. */
  readonly network?: {
    readonly addresses?: readonly { readonly address: string; readonly gateway?: string }[];
  };
  /** For `qmp.sock`, `console.log`, `qemu.pid`, `uefi-variables.fd`. */
  readonly folder: string;
  /** Absent: the host's default for the purpose, which for TEST and PROOF reaches nothing (M6). */
  readonly networkName?: string;
  /** Absent: derived from the machine's id. */
  readonly macAddress?: string | undefined;
  /** A small raw disk that the guest reads its post-launch scripts from, and empties; last in its order. */
  readonly scriptsDiskPath?: string;
  /** Attaches the disks without starting the guest, to fill them in. */
  readonly onlyHydrate: boolean;
}

export interface HostCapabilities {
  readonly accelerator: 'kvm' | 'tcg';
  /** OVMF's code file, if firmware for UEFI is installed. */
  readonly uefiCodePath: string | undefined;
  /** Absent: those that are always there. */
  readonly networks?: readonly QemuNetwork[];
}

export const DISKS_MAX = 16;
export const QMP_SOCKET = 'qmp.sock';
/** The channel that QEMU's guest agent looks for. Source: QEMU, qemu-ga(8). */
export const GUEST_AGENT_CHANNEL = 'org.qemu.guest_agent.0';
/** Where the guest's agent is heard, should the guest have one. */
export const GUEST_AGENT_SOCKET = 'qga.sock';
export const PID_FILE = 'qemu.pid';
export const UEFI_VARIABLES = 'uefi-variables.fd';
/** What QEMU's user network gives to its first guest. Source: QEMU, "Using the user mode network stack". */
export const GUEST_ADDRESS = '10.0.2.15';
export const USER_NETWORK_GIVES: NetworkAddress = {
  ...{ address: `${GUEST_ADDRESS}/24`, gateway: '10.0.2.2' },
  nameServers: ['10.0.2.3'],
};

const MIB = 1024 * 1024;
export const DISK_SLOT_FIRST = 0x10;
const DISK_SLOT_LAST = '0x1f';
const CARD_SLOT = '0x3';
/** By which the agent, too, knows that it is no disk of the server. */
export const SCRIPTS_DISK_SERIAL = 'landfall-scripts';
/** How long QEMU waits for a replication server that is restarting before a read fails. */
const RECONNECT_DELAY_SECONDS = 300;
/** A replication server that is just being restarted is waited for, by appliance and machine alike. */
const OPEN_TIMEOUT_SECONDS = 60;

/** Locally administered, the same for the same machine always. */
export function macAddressOf(machineId: string): string {
  const digest = createHash('sha256').update(machineId).digest('hex');
  return `52:54:00:${digest.slice(0, 2)}:${digest.slice(2, 4)}:${digest.slice(4, 6)}`;
}

/** Errors: FIRMWARE_MISSING, TOO_MANY_DISKS, NBD_URI_INVALID, NETWORK_UNKNOWN. */
export function planLaunch(request: LaunchRequest, host: HostCapabilities): string[] {
  checkRequest(request);
  return [
    'qemu-system-x86_64',
    ...['-name', `guest=landfall-${request.machineId}`],
    ...['-nodefaults', '-no-user-config', '-display', 'none'],
    ...accelerator(host),
    ...[
      '-machine',
      isCompatible(request) ? 'q35' : 'pc',
      '-smp',
      String(request.cpuCount),
      '-m',
      `${Math.ceil(request.memoryBytes / MIB)}M`,
    ],
    ...['-rtc', 'base=utc', '-boot', 'strict=on', '-vga', 'std'],
    ...['-action', `shutdown=pause,panic=${request.purpose === 'CUTOVER' ? 'none' : 'pause'}`],
    ...firmware(request, host),
    ...(isCompatible(request)
      ? sataControllers(request.disks.length + (hasScriptsDisk(request) ? 1 : 0))
      : []),
    ...request.disks.flatMap((disk, index) => diskArguments(disk, index, request)),
    ...scriptsDiskArguments(request),
    ...network(request, host.networks ?? QEMU_NETWORKS),
    ...['-device', 'virtio-rng-pci', '-device', 'pvpanic'],
    ...guestAgent(request),
    ...['-chardev', `file,id=serial0,path=${optionText(`${request.folder}/${CONSOLE_LOG}`)},append=on`],
    ...['-device', 'isa-serial,chardev=serial0'],
    ...['-chardev', `file,id=reports,path=${optionText(`${request.folder}/${REPORT_LOG}`)},append=on`],
    ...['-device', `isa-serial,chardev=reports,index=${REPORT_PORT_INDEX}`],
    ...['-qmp', `unix:${optionText(`${request.folder}/${QMP_SOCKET}`)},server=on,wait=off`],
    ...['-pidfile', `${request.folder}/${PID_FILE}`],
    ...(request.onlyHydrate ? ['-S'] : []),
  ];
}

/** What no host can start. Errors: TOO_MANY_DISKS. */
export function checkRequest(request: LaunchRequest): void {
  assert(request.cpuCount > 0 && request.memoryBytes >= 64 * MIB, 'a machine has processors and memory');
  if (request.disks.length > DISKS_MAX) throw tooManyDisks(request.disks.length);
}

/** The backing a fresh overlay is created with; also what an appliance reads through. */
export function backingSpecification(nbdUri: string, openTimeoutSeconds?: number): string {
  return `json:${JSON.stringify({ driver: 'raw', file: nbdNode(nbdUri, openTimeoutSeconds) })}`;
}

export function fileNode(diskId: string): string {
  return `file-${diskId}`;
}

export function overlayNode(diskId: string): string {
  return `overlay-${diskId}`;
}

export function viewNode(diskId: string): string {
  return `view-${diskId}`;
}

function nbdNode(nbdUri: string, openTimeoutSeconds = OPEN_TIMEOUT_SECONDS): Record<string, unknown> {
  const location = parseNbdUri(nbdUri);
  return {
    driver: 'nbd',
    server: location.server,
    export: location.export,
    'reconnect-delay': RECONNECT_DELAY_SECONDS,
    'open-timeout': openTimeoutSeconds,
  };
}

/**
 * What QEMU's emulated processor has and no server that is moved here had: page tables of five levels, which
 * make every access to memory that is looked up dearer, and which older kernels do not expect.
 */
export const LEFT_OUT_OF_TCG = 'la57';

function accelerator(host: HostCapabilities): string[] {
  return host.accelerator === 'kvm'
    ? ['-accel', 'kvm', '-cpu', 'host']
    : ['-accel', 'tcg,thread=multi', '-cpu', `max,${LEFT_OUT_OF_TCG}=off`];
}

function firmware(request: LaunchRequest, host: HostCapabilities): string[] {
  if (request.bootMode === 'LEGACY_BIOS') return [];
  if (host.uefiCodePath === undefined) throw firmwareMissing();
  const drive = (path: string, readOnly: string) =>
    `if=pflash,format=raw,readonly=${readOnly},file=${optionText(path)}`;
  return [
    ...['-drive', drive(host.uefiCodePath, 'on')],
    ...['-drive', drive(`${request.folder}/${UEFI_VARIABLES}`, 'off')],
  ];
}

function diskArguments(disk: LaunchDisk, index: number, request: LaunchRequest): string[] {
  const file = {
    driver: 'file',
    'node-name': fileNode(disk.diskId),
    filename: disk.overlayPath,
    discard: 'unmap',
  };
  const view = disk.nbdUri === undefined ? [] : [viewBlockdev(disk.diskId, disk.nbdUri)];
  const overlay = {
    driver: 'qcow2',
    'node-name': overlayNode(disk.diskId),
    file: file['node-name'],
    discard: 'unmap',
    backing: disk.nbdUri === undefined ? null : viewNode(disk.diskId),
  };
  const device = {
    ...(isCompatible(request) ? sataPlace(index) : virtioPlace(index, sharesSlot(request, index))),
    id: `device-${disk.diskId}`,
    drive: disk.limits === undefined ? overlayNode(disk.diskId) : limitNode(disk.diskId),
    serial: disk.diskId.slice(0, 20),
    bootindex: disk.isBootDisk ? 1 : 2 + index,
    werror: 'stop',
    rerror: 'stop',
  };
  return [
    ...[file, ...view, overlay].flatMap((node) => ['-blockdev', JSON.stringify(node)]),
    ...limitArguments(disk),
    ...['-device', JSON.stringify(device)],
  ];
}

function isCompatible(request: LaunchRequest): boolean {
  return request.hardware === 'COMPATIBLE';
}

export function hasScriptsDisk({ scriptsDiskPath, onlyHydrate }: LaunchRequest): boolean {
  return scriptsDiskPath !== undefined && !onlyHydrate;
}

/** Whether the disk of the scripts is beside this one: after the last disk there is no slot left. */
export function sharesSlot(request: LaunchRequest, index: number): boolean {
  return hasScriptsDisk(request) && index === DISKS_MAX - 1;
}

/** After all others, so that their names in the guest are the same with and without it. */
function scriptsDiskArguments(request: LaunchRequest): string[] {
  const { scriptsDiskPath: filename, disks } = request;
  if (filename === undefined || !hasScriptsDisk(request)) return [];
  const file = { driver: 'file', 'node-name': 'file-scripts', filename };
  const raw = { driver: 'raw', 'node-name': 'scripts', file: file['node-name'] };
  const beside = { driver: 'virtio-blk-pci', addr: `${DISK_SLOT_LAST}.0x1` };
  const own = disks.length === DISKS_MAX ? beside : virtioPlace(disks.length, false);
  const place = isCompatible(request) ? sataPlace(disks.length) : own;
  const device = { ...place, id: 'device-scripts', drive: 'scripts', serial: SCRIPTS_DISK_SERIAL };
  return [
    ...[file, raw].flatMap((node) => ['-blockdev', JSON.stringify(node)]),
    ...['-device', JSON.stringify(device)],
  ];
}

function virtioPlace(index: number, isShared: boolean): Record<string, unknown> {
  const addr = `0x${(DISK_SLOT_FIRST + index).toString(16)}`;
  return { driver: 'virtio-blk-pci', addr, ...(isShared ? { multifunction: true } : {}) };
}

/** Six disks fit on a controller; the first is the board's own, whose ports are `ide.0` to `ide.5`. */
const SATA_PORTS = 6;

function sataPlace(index: number): Record<string, unknown> {
  const controller = Math.floor(index / SATA_PORTS);
  const name = controller === 0 ? 'ide' : `sata${controller}`;
  return { driver: 'ide-hd', bus: `${name}.${index % SATA_PORTS}` };
}

function sataControllers(diskCount: number): string[] {
  const added = Math.max(0, Math.ceil(diskCount / SATA_PORTS) - 1);
  return Array.from({ length: added }, (_value, index) => [
    '-device',
    `ich9-ahci,id=sata${index + 1},addr=0x${(DISK_SLOT_FIRST + index).toString(16)}`,
  ]).flat();
}

/** A filter above the overlay, so that filling in is not held up by what the machine may do. */
function limitArguments({ diskId, limits }: LaunchDisk): string[] {
  if (limits === undefined) return [];
  const group = {
    'qom-type': 'throttle-group',
    id: `limits-${diskId}`,
    limits: {
      ...(limits.operationsPerSecond === undefined ? {} : { 'iops-total': limits.operationsPerSecond }),
      ...(limits.bytesPerSecond === undefined ? {} : { 'bps-total': limits.bytesPerSecond }),
    },
  };
  const filter = {
    driver: 'throttle',
    'node-name': limitNode(diskId),
    'throttle-group': group.id,
    file: overlayNode(diskId),
  };
  return ['-object', JSON.stringify(group), '-blockdev', JSON.stringify(filter)];
}

function limitNode(diskId: string): string {
  return `limit-${diskId}`;
}

function viewBlockdev(diskId: string, nbdUri: string): Record<string, unknown> {
  return { ...nbdNode(nbdUri), 'node-name': viewNode(diskId), 'read-only': true };
}

function network(request: LaunchRequest, networks: readonly QemuNetwork[]): string[] {
  const chosen = findQemuNetwork(networks, request);
  if (chosen.kind !== 'BRIDGE') return userNetwork(request, chosen.kind === 'ISOLATED', CARD_SLOT);
  const backend = 'bridge' in chosen ? `br=${chosen.bridge}` : tapOptions(chosen.tap);
  const kind = 'bridge' in chosen ? 'bridge' : 'tap';
  return ['-netdev', `${kind},id=net0,${backend}`, ...networkCard(request, CARD_SLOT)];
}

/**
 * A network of the machine's own, around the address that it keeps, with its ports on the loopback interface.
 */
export function userNetwork(request: LaunchRequest, isIsolated: boolean, slot: string): string[] {
  const kept = keptNetwork(request.network?.addresses);
  const forwards = request.publishedPorts.map(
    (port) => `hostfwd=tcp:127.0.0.1:${port.hostPort}-${kept?.guestAddress ?? ''}:${port.guestPort}`,
  );
  const options = [...(kept?.options ?? []), ...(isIsolated ? ['restrict=on'] : [])];
  const published = request.onlyHydrate ? [] : forwards;
  return ['-netdev', ['user', 'id=net0', ...options, ...published].join(','), ...networkCard(request, slot)];
}

function networkCard(request: LaunchRequest, slot: string): string[] {
  const card = isCompatible(request) ? 'e1000e' : 'virtio-net-pci';
  const mac = request.macAddress ?? macAddressOf(request.machineId);
  return ['-device', `${card},netdev=net0,mac=${mac},addr=${slot},romfile=`];
}

function guestAgent({ folder }: LaunchRequest): string[] {
  const socket = `path=${optionText(`${folder}/${GUEST_AGENT_SOCKET}`)},server=on,wait=off`;
  return [
    ...['-device', 'virtio-serial-pci,id=agent-bus'],
    ...['-chardev', `socket,id=agent,${socket}`],
    ...['-device', `virtserialport,bus=agent-bus.0,chardev=agent,name=${GUEST_AGENT_CHANNEL}`],
  ];
}

export function firmwareMissing(): OperationError {
  return new OperationError(
    'FIRMWARE_MISSING',
    'this machine starts from UEFI, and the launch host has no UEFI firmware',
    { hint: 'install the package ovmf on the launch host, then launch again' },
  );
}

function tapOptions(tap: string): string {
  return `ifname=${tap},script=no,downscript=no`;
}

/** QEMU's option syntax doubles commas inside values. */
function optionText(text: string): string {
  return text.replaceAll(',', ',,');
}

function tooManyDisks(count: number): OperationError {
  return new OperationError(
    'TOO_MANY_DISKS',
    `the machine has ${count} disks; ${DISKS_MAX} can be attached`,
    {
      hint: 'exclude disks from the launch, or join them into fewer volumes on the source server',
    },
  );
}
