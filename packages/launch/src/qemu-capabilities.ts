/** What the QEMU of this computer offers: its version, machine types, and firmware with its files. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { runChecked } from '@landfall/runtime';
import type { HostFirmware } from './machine-host.ts';

export interface UefiFirmware {
  readonly codePath: string;
  /** Copied for each machine. */
  readonly variablesPath: string;
}

export interface QemuOffers {
  /** `QEMU 7.2.22`. */
  readonly version: string;
  /** Those of ours that it has. */
  readonly machineTypes: readonly string[];
}

/** Code and variables. */
export type FirmwarePaths = readonly (readonly [string, string])[];

/** What machines are started as: VIRTIO hardware on the first, COMPATIBLE on the second. */
export const MACHINE_TYPES = ['pc', 'q35'] as const;

const QEMU = 'qemu-system-x86_64';
const BIOS = 'bios-256k.bin';
const UEFI_FIRMWARE: FirmwarePaths = [
  ['/usr/share/OVMF/OVMF_CODE_4M.fd', '/usr/share/OVMF/OVMF_VARS_4M.fd'],
  ['/usr/share/OVMF/OVMF_CODE.fd', '/usr/share/OVMF/OVMF_VARS.fd'],
];

/** Errors: TOOL_MISSING, TOOL_FAILED. */
export async function askQemu(): Promise<QemuOffers> {
  const version = parseQemuVersion((await runChecked([QEMU, '--version'])).stdout);
  const names = parseMachineNames((await runChecked([QEMU, '-machine', 'help'])).stdout);
  return { version, machineTypes: MACHINE_TYPES.filter((name) => names.has(name)) };
}

/** The first line of `--version`: `QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)`. */
export function parseQemuVersion(text: string): string {
  const [line = ''] = text.split('\n');
  return `QEMU ${/version (\S+)/.exec(line)?.[1] ?? line}`;
}

/** The first word of each line of `-machine help`, aliases among them. */
export function parseMachineNames(text: string): ReadonlySet<string> {
  return new Set(text.split('\n').map((line) => line.split(/\s/)[0] ?? ''));
}

export async function findUefiFirmware(paths = UEFI_FIRMWARE): Promise<UefiFirmware | undefined> {
  for (const [codePath, variablesPath] of paths) {
    if ((await exists(codePath)) && (await exists(variablesPath))) return { codePath, variablesPath };
  }
  return undefined;
}

/** Where QEMU itself looks for it. Errors: TOOL_MISSING, TOOL_FAILED. */
export async function findBiosFirmware(): Promise<string | undefined> {
  const { stdout } = await runChecked([QEMU, '-L', 'help']);
  for (const folder of stdout.split('\n').filter((line) => line.startsWith('/'))) {
    const path = join(folder, BIOS);
    if (await exists(path)) return path;
  }
  return undefined;
}

export function listFirmware(bios: string | undefined, uefi: UefiFirmware | undefined): HostFirmware[] {
  return [
    ...(bios === undefined ? [] : [{ bootMode: 'LEGACY_BIOS', files: [bios] } as const]),
    ...(uefi === undefined
      ? []
      : [{ bootMode: 'UEFI', files: [uefi.codePath, uefi.variablesPath] } as const]),
  ];
}

export async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
