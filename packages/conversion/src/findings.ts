/**
 * From what a guest is and what a launch would change in it to what a person should know: pure.
 *
 * P1 Every change of the plan is a WILL_BE_FIXED finding, and there are no others.
 * P2 What makes the plan refuse is a BLOCKER.
 * P3 Every finding has a reason and a remedy.
 * P4 The worst come first.
 */
import { FINDING_CODES, type Finding, type FindingCode, findingOf, rankFindings } from '@landfall/model';
import { assert, formatBytes, MIB, OperationError } from '@landfall/runtime';
import {
  encryptedVolumesOf,
  type GuestFacts,
  hypervisorToolsOf,
  type MountedSpace,
  seLinuxOf,
  spaceOf,
} from './guest-facts.ts';
import { bootModeOf, type GuestInspection } from './inspection.ts';
import { BOOT_DRIVERS, type ConversionPlan, type ConversionTarget, planConversion } from './plan.ts';

export interface PreflightTarget extends ConversionTarget {
  /** As the launch configuration has it. */
  readonly bootMode: 'LEGACY_BIOS' | 'UEFI' | 'USE_SOURCE';
  /** Of the launch host. */
  readonly hasUefiFirmware: boolean;
}

/** A guest with what a launch would do with it. */
export interface Examination {
  readonly facts: GuestFacts;
  /** Absent when there is no root that could be read. */
  readonly inspection: GuestInspection | undefined;
  /** Absent when a launch would refuse; `refusal` says why. */
  readonly plan: ConversionPlan | undefined;
  /** CONVERSION_IMPOSSIBLE. */
  readonly refusal: OperationError | undefined;
}

const FREE_LOW_BYTES = 100 * MIB;
/** Configuration files. */
const CHANGES_BYTES = MIB;
/** Drivers and the index of all modules, compressed. */
const EXTENDED_BYTES = 8 * MIB;
/** An initial RAM filesystem is written beside the one it replaces. */
const REBUILT_BYTES = 64 * MIB;
const TESTED_VERSIONS = ['11', '12', '13'];
const FALLBACK_LOADER = /\/EFI\/BOOT\/BOOTX64\.EFI$/i;

/** `found`: the inspection, or why there is none. */
export function examine(
  facts: GuestFacts,
  found: GuestInspection | OperationError,
  target: ConversionTarget,
): Examination {
  if (found instanceof OperationError) {
    return { facts, inspection: undefined, plan: undefined, refusal: found };
  }
  try {
    return { facts, inspection: found, plan: planConversion(found, target), refusal: undefined };
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    return { facts, inspection: found, plan: undefined, refusal: error };
  }
}

/** Worst first. */
export function findingsOf(examination: Examination, target: PreflightTarget): Finding[] {
  const { inspection, plan, refusal, facts } = examination;
  return rankFindings([
    ...(refusal === undefined ? [] : [refused(refusal)]),
    ...(inspection === undefined ? [] : startFindings(facts, inspection, target)),
    ...volumeFindings(facts),
    ...(inspection === undefined ? [] : encryptionFindings(facts)),
    ...(plan === undefined ? [] : plan.steps.map(({ finding, detail }) => findingOf(finding, detail))),
    ...spaceFindings(facts, plan),
    ...(plan === undefined ? [] : plan.notes.map(({ finding, what }) => findingOf(finding, what))),
    ...(inspection === undefined ? [] : systemFindings(facts, inspection)),
  ]);
}

function refused({ message, hint, context }: OperationError): Finding {
  const { finding } = context;
  assert(typeof finding === 'string' && finding in FINDING_CODES, 'a plan refuses by the code of a finding');
  return findingOf(finding as FindingCode, message, hint);
}

/** From the firmware to root. */
function startFindings(facts: GuestFacts, inspection: GuestInspection, target: PreflightTarget): Finding[] {
  const { hasBiosBootCode, hasEfiPartition } = inspection;
  if (!hasBiosBootCode && !hasEfiPartition) {
    return [findingOf('BOOTLOADER_MISSING', `${bootDiskOf(inspection)} holds nothing that firmware starts`)];
  }
  const mode = target.bootMode === 'USE_SOURCE' ? bootModeOf(inspection) : target.bootMode;
  const isThere = mode === 'UEFI' ? hasEfiPartition : hasBiosBootCode;
  const found: Finding[] = [];
  if (!isThere) {
    const lacks = mode === 'UEFI' ? 'EFI system partition' : 'boot sector with code';
    found.push(findingOf('BOOT_MODE_MISMATCH', `boot mode ${mode} is asked for, and there is no ${lacks}`));
  }
  if (mode === 'UEFI' && !target.hasUefiFirmware) {
    found.push(findingOf('FIRMWARE_ABSENT', 'the launch host has no UEFI firmware (OVMF)'));
  }
  if (mode === 'UEFI' && isThere) found.push(...fallbackFindings(facts));
  return [...found, ...initramfsFindings(inspection)];
}

/** Told only where the EFI system partition was seen inside. */
function fallbackFindings({ present, spaces }: GuestFacts): Finding[] {
  const mounted = spaces.find(({ mountPoint }) => /^\/(boot\/)?efi$/.test(mountPoint));
  if (mounted === undefined || [...present].some((path) => FALLBACK_LOADER.test(path))) return [];
  return [findingOf('EFI_FALLBACK_MISSING', `${mounted.mountPoint}/EFI/BOOT/BOOTX64.EFI is not there`)];
}

function initramfsFindings({ kernels }: GuestInspection): Finding[] {
  const [newest] = kernels;
  if (newest === undefined || newest.initramfs !== undefined) return [];
  const modules = BOOT_DRIVERS.filter((name) => newest.modules.paths.has(name));
  if (modules.length === 0) return [];
  const what = `kernel ${newest.version} has no initial RAM filesystem in /boot to load ${modules.join(', ')} from`;
  return [findingOf('INITRAMFS_MISSING', what)];
}

function bootDiskOf({ disks }: GuestInspection): string {
  return disks.find(({ isBootDisk }) => isBootDisk)?.sourceName ?? 'the boot disk';
}

function volumeFindings({ volumeGroups }: GuestFacts): Finding[] {
  return volumeGroups
    .filter(({ missingDisks }) => missingDisks > 0)
    .map(({ name, missingDisks }) =>
      findingOf('VOLUME_INCOMPLETE', `volume group ${name} lacks ${missingDisks} physical volume(s)`),
    );
}

/** Root was read, so these are others. */
function encryptionFindings(facts: GuestFacts): Finding[] {
  return encryptedVolumesOf(facts).map(({ device, type, atStart }) => {
    const name = sourceNameOf(device, facts);
    if (atStart === 'ASKS') return findingOf('DATA_ENCRYPTED', `${name} (${type}) asks for its passphrase`);
    const how = atStart === 'OPENS' ? 'opens by a key file of the system' : 'stays closed at the start';
    return findingOf('DATA_UNLOCKED_BY_KEY', `${name} (${type}) ${how}`);
  });
}

/** The appliance's name of a device with the source's name of its disk. */
export function sourceNameOf(device: string, { disks }: Pick<GuestFacts, 'disks'>): string {
  for (const { applianceName, sourceName } of disks) {
    const partition = device.startsWith(applianceName) ? device.slice(applianceName.length) : 'none';
    if (partition === '') return sourceName;
    if (/^\d+$/.test(partition)) return `${sourceName}${/\d$/.test(sourceName) ? 'p' : ''}${partition}`;
  }
  return device;
}

function spaceFindings(facts: GuestFacts, plan: ConversionPlan | undefined): Finding[] {
  const needed = new Map<MountedSpace, number>();
  for (const step of plan?.steps ?? []) {
    const { path, bytes } = roomOf(step);
    const space = spaceOf(facts, path);
    if (space !== undefined) needed.set(space, Math.max(bytes, needed.get(space) ?? 0));
  }
  return facts.spaces.flatMap((space) => {
    const { mountPoint, freeBytes, totalBytes } = space;
    const what = `${formatBytes(freeBytes)} of ${formatBytes(totalBytes)} are free on ${mountPoint}`;
    const neededBytes = needed.get(space) ?? 0;
    if (freeBytes < neededBytes) {
      return [findingOf('SPACE_MISSING', `${what}; a launch needs ${formatBytes(neededBytes)}`)];
    }
    // EFI system partitions are small and stay as they are.
    const isLow = freeBytes < Math.min(FREE_LOW_BYTES, totalBytes / 10);
    return isLow && !mountPoint.endsWith('efi') ? [findingOf('SPACE_LOW', what)] : [];
  });
}

function roomOf(step: ConversionPlan['steps'][number]): { path: string; bytes: number } {
  switch (step.kind) {
    case 'EXTEND_INITRAMFS':
      return { path: step.initramfs.path, bytes: EXTENDED_BYTES };
    case 'RUN_IN_GUEST':
      return { path: '/boot/initramfs', bytes: REBUILT_BYTES };
    case 'WRITE_FILE':
    case 'LINK':
      return { path: step.path, bytes: CHANGES_BYTES };
    case 'MOVE':
      return { path: step.to, bytes: 0 };
  }
}

function systemFindings(facts: GuestFacts, { os }: GuestInspection): Finding[] {
  const found = hypervisorToolsOf(facts)
    // The target is QEMU.
    .filter(({ hypervisor }) => hypervisor !== 'QEMU')
    .map(({ name, hypervisor, packageName }) => {
      const what = `${name} is installed, for ${hypervisor}`;
      const fix = packageName === undefined ? undefined : removalOf(packageName, facts);
      return findingOf('HYPERVISOR_TOOLS', what, fix);
    });
  if (seLinuxOf(facts) === 'enforcing') {
    found.push(findingOf('SELINUX_ENFORCING', 'SELinux is enforcing (/etc/selinux/config)'));
  }
  const isTested = os.id === 'debian' && TESTED_VERSIONS.includes(os.versionId);
  if (!isTested) found.push(findingOf('SYSTEM_UNTESTED', `it is ${os.prettyName}`));
  return found;
}

function removalOf(packageName: string, { present }: GuestFacts): string {
  if (present.has('/usr/bin/apt-get')) return `\`apt-get purge ${packageName}\``;
  if (present.has('/usr/bin/dnf')) return `\`dnf remove ${packageName}\``;
  return `remove the package ${packageName}`;
}
