/** What is known of a launch host, in words. Pure. */
import type { Landfall } from '@landfall/api';
import { formatBytes } from '@landfall/runtime';
import type { Column } from '../../terminal/table.ts';

type Host = Landfall.LaunchHostItem;

const FIRMWARE_NAMES: Readonly<Record<string, string>> = { LEGACY_BIOS: 'BIOS', UEFI: 'UEFI' };

export const HOST_COLUMNS: readonly Column<Host>[] = [
  { title: 'ID', value: ({ launchHostID }) => launchHostID },
  { title: 'CONNECTED', value: ({ connected }) => (connected ? 'yes' : 'no') },
  { title: 'RUNS ON', value: ({ hostVersion }) => hostVersion },
  { title: 'ACCELERATOR', value: ({ accelerator }) => accelerator },
  { title: 'FIRMWARE', value: ({ firmware }) => firmware?.map(firmwareName).join(', ') },
  { title: 'CPUS', value: ({ cpuCount }) => cpuCount?.toString() },
  { title: 'MEMORY', value: ({ freeMemoryBytes, memoryBytes }) => roomText(freeMemoryBytes, memoryBytes) },
  { title: 'DISK', value: ({ diskFreeBytes, diskTotalBytes }) => roomText(diskFreeBytes, diskTotalBytes) },
  { title: 'MACHINES', value: ({ machines }) => machines?.toString() },
];

/** Name and value, for `showFacts`. What an older launch host does not say is not there. */
export function hostFacts(host: Host): readonly (readonly [string, unknown])[] {
  return [
    ['id', host.launchHostID],
    ['connected', host.connected ? 'yes' : 'no'],
    ['last seen', host.lastSeenDateTime],
    ['version', host.version],
    ['runs on', host.hostVersion],
    ['accelerator', acceleratorText(host)],
    ['firmware', firmwareText(host)],
    ['machine types', host.machineTypes?.join(', ')],
    ['networks', host.networks?.map(({ name, kind }) => `${name} (${kind})`).join('\n')],
    ['processors', processorText(host)],
    ['memory', roomText(host.freeMemoryBytes, host.memoryBytes)],
    ['disk', roomText(host.diskFreeBytes, host.diskTotalBytes)],
    ['machines', host.machines],
    ['appliance', applianceText(host)],
  ];
}

function acceleratorText({ accelerator, acceleratorReason }: Host): string | undefined {
  if (accelerator === undefined || acceleratorReason === undefined) return accelerator;
  return `${accelerator}: ${acceleratorReason}`;
}

function firmwareText({ firmware }: Host): string | undefined {
  if (firmware === undefined) return undefined;
  const lines = firmware.map((each) => `${firmwareName(each)}: ${each.files.join(', ')}`);
  const absent = Object.entries(FIRMWARE_NAMES).filter(([mode]) =>
    firmware.every(({ bootMode }) => bootMode !== mode),
  );
  return [...lines, ...absent.map(([mode, name]) => `${name}: none, ${HOW_TO_HAVE[mode]}`)].join('\n');
}

const HOW_TO_HAVE: Readonly<Record<string, string>> = {
  LEGACY_BIOS: 'install the package seabios',
  UEFI: 'install the package ovmf',
};

function firmwareName({ bootMode }: Landfall.LaunchHostFirmware): string {
  return FIRMWARE_NAMES[bootMode] ?? bootMode;
}

function processorText({ cpuCount, loadPerProcessor }: Host): string | undefined {
  if (cpuCount === undefined || loadPerProcessor === undefined) return cpuCount?.toString();
  return `${cpuCount}, load ${loadPerProcessor.toFixed(2)} for each`;
}

/** That which is kept for the next launch. */
function applianceText({ readyAppliance, readyApplianceReason }: Host): string | undefined {
  if (readyAppliance === undefined) return undefined;
  const state = { READY: 'stands ready', STARTING: 'starts', NONE: 'none' }[readyAppliance];
  return readyApplianceReason === undefined ? state : `${state}: ${readyApplianceReason}`;
}

function roomText(freeBytes: number | undefined, totalBytes: number | undefined): string | undefined {
  if (freeBytes === undefined) return undefined;
  const free = `${formatBytes(freeBytes)} free`;
  return totalBytes === undefined ? free : `${free} of ${formatBytes(totalBytes)}`;
}
