/**
 * Which hardware a guest gets, and what makes its kernels ready for it. VIRTIO is given only to a guest of
 * which it is known that it will find root there. COMPATIBLE hardware has the benefit of the doubt: a system
 * that we do not understand has started by itself so far, most likely also from such disks.
 */
import type { OperationError } from '@landfall/runtime';
import { impossible } from '../guest/impossible.ts';
import { canAppend, hasModule, type InitramfsContent } from '../guest/initramfs.ts';
import type { GuestInspection, InspectedInitramfs, InspectedKernel } from '../guest/inspection.ts';
import { type KernelModules, knowsModule, withNeeded } from '../guest/kernel-modules.ts';
import type { ConversionStep, PlanNote } from './plan.ts';
import { HARDWARE_DRIVERS, type TargetHardware } from './target-hardware.ts';

export interface DriverPlan {
  readonly hardware: TargetHardware;
  readonly steps: readonly ConversionStep[];
  readonly notes: readonly PlanNote[];
}

/** Older kernels are left as they are: the bootloader starts the newest. */
export const KERNELS_MAX = 3;

const STEP = { title: 'Boot drivers', finding: 'INITRAMFS_LACKS_DRIVERS' } as const;
const MODULES_FILE = '/etc/initramfs-tools/modules';
const DRACUT_FILE = '/etc/dracut.conf.d/landfall.conf';

/** `asked`: without it, the best hardware that the guest can use. Errors: CONVERSION_IMPOSSIBLE. */
export function planDrivers(inspection: GuestInspection, asked?: TargetHardware): DriverPlan {
  const first = attempt(inspection, asked ?? 'VIRTIO');
  if (!('refusal' in first)) return first;
  if (asked !== undefined) throw first.refusal;
  const second = attempt(inspection, 'COMPATIBLE');
  // The reason that could be mended on the source server is that of the hardware one would like.
  if ('refusal' in second) throw first.refusal;
  const what = `it runs on SATA disks and an e1000e network card: ${first.why}`;
  return { ...second, notes: [{ finding: 'HARDWARE_COMPATIBLE', what }, ...second.notes] };
}

interface Refusal {
  readonly refusal: OperationError;
  readonly why: string;
}

function attempt(inspection: GuestInspection, hardware: TargetHardware): DriverPlan | Refusal {
  const isTrusted = hardware === 'COMPATIBLE';
  const { boot, network } = HARDWARE_DRIVERS[hardware];
  const newest = inspection.kernels[0];
  if (newest === undefined || isUnknown(newest.modules)) {
    return isTrusted ? { hardware, steps: [], notes: [] } : kernelMissing(newest);
  }
  const needed = isTrusted ? boot : [...boot, network];
  const lacking = needed.filter((name) => !knowsModule(newest.modules, name));
  if (lacking.length > 0) return driversMissing(newest, lacking);
  const steps: ConversionStep[] = [];
  for (const kernel of inspection.kernels.slice(0, KERNELS_MAX)) {
    const prepared = prepareKernel(inspection, kernel, hardware);
    if ('refusal' in prepared && kernel === newest) return prepared;
    if (!('refusal' in prepared)) steps.push(...prepared.steps);
  }
  const notes = knowsModule(newest.modules, network) ? [] : [noNetworkDriver(newest, network)];
  return { hardware, steps: [...settingsFor(inspection, hardware, steps), ...steps], notes };
}

/** Of a kernel whose list of modules is not where it is elsewhere, nothing is known. */
function isUnknown({ builtIn, paths }: KernelModules): boolean {
  return builtIn.size === 0 && paths.size === 0;
}

function prepareKernel(
  inspection: GuestInspection,
  kernel: InspectedKernel,
  hardware: TargetHardware,
): { readonly steps: readonly ConversionStep[] } | Refusal {
  const { boot } = HARDWARE_DRIVERS[hardware];
  const needed = [...new Set(boot.flatMap((name) => withNeeded(kernel.modules, name)))];
  if (needed.length === 0) return { steps: [] };
  const { initramfs } = kernel;
  if (initramfs === undefined) return initramfsMissing(kernel, boot);
  const { content } = initramfs;
  if (content === undefined) return prepareUnread(inspection, kernel, hardware);
  const missing = needed.filter((name) => !hasModule(content, name));
  if (missing.length === 0) return { steps: [] };
  if (canAppend(content.compression)) {
    return { steps: [extension({ kernel, initramfs, content, missing, boot })] };
  }
  return rebuild(inspection, kernel, hardware, `nothing can follow ${content.compression}`);
}

/** One that a conversion has had rebuilt before has what its settings say. */
function prepareUnread(
  inspection: GuestInspection,
  kernel: InspectedKernel,
  hardware: TargetHardware,
): { readonly steps: readonly ConversionStep[] } | Refusal {
  const isKnown = inspection.initramfsBuilder !== 'unknown';
  if (isKnown && builderSettings(inspection, hardware) === undefined) return { steps: [] };
  const rebuilt = rebuild(inspection, kernel, hardware, 'its compression cannot be read here');
  return 'refusal' in rebuilt && hardware === 'COMPATIBLE' ? { steps: [] } : rebuilt;
}

interface Extension {
  readonly kernel: InspectedKernel;
  readonly initramfs: InspectedInitramfs;
  readonly content: InitramfsContent;
  readonly missing: readonly string[];
  readonly boot: readonly string[];
}

function extension({ kernel, initramfs, content, missing, boot }: Extension): ConversionStep {
  return {
    kind: 'EXTEND_INITRAMFS',
    ...STEP,
    kernel,
    initramfs,
    modules: missing,
    settings: initramfsSettings(content.settings, boot),
    detail: `${initramfs.path}: without ${missing.join(', ')} → with them (${content.compression})`,
  };
}

/**
 * initramfs-tools loads what `conf/modules` lists before it waits for root; udev alone would also do, later.
 */
function initramfsSettings(
  settings: ReadonlyMap<string, string>,
  boot: readonly string[],
): ReadonlyMap<string, string> {
  const modules = settings.get('conf/modules');
  if (modules === undefined) return new Map();
  return new Map([['conf/modules', withLines(modules, boot)]]);
}

function rebuild(
  inspection: GuestInspection,
  kernel: InspectedKernel,
  hardware: TargetHardware,
  reason: string,
): { readonly steps: readonly ConversionStep[] } | Refusal {
  const path = kernel.initramfs?.path ?? '';
  const argv = {
    'initramfs-tools': ['update-initramfs', '-u', '-k', kernel.version],
    dracut: ['dracut', '-f', path, kernel.version],
    unknown: [],
  }[inspection.initramfsBuilder];
  const detail = `${path}: rebuilt, because ${reason}`;
  if (argv.length > 0) return { steps: [{ kind: 'RUN_IN_GUEST', ...STEP, argv, detail }] };
  const drivers = HARDWARE_DRIVERS[hardware].boot.join(' and ');
  const why = `${path} lacks ${drivers} and neither initramfs-tools nor dracut is there to rebuild it`;
  const hint = `rebuild it on the source server with ${drivers}, then launch from a newer point`;
  return { refusal: impossible('INITRAMFS_FIXED', why, hint), why };
}

/** Makes the guest's own tools put the drivers in whenever they build an initramfs later. */
function settingsFor(
  inspection: GuestInspection,
  hardware: TargetHardware,
  steps: readonly ConversionStep[],
): ConversionStep[] {
  const settings = steps.length === 0 ? undefined : builderSettings(inspection, hardware);
  return settings === undefined ? [] : [settings];
}

/** `undefined`: they stand there already, or nobody would read them. */
function builderSettings(inspection: GuestInspection, hardware: TargetHardware): ConversionStep | undefined {
  const { boot } = HARDWARE_DRIVERS[hardware];
  const base = {
    kind: 'WRITE_FILE',
    title: 'Drivers for later kernels',
    finding: 'INITRAMFS_SETTINGS',
  } as const;
  const names = boot.join(' ');
  if (inspection.initramfsBuilder === 'initramfs-tools') {
    const before = inspection.files.get(MODULES_FILE) ?? '';
    const lines = before.split('\n').map((line) => line.trim());
    if (boot.every((name) => lines.includes(name))) return undefined;
    const text = withLines(before, ['# Added by Landfall', ...boot]);
    return { ...base, path: MODULES_FILE, text, detail: `${MODULES_FILE}: added ${names}` };
  }
  if (inspection.initramfsBuilder !== 'dracut') return undefined;
  const text = `# Added by Landfall\nadd_drivers+=" ${names} "\n`;
  if (inspection.files.get(DRACUT_FILE) === text) return undefined;
  return { ...base, path: DRACUT_FILE, text, detail: `${DRACUT_FILE}: absent → add_drivers ${names}` };
}

function withLines(text: string, lines: readonly string[]): string {
  return `${text.replace(/\n?$/, '\n')}${lines.join('\n')}\n`.trimStart();
}

function kernelMissing(kernel: InspectedKernel | undefined): Refusal {
  const why =
    kernel === undefined
      ? 'no kernel was found in /boot'
      : `the modules of kernel ${kernel.version} are not known`;
  const hint = 'install a kernel package on the source server, e.g. linux-image-amd64';
  return { refusal: impossible('KERNEL_MISSING', why, hint), why };
}

function driversMissing({ version }: InspectedKernel, lacking: readonly string[]): Refusal {
  const why = `its kernel ${version} has no ${lacking.join(', ')}`;
  const hint =
    "install the distribution's generic kernel on the source server, then launch from a newer point";
  return { refusal: impossible('DRIVERS_MISSING', why, hint), why };
}

function initramfsMissing({ version, modules }: InspectedKernel, boot: readonly string[]): Refusal {
  const names = boot.filter((name) => modules.paths.has(name)).join(', ');
  const why = `kernel ${version} has no initial RAM filesystem in /boot to load ${names} from`;
  const hint = '`update-initramfs -c -k all`, or `dracut --regenerate-all --force`, on the source server';
  return { refusal: impossible('INITRAMFS_MISSING', why, hint), why };
}

function noNetworkDriver({ version }: InspectedKernel, driver: string): PlanNote {
  return { finding: 'NETWORK_DRIVER_MISSING', what: `its kernel ${version} has no ${driver}` };
}
