/**
 * What is known of a conversion that was kept, and whether it is the one a machine needs. Pure.
 *
 * K1  A kept conversion is used only for the same disks of the same server at the same point, converted by
 *     the same release with the same settings. In doubt it is not: a conversion costs seconds. Scripts are
 *     of a machine and no part of it; one that is ready to run them also serves a machine without any.
 */
import type { MachineDisk, MachinePoint, MachineSpecification } from '@landfall/channel';
import type { MachineRecord } from '../machine/machine-record.ts';

export interface KeptConversion {
  /** 1 had the scripts in it. */
  readonly version: 2;
  readonly name: string;
  readonly keptAtMs: number;
  /** Of the launch host that converted. */
  readonly programVersion: string;
  readonly recoveryPoint: MachinePoint;
  readonly disks: readonly KeptDisk[];
  /** What a conversion depends on besides the disks. */
  readonly settings: ConversionSettings;
  /** Written into the guest: a machine that uses this has it. */
  readonly macAddress: string;
  readonly conversion: MachineRecord['conversion'];
  readonly bytes: number;
}

type KeptDisk = Pick<MachineDisk, 'diskId' | 'sizeBytes' | 'isBootDisk'>;
type ConversionSettings = Required<Pick<MachineSpecification, 'bootMode' | 'conversionMethod'>> & {
  readonly hardware: MachineSpecification['hardware'] | null;
  readonly addresses: NonNullable<MachineSpecification['network']>['addresses'] | null;
  readonly runsScripts: boolean;
};

/** File names are made of it. */
export const KEPT_NAME = /^[A-Za-z0-9][A-Za-z0-9.-]{0,119}$/;

export function keptDisks({ disks }: MachineSpecification): readonly KeptDisk[] {
  return disks.map(({ diskId, sizeBytes, isBootDisk }) => ({ diskId, sizeBytes, isBootDisk }));
}

export function conversionSettings(specification: MachineSpecification): ConversionSettings {
  return {
    bootMode: specification.bootMode,
    conversionMethod: specification.conversionMethod ?? 'AUTOMATIC',
    hardware: specification.hardware ?? null,
    addresses: specification.network?.addresses ?? null,
    runsScripts: runsScripts(specification),
  };
}

/** Whether conversion makes the guest ready for scripts. */
export function runsScripts({ preparesForScripts, postLaunchScripts = [] }: MachineSpecification): boolean {
  return preparesForScripts === true || postLaunchScripts.length > 0;
}

/** Why the machine cannot begin with it; `undefined`: it can (K1). */
export function misfitOf(
  kept: KeptConversion,
  specification: MachineSpecification,
  programVersion: string,
): string | undefined {
  const macAddress = specification.network?.macAddress ?? kept.macAddress;
  const wanted = conversionSettings(specification);
  const settings = { ...wanted, runsScripts: wanted.runsScripts || kept.settings.runsScripts };
  const same = [
    ['recovery point', kept.recoveryPoint, specification.recoveryPoint],
    ['disks', kept.disks, keptDisks(specification)],
    ['release of the launch host', kept.programVersion, programVersion],
    ['MAC address', kept.macAddress, macAddress],
    ...Object.entries(settings).map(([name, value]) => [
      name,
      kept.settings[name as keyof ConversionSettings],
      value,
    ]),
  ] as const;
  const differing = same.filter(([, one, other]) => !isSame(one, other)).map(([what]) => what);
  return differing.length === 0 ? undefined : `it was made for another ${differing.join(', ')}`;
}

/** By content; the order of members is nobody's promise. */
function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(
    entries
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, member]) => [name, sorted(member)]),
  );
}

export interface KeptLimits {
  readonly perServerMax: number;
  readonly bytesMax: number;
}

/** Those that have to go, oldest first: too many of a server, or more bytes than are allowed in all. */
export function surplusOf(
  kept: readonly KeptConversion[],
  { perServerMax, bytesMax }: KeptLimits,
): readonly KeptConversion[] {
  const newestFirst = kept.toSorted((one, other) => other.keptAtMs - one.keptAtMs);
  const counts = new Map<string, number>();
  let bytes = 0;
  const surplus = newestFirst.filter(({ recoveryPoint, bytes: size }) => {
    const count = (counts.get(recoveryPoint.sourceServerId) ?? 0) + 1;
    if (count > perServerMax || bytes + size > bytesMax) return true;
    counts.set(recoveryPoint.sourceServerId, count);
    bytes += size;
    return false;
  });
  return surplus.toReversed();
}
