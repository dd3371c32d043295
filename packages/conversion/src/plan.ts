/**
 * From what a guest is to what has to change in it: pure, so that every decision has a test. Only what is
 * needed: a guest that already starts on the target's hardware gets an empty plan, apart from the agent being
 * switched off.
 *
 * The target's hardware is virtio-blk disks and one virtio-net interface with a known MAC address.
 */
import type { FindingCodeOf } from '@landfall/model';
import { OperationError } from '@landfall/runtime';
import { allowUuidsInGrubDefaults, rewriteKernelArguments } from './boot-configuration.ts';
import { rewriteFstab } from './fstab.ts';
import { canAppend, hasModule } from './initramfs.ts';
import type { GuestInspection, InspectedInitramfs, InspectedKernel } from './inspection.ts';
import { knowsModule, withNeeded } from './kernel-modules.ts';
import { planNetwork } from './plan-network.ts';

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
  /** Used when a guest with a static address has no DHCP client. */
  readonly address: { readonly address: string; readonly netmask: string; readonly gateway: string };
}

export interface ConversionPlan {
  readonly steps: readonly ConversionStep[];
  readonly notes: readonly PlanNote[];
}

/** Drivers without which root is not found. */
export const BOOT_DRIVERS = ['virtio_pci', 'virtio_blk'] as const;
/** Drivers the running system needs, loaded by udev from root. */
export const SYSTEM_DRIVERS = ['virtio_net'] as const;
/** Older kernels are left as they are: the bootloader starts the newest. */
export const KERNELS_MAX = 3;

const BOOT_DRIVERS_STEP = { title: 'Boot drivers', finding: 'INITRAMFS_LACKS_DRIVERS' } as const;
const BOOTLOADER_STEP = { title: 'Bootloader', finding: 'BOOTLOADER_BY_HARDWARE' } as const;
const AGENT_UNIT = '/etc/systemd/system/landfall-agent.service';
const AGENT_STATE = '/var/lib/landfall-agent';
const BOOT_FILES = [
  /^\/boot\/grub2?\/grub\.cfg$/,
  /^\/boot\/efi\/EFI\/[^/]+\/grub\.cfg$/,
  /^\/boot\/loader\/entries\/.*\.conf$/,
  /^\/boot\/(extlinux\/extlinux|syslinux\/syslinux)\.(conf|cfg)$/,
  /^\/etc\/kernel\/cmdline$/,
];

/** Errors: CONVERSION_IMPOSSIBLE. */
export function planConversion(inspection: GuestInspection, target: ConversionTarget): ConversionPlan {
  const network = planNetwork(inspection, target);
  const steps = [
    ...planDrivers(inspection),
    ...planResume(inspection),
    ...planFstab(inspection),
    ...planBootloader(inspection),
    ...network.steps,
    ...planAgent(inspection),
  ];
  const older = inspection.kernels.slice(KERNELS_MAX).map((kernel) => kernel.version);
  const what = `older kernels left as they are: ${older.join(', ')}`;
  const notes: PlanNote[] = older.length === 0 ? [] : [{ finding: 'OLDER_KERNELS', what }];
  return { steps, notes: [...notes, ...network.notes] };
}

function planDrivers(inspection: GuestInspection): ConversionStep[] {
  const newest = inspection.kernels[0];
  if (newest === undefined) {
    throw impossible(
      'KERNEL_MISSING',
      'no kernel was found in /boot',
      'install a kernel package on the source server, e.g. linux-image-amd64',
    );
  }
  const lacking = [...BOOT_DRIVERS, ...SYSTEM_DRIVERS].filter((name) => !knowsModule(newest.modules, name));
  if (lacking.length > 0) {
    throw impossible(
      'DRIVERS_MISSING',
      `its kernel ${newest.version} has no ${lacking.join(', ')}`,
      "install the distribution's generic kernel on the source server, then launch from a newer point",
    );
  }
  const kernels = inspection.kernels.slice(0, KERNELS_MAX);
  const steps = kernels.flatMap((kernel) => planInitramfs(inspection, kernel));
  return steps.length === 0 ? [] : [...planBuilderSettings(inspection), ...steps];
}

/** Makes the guest's own tools put the drivers in whenever they build an initramfs later. */
function planBuilderSettings(inspection: GuestInspection): ConversionStep[] {
  const base = {
    kind: 'WRITE_FILE',
    title: 'Drivers for later kernels',
    finding: 'INITRAMFS_SETTINGS',
  } as const;
  const names = BOOT_DRIVERS.join(' ');
  if (inspection.initramfsBuilder === 'initramfs-tools') {
    const path = '/etc/initramfs-tools/modules';
    const before = inspection.files.get(path) ?? '';
    const text = `${before.replace(/\n?$/, '\n')}# Added by Landfall\n${BOOT_DRIVERS.join('\n')}\n`;
    return [{ ...base, path, text: text.trimStart(), detail: `${path}: added ${names}` }];
  }
  if (inspection.initramfsBuilder !== 'dracut') return [];
  const path = '/etc/dracut.conf.d/landfall.conf';
  const text = `# Added by Landfall\nadd_drivers+=" ${names} "\n`;
  return [{ ...base, path, text, detail: `${path}: absent → add_drivers ${names}` }];
}

function planInitramfs(inspection: GuestInspection, kernel: InspectedKernel): ConversionStep[] {
  const { initramfs } = kernel;
  if (initramfs === undefined) return [];
  const needed = [...new Set(BOOT_DRIVERS.flatMap((name) => withNeeded(kernel.modules, name)))];
  const { content } = initramfs;
  if (content === undefined) return [planRebuild(inspection, kernel, 'its compression cannot be read here')];
  const missing = needed.filter((name) => !hasModule(content, name));
  if (missing.length === 0) return [];
  if (!canAppend(content.compression)) {
    return [planRebuild(inspection, kernel, `nothing can follow ${content.compression}`)];
  }
  return [
    {
      kind: 'EXTEND_INITRAMFS',
      ...BOOT_DRIVERS_STEP,
      kernel,
      initramfs,
      modules: missing,
      settings: initramfsSettings(content.settings),
      detail: `${initramfs.path}: without ${missing.join(', ')} → with them (${content.compression})`,
    },
  ];
}

/**
 * initramfs-tools loads what `conf/modules` lists before it waits for root; udev alone would also do, later.
 */
function initramfsSettings(settings: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const modules = settings.get('conf/modules');
  if (modules === undefined) return new Map();
  return new Map([
    ['conf/modules', `${modules.replace(/\n?$/, '\n')}${BOOT_DRIVERS.join('\n')}\n`.trimStart()],
  ]);
}

function planRebuild(inspection: GuestInspection, kernel: InspectedKernel, reason: string): ConversionStep {
  const path = kernel.initramfs?.path ?? '';
  const argv = {
    'initramfs-tools': ['update-initramfs', '-u', '-k', kernel.version],
    dracut: ['dracut', '-f', path, kernel.version],
    unknown: [],
  }[inspection.initramfsBuilder];
  if (argv.length === 0) {
    throw impossible(
      'INITRAMFS_FIXED',
      `${path} lacks virtio drivers and neither initramfs-tools nor dracut is there to rebuild it`,
      'rebuild it on the source server with virtio_blk and virtio_pci, then launch from a newer point',
    );
  }
  const detail = `${path}: rebuilt, because ${reason}`;
  return { kind: 'RUN_IN_GUEST', ...BOOT_DRIVERS_STEP, argv, detail };
}

/** A resume device that no longer exists would hold up every boot. */
function planResume(inspection: GuestInspection): ConversionStep[] {
  const path = '/etc/initramfs-tools/conf.d/resume';
  const before = inspection.files.get(path);
  const device = before === undefined ? undefined : /^RESUME=(\/dev\/\S+)$/m.exec(before)?.[1];
  if (before === undefined || device === undefined) return [];
  const rewritten = rewriteKernelArguments(`resume=${device}`, inspection);
  const value = rewritten.text.slice('resume='.length);
  const after = value === device ? 'none' : value;
  const text = before.replace(/^RESUME=.*$/m, `RESUME=${after}`);
  const detail = `RESUME=${device} → RESUME=${after}`;
  const finding = 'RESUME_BY_HARDWARE';
  return [{ kind: 'WRITE_FILE', title: 'Resume device', finding, path, text, detail }];
}

function planFstab(inspection: GuestInspection): ConversionStep[] {
  const path = '/etc/fstab';
  const before = inspection.files.get(path);
  if (before === undefined) return [];
  const { text, changes } = rewriteFstab(before, inspection);
  return changes.length === 0
    ? []
    : [
        {
          kind: 'WRITE_FILE',
          title: 'Filesystem table',
          finding: 'FSTAB_BY_HARDWARE',
          path,
          text,
          detail: changes.map(describeFstabChange).join('\n'),
        },
      ];
}

function describeFstabChange(change: { before: string; after: string; reason: string }): string {
  const squeeze = (line: string) => line.trim().replace(/\s+/g, ' ');
  return `${squeeze(change.before)} → ${squeeze(change.after)} (${change.reason})`;
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
  if (inspection.present.has(AGENT_UNIT) && inspection.files.has(AGENT_UNIT)) {
    const to = `${AGENT_UNIT}.landfall-source`;
    steps.push({ kind: 'MOVE', ...base, from: AGENT_UNIT, to, detail: `${AGENT_UNIT} → ${to}` });
  }
  if (hasAgent(inspection)) {
    const detail = 'landfall-agent.service: installed → masked';
    steps.push({ kind: 'LINK', ...base, path: AGENT_UNIT, target: '/dev/null', detail });
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

/** `finding`: under which a preflight tells of it. */
export function impossible(
  finding: FindingCodeOf<'BLOCKER'>,
  why: string,
  hint: string,
  retryable = false,
): OperationError {
  const message = `this guest cannot be converted: ${why}`;
  return new OperationError('CONVERSION_IMPOSSIBLE', message, { hint, retryable, context: { finding } });
}
