/**
 * Hardware as QEMU's command line, for a guest that is started without Landfall: the hardware it was
 * installed on, or plain virtio as proof that it does not start there by itself.
 */
import type { DiskController, Firmware } from './guest-row.ts';

export type Hardware = DiskController | 'VIRTIO';

export interface BareRequest {
  readonly hardware: Hardware;
  readonly firmware: Firmware;
  readonly accelerator: 'kvm' | 'tcg';
  readonly cpuCount: number;
  readonly memoryMib: number;
  /** qcow2 files in order; the first is started from. */
  readonly overlays: readonly string[];
  readonly uefi: { readonly codePath: string; readonly variablesPath: string } | undefined;
  readonly consolePath: string;
  /** Of the loopback interface, forwarded to port 80 of this address of the guest. */
  readonly hostPort: number;
  readonly guestAddress: string;
  readonly macAddress?: string;
  /** What a guest has flushed is on the host's disk, as QEMU does by itself; not so: it is quicker. */
  readonly flushes: boolean;
}

/** Of the source's network card, where a guest is not given another: QEMU's own default. */
export const SOURCE_MAC = '52:54:00:12:34:56';

const DISK_SLOT_FIRST = 0x10;
/** Gives the interface its name in the guest: `ens20`. */
const NETWORK_SLOT = '0x14';

export function bareArguments(request: BareRequest): string[] {
  const { accelerator, cpuCount, memoryMib, hostPort, guestAddress, consolePath } = request;
  const accelerated = accelerator === 'kvm' ? ['-cpu', 'host'] : ['-cpu', 'max'];
  const forward = `hostfwd=tcp:127.0.0.1:${hostPort}-${guestAddress}:80`;
  const card = request.hardware === 'VIRTIO' ? 'virtio-net-pci' : 'e1000';
  const mac = request.macAddress === undefined ? '' : `,mac=${request.macAddress}`;
  return [
    ...['qemu-system-x86_64', '-nodefaults', '-no-user-config', '-display', 'none', '-vga', 'std'],
    ...['-machine', 'pc', '-accel', accelerator === 'kvm' ? 'kvm' : 'tcg,thread=multi', ...accelerated],
    ...['-smp', String(cpuCount), '-m', `${memoryMib}M`],
    // On a busy machine the firmware may give up on a slow disk: then it tries again.
    ...['-boot', 'reboot-timeout=2000'],
    ...firmwareArguments(request),
    ...diskArguments(request),
    ...['-netdev', `user,id=net0,restrict=on,${forward}`],
    ...['-device', `${card},netdev=net0,addr=${NETWORK_SLOT},romfile=${mac}`],
    ...['-serial', `file:${consolePath}`],
  ];
}

function firmwareArguments({ firmware, uefi }: BareRequest): string[] {
  if (firmware === 'BIOS' || uefi === undefined) return [];
  const drive = (path: string, readOnly: string) => `if=pflash,format=raw,readonly=${readOnly},file=${path}`;
  return ['-drive', drive(uefi.codePath, 'on'), '-drive', drive(uefi.variablesPath, 'off')];
}

function diskArguments({ hardware, overlays, flushes }: BareRequest): string[] {
  const controller = { SATA: ['ahci'], SCSI: ['pvscsi'], NVME: [], VIRTIO: [] }[hardware];
  return [
    ...controller.flatMap((kind) => [
      '-device',
      `${kind},id=controller,addr=0x${DISK_SLOT_FIRST.toString(16)}`,
    ]),
    ...overlays.flatMap((path, index) => [
      ...[
        '-drive',
        `if=none,id=disk${index},file=${path},format=qcow2,cache=${flushes ? 'writeback' : 'unsafe'}`,
      ],
      ...['-device', `${diskDevice(hardware, index)},drive=disk${index},bootindex=${index + 1}`],
    ]),
  ];
}

function diskDevice(hardware: Hardware, index: number): string {
  const slot = `addr=0x${(DISK_SLOT_FIRST + index).toString(16)}`;
  switch (hardware) {
    case 'SATA':
      return `ide-hd,bus=controller.${index}`;
    case 'SCSI':
      return `scsi-hd,bus=controller.0,scsi-id=${index}`;
    case 'NVME':
      return `nvme,serial=disk${index},${slot}`;
    case 'VIRTIO':
      return `virtio-blk-pci,${slot}`;
  }
}
