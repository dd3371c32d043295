/**
 * From what a guest is to what has to change in it: pure, so that every decision has a test. Only what is
 * needed: a guest that already starts on the target's hardware gets an empty plan, apart from the agent being
 * switched off and the interface being named, and a guest that was converted before gets one without anything
 * that was done then.
 *
 * The target has disks of one kind of hardware and one network interface with a known MAC address.
 */
import type { FindingCodeOf } from '@landfall/model';
import { allowUuidsInGrubDefaults, rewriteKernelArguments } from '../guest/boot-configuration.ts';
import {
  bootModeOf,
  type GuestInspection,
  type InspectedInitramfs,
  type InspectedKernel,
} from '../guest/inspection.ts';
import type { KeptAddress } from '../network/network-address.ts';
import { planNetwork } from '../network/plan-network.ts';
import { KERNELS_MAX, planDrivers } from './plan-drivers.ts';
import { planEfiFallback } from './plan-efi.ts';
import { planFilesystems } from './plan-filesystems.ts';
import { planResumeInside, planResumeSetting } from './plan-resume.ts';
import type { TargetHardware } from './target-hardware.ts';

/** What all steps have in common. */
interface PlannedChange {
  readonly title: string;
  /** Under which a preflight tells of it. */
  readonly finding: FindingCodeOf<'WILL_BE_FIXED'>;
  /** What was before, and what is after. */
  readonly detail: string;
}

export type ConversionStep = PlannedChange &
  (
    | {
        readonly kind: 'WRITE_FILE';
        readonly path: string;
        readonly text: string;
        readonly mode?: number;
      }
    | { readonly kind: 'MOVE'; readonly from: string; readonly to: string }
    | { readonly kind: 'COPY'; readonly from: string; readonly to: string }
    | { readonly kind: 'LINK'; readonly path: string; readonly target: string }
    | {
        readonly kind: 'EXTEND_INITRAMFS';
        readonly kernel: InspectedKernel;
        readonly initramfs: InspectedInitramfs;
        readonly modules: readonly string[];
        /** Other files to replace inside, by name without a leading slash. */
        readonly settings: ReadonlyMap<string, string>;
      }
    | { readonly kind: 'RUN_IN_GUEST'; readonly argv: readonly string[] }
  );

/** What was found and left as it is. */
export interface PlanNote {
  readonly finding: FindingCodeOf<'NOTE'>;
  readonly what: string;
}

export interface ConversionTarget {
  readonly macAddress: string;
  /**
   * What the machine's network keeps for a guest that cannot ask for an address; absent: nobody knows one.
   */
  readonly given?: KeptAddress;
  /** Absent: by DHCP. */
  readonly addresses?: readonly KeptAddress[];
  /** Absent: the best that the guest can use. */
  readonly hardware?: TargetHardware;
  /** Absent: as the source starts. */
  readonly bootMode?: 'LEGACY_BIOS' | 'UEFI' | 'USE_SOURCE';
}

export interface ConversionPlan {
  readonly steps: readonly ConversionStep[];
  readonly notes: readonly PlanNote[];
  readonly hardware: TargetHardware;
}

const BOOTLOADER_STEP = { title: 'Bootloader', finding: 'BOOTLOADER_BY_HARDWARE' } as const;
export const AGENT_UNIT = '/etc/systemd/system/landfall-agent.service';
/** What systemd takes for a unit that must not be started. */
const MASK = '/dev/null';
const AGENT_STATE = '/var/lib/landfall-agent';
const BOOT_FILES = [
  /^\/boot\/grub2?\/grub\.cfg$/,
  /^\/boot\/efi\/EFI\/[^/]+\/grub\.cfg$/,
  /^\/boot\/loader\/entries\/.*\.conf$/,
  /^\/boot\/(extlinux\/extlinux|syslinux\/syslinux)\.(conf|cfg)$/,
  /^\/etc\/kernel\/cmdline$/,
];

/**
 * `driversBy`: VIRT_V2V makes them ready afterwards, and then says for which hardware. Errors:
 * CONVERSION_IMPOSSIBLE, LAUNCH_ADDRESS_INVALID.
 */
export function planConversion(
  inspection: GuestInspection,
  target: ConversionTarget,
  driversBy: 'LANDFALL' | 'VIRT_V2V' = 'LANDFALL',
): ConversionPlan {
  const drivers =
    driversBy === 'LANDFALL'
      ? planDrivers(inspection, target.hardware)
      : { hardware: target.hardware ?? 'VIRTIO', steps: [], notes: [] };
  const filesystems = planFilesystems(inspection);
  const network = planNetwork(inspection, target);
  const steps = [
    ...planResumeSetting(inspection),
    ...drivers.steps,
    ...planResumeInside(inspection),
    ...filesystems.steps,
    ...planBootloader(inspection),
    ...(firmwareOf(inspection, target) === 'UEFI' ? planEfiFallback(inspection) : []),
    ...network.steps,
    ...planAgent(inspection),
  ];
  const notes = [...drivers.notes, ...olderKernels(inspection), ...filesystems.notes, ...network.notes];
  return { steps, notes, hardware: drivers.hardware };
}

export function firmwareOf(
  inspection: GuestInspection,
  { bootMode = 'USE_SOURCE' }: Pick<ConversionTarget, 'bootMode'>,
): 'LEGACY_BIOS' | 'UEFI' {
  return bootMode === 'USE_SOURCE' ? bootModeOf(inspection) : bootMode;
}

function olderKernels({ kernels }: GuestInspection): PlanNote[] {
  const older = kernels.slice(KERNELS_MAX).map((kernel) => kernel.version);
  const what = `older kernels left as they are: ${older.join(', ')}`;
  return older.length === 0 ? [] : [{ finding: 'OLDER_KERNELS', what }];
}

function planBootloader(inspection: GuestInspection): ConversionStep[] {
  const base = { kind: 'WRITE_FILE', ...BOOTLOADER_STEP } as const;
  const rewritten = [...inspection.files].flatMap(([path, before]): ConversionStep[] => {
    if (!BOOT_FILES.some((pattern) => pattern.test(path))) return [];
    const { text, changes } = rewriteKernelArguments(before, inspection);
    const detail = changes.map((change) => `${path}: ${change.before} → ${change.after}`).join('\n');
    return changes.length === 0 ? [] : [{ ...base, path, text, detail }];
  });
  return [...rewritten, ...planGrubDefaults(inspection)];
}

function planGrubDefaults(inspection: GuestInspection): ConversionStep[] {
  const path = '/etc/default/grub';
  const before = inspection.files.get(path);
  if (before === undefined) return [];
  const text = allowUuidsInGrubDefaults(rewriteKernelArguments(before, inspection).text);
  if (text === before) return [];
  const detail = `${path}: named devices by hardware → by UUID, also after a later update-grub`;
  return [{ kind: 'WRITE_FILE', ...BOOTLOADER_STEP, path, text, detail }];
}

/** A copy must never answer in the source's name, nor replicate itself over the source's replica. */
function planAgent(inspection: GuestInspection): ConversionStep[] {
  const base = { title: 'Replication agent off', finding: 'AGENT_INSTALLED' } as const;
  const steps: ConversionStep[] = [];
  if (inspection.files.has(AGENT_UNIT)) {
    const to = `${AGENT_UNIT}.landfall-source`;
    steps.push({ kind: 'MOVE', ...base, from: AGENT_UNIT, to, detail: `${AGENT_UNIT} → ${to}` });
  }
  if (hasAgent(inspection) && inspection.links.get(AGENT_UNIT) !== MASK) {
    const detail = 'landfall-agent.service: installed → masked';
    steps.push({ kind: 'LINK', ...base, path: AGENT_UNIT, target: MASK, detail });
  }
  if (inspection.present.has(AGENT_STATE)) {
    const to = `${AGENT_STATE}.landfall-source`;
    steps.push({ kind: 'MOVE', ...base, from: AGENT_STATE, to, detail: `${AGENT_STATE} → ${to}` });
  }
  return steps;
}

function hasAgent(inspection: GuestInspection): boolean {
  const units = [AGENT_UNIT, '/lib/systemd/system/landfall-agent.service'];
  return [...units, AGENT_STATE].some((path) => inspection.present.has(path));
}
