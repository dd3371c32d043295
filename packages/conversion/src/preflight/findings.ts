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
} from '../guest/guest-facts.ts';
import { impossible } from '../guest/impossible.ts';
import { type ForeignSystem, type GuestInspection, isForeign } from '../guest/inspection.ts';
import { type ConversionMethod, type ConversionTool, chooseTool } from '../plan/conversion-method.ts';
import { type ConversionPlan, type ConversionTarget, firmwareOf, planConversion } from '../plan/plan.ts';
import { findEfiLoader, hasFallbackLoader } from '../plan/plan-efi.ts';
import type { TargetHardware } from '../plan/target-hardware.ts';

export interface PreflightTarget extends ConversionTarget {
  /** As the launch configuration has it. */
  readonly bootMode: 'LEGACY_BIOS' | 'UEFI' | 'USE_SOURCE';
  /** Of the launch host. */
  readonly hasUefiFirmware: boolean;
  readonly hasVirtV2v: boolean;
  /** As a launch would be asked for; absent: AUTOMATIC. */
  readonly method?: ConversionMethod;
}

/** A guest with what a launch would do with it. */
export interface Examination {
  readonly facts: GuestFacts;
  /** Absent when there is no root that could be read. */
  readonly inspection: GuestInspection | undefined;
  /** Where there is no root because the system is not Linux. */
  readonly foreign: ForeignSystem | undefined;
  readonly tool: ConversionTool;
  /** Absent when a launch would refuse, and where virt-v2v finds out. */
  readonly hardware: TargetHardware | undefined;
  /** Absent when a launch would refuse, or does nothing of ours; `refusal` says why. */
  readonly plan: ConversionPlan | undefined;
  /** CONVERSION_IMPOSSIBLE. */
  readonly refusal: OperationError | undefined;
}

const FREE_LOW_BYTES = 100 * MIB;
/** Configuration files. */
const CHANGES_BYTES = MIB;
/** Of shim, GRUB or the key manager. */
const EFI_FILE_BYTES = 3 * MIB;
/** Drivers and the index of all modules, compressed. */
const EXTENDED_BYTES = 8 * MIB;
/** An initial RAM filesystem is written beside the one it replaces. */
const REBUILT_BYTES = 64 * MIB;
const TESTED_VERSIONS = ['11', '12', '13'];

/** `found`: the inspection, or why there is none. */
export function examine(
  facts: GuestFacts,
  found: GuestInspection | ForeignSystem | OperationError,
  target: Omit<PreflightTarget, 'hasUefiFirmware'>,
): Examination {
  const nothing = { inspection: undefined, foreign: undefined, plan: undefined, refusal: undefined };
  const none = { facts, ...nothing, tool: 'LANDFALL', hardware: undefined } as const;
  if (found instanceof OperationError) return { ...none, refusal: found };
  const tool = chooseTool(found, { method: 'AUTOMATIC', ...target });
  if (tool === 'VIRT_V2V' && !target.hasVirtV2v) return { ...none, ...asFound(found), refusal: noVirtV2v() };
  if (isForeign(found)) {
    return { ...none, foreign: found, tool, hardware: tool === 'LANDFALL' ? 'COMPATIBLE' : undefined };
  }
  try {
    const plan = planConversion(found, target, tool);
    return {
      ...none,
      inspection: found,
      tool,
      plan,
      hardware: tool === 'LANDFALL' ? plan.hardware : undefined,
    };
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    return { ...none, inspection: found, refusal: error };
  }
}

function asFound(found: GuestInspection | ForeignSystem): Pick<Examination, 'inspection' | 'foreign'> {
  return isForeign(found)
    ? { inspection: undefined, foreign: found }
    : { inspection: found, foreign: undefined };
}

/** Only where it was asked for by name. */
function noVirtV2v(): OperationError {
  const what = 'the launch template asks for virt-v2v, and it is not installed on the launch host';
  const hint = '`apt-get install virt-v2v` on the launch host';
  return impossible('VIRT_V2V_ABSENT', what, hint);
}

/** Worst first. */
export function findingsOf(examination: Examination, target: PreflightTarget): Finding[] {
  const { inspection, plan, refusal, facts } = examination;
  return rankFindings([
    ...(refusal === undefined ? [] : [refused(refusal)]),
    ...foreignFindings(examination),
    ...(inspection === undefined ? [] : startFindings(facts, inspection, target)),
    ...volumeFindings(facts),
    ...(inspection === undefined ? [] : encryptionFindings(facts)),
    ...(plan === undefined ? [] : plan.steps.map(({ finding, detail }) => findingOf(finding, detail))),
    ...spaceFindings(facts, plan),
    ...(plan === undefined ? [] : plan.notes.map(({ finding, what }) => findingOf(finding, what))),
    ...(inspection === undefined ? [] : systemFindings(facts, inspection)),
  ]);
}

function foreignFindings({ foreign, tool, inspection }: Examination): Finding[] {
  const deep =
    tool === 'LANDFALL' ? [] : [findingOf('CONVERTED_BY_VIRT_V2V', `it is ${systemOf(foreign, inspection)}`)];
  if (foreign === undefined) return deep;
  if (foreign.family === 'WINDOWS')
    return [...deep, findingOf('WINDOWS_UNTESTED', `it is ${foreign.prettyName}`)];
  const what = `it is ${foreign.prettyName}, and nothing in it is changed`;
  return [findingOf('HARDWARE_COMPATIBLE', what), findingOf('SYSTEM_UNTESTED', what)];
}

function systemOf(foreign: ForeignSystem | undefined, inspection: GuestInspection | undefined): string {
  return foreign?.prettyName ?? inspection?.os.prettyName ?? 'an unknown system';
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
  const mode = firmwareOf(inspection, target);
  const isThere = mode === 'UEFI' ? hasEfiPartition : hasBiosBootCode;
  const found: Finding[] = [];
  if (!isThere) {
    const lacks = mode === 'UEFI' ? 'EFI system partition' : 'boot sector with code';
    found.push(findingOf('BOOT_MODE_MISMATCH', `boot mode ${mode} is asked for, and there is no ${lacks}`));
  }
  if (mode === 'UEFI' && !target.hasUefiFirmware) {
    found.push(findingOf('FIRMWARE_ABSENT', 'the launch host has no UEFI firmware (OVMF)'));
  }
  if (mode === 'UEFI' && isThere) found.push(...loaderFindings(facts, inspection));
  return found;
}

/**
 * Told only where the EFI system partition was seen inside. What can be copied there is a step of the plan.
 */
function loaderFindings({ spaces, present }: GuestFacts, inspection: GuestInspection): Finding[] {
  const mounted = spaces.find(({ mountPoint }) => /^\/(boot\/)?efi$/.test(mountPoint));
  if (mounted === undefined || hasFallbackLoader(present)) return [];
  if (findEfiLoader(inspection) !== undefined) return [];
  return [findingOf('EFI_LOADER_MISSING', `${mounted.mountPoint}/EFI has no loader of a known kind`)];
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
    // EFI system partitions are small, and little is written there.
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
    case 'COPY':
      return { path: step.to, bytes: EFI_FILE_BYTES };
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
