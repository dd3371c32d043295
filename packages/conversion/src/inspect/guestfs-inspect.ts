/**
 * Looks into a guest through an appliance whose disks are attached: finds root, mounts what the guest would
 * mount, reads configuration, kernels and initial RAM filesystems into one record. Nothing is changed here,
 * apart from what mounting does by itself (journal replay).
 */
import { join } from 'node:path';
import { type Logger, OperationError } from '@landfall/runtime';
import { copyGuestFile, readGuestText } from '../appliance/guestfs-read.ts';
import type { GuestfsSession } from '../appliance/guestfs-session.ts';
import { applianceDiskName } from '../guest/device-names.ts';
import { type Filesystem, findFilesystem, parseFstab } from '../guest/fstab.ts';
import { impossible } from '../guest/impossible.ts';
import {
  BIOS_LOADER_PRESENCE,
  compareVersionsDescending,
  type ForeignSystem,
  foreignFamily,
  type GuestInspection,
  type InitramfsBuilder,
  type InspectedDisk,
  type InspectedInitramfs,
  type InspectedKernel,
  isEfiSystemPartition,
  readOs,
} from '../guest/inspection.ts';
import { parseKernelModules } from '../guest/kernel-modules.ts';
import { AGENT_UNIT } from '../plan/plan.ts';
import { KERNELS_MAX } from '../plan/plan-drivers.ts';
import { SYSTEMD_PRESENCE } from '../plan/plan-guest-scripts.ts';
import { RUNNER_FOLDER } from '../plan/post-launch-runner.ts';
import { isRootByItsFstab, listFilesystems, mountSourceOf } from './guestfs-filesystems.ts';
import { INITRAMFS_BYTES_MAX, readInitramfs } from './guestfs-initramfs.ts';

export interface InspectionContext {
  readonly session: GuestfsSession;
  /** In the order in which they are attached. */
  readonly disks: readonly {
    readonly diskId: string;
    readonly deviceName: string;
    readonly isBootDisk: boolean;
  }[];
  /** For files brought out of the guest; emptied by the caller. */
  readonly workFolder: string;
  readonly logger: Logger;
}

const TEXT_FILE_PATTERNS = [
  '/etc/os-release',
  '/usr/lib/os-release',
  '/etc/{redhat,SuSE}-release',
  '/etc/fstab',
  '/etc/crypttab',
  '/etc/default/grub',
  '/etc/kernel/cmdline',
  '/boot/grub/grub.cfg',
  '/boot/grub2/grub.cfg',
  '/boot/efi/EFI/*/grub.cfg',
  '/boot/loader/entries/*.conf',
  '/boot/extlinux/extlinux.conf',
  '/boot/syslinux/syslinux.cfg',
  '/etc/network/interfaces',
  '/etc/network/interfaces.d/*',
  '/etc/netplan/*.yaml',
  '/etc/systemd/network/*.{network,link}',
  '/etc/NetworkManager/system-connections/*',
  '/etc/sysconfig/network-scripts/ifcfg-*',
  '/etc/sysconfig/network/{ifcfg-*,ifroute-*,routes,config}',
  '/etc/udev/rules.d/70-persistent-net.rules',
  '/etc/cloud/cloud.cfg.d/99-landfall-network.cfg',
  '/etc/resolv.conf',
  '/etc/dracut.conf.d/landfall.conf',
  '/etc/initramfs-tools/modules',
  '/etc/initramfs-tools/conf.d/resume',
  AGENT_UNIT,
  '/etc/rc.local',
];

const PRESENCE_PATTERNS = [
  '/usr/sbin/{update-initramfs,dracut,dhclient,udhcpc,dhcpcd,resolvconf,NetworkManager}',
  '/sbin/{dracut,dhclient,udhcpc,dhcpcd,resolvconf,udevd}',
  '/usr/bin/dracut',
  AGENT_UNIT,
  '/lib/systemd/system/landfall-agent.service',
  '/var/lib/landfall-agent',
  '/etc/udev/rules.d/70-persistent-net.rules',
  '/etc/cloud/cloud.cfg',
  // The file system tells no cases apart, the appliance's patterns do.
  '/{boot/efi,efi,boot}/[Ee][Ff][Ii]/*/{*.[Ee][Ff][Ii],grub.cfg}',
  BIOS_LOADER_PRESENCE,
  SYSTEMD_PRESENCE,
  RUNNER_FOLDER,
];

const ROOT_MARKS =
  '/{etc/os-release,etc/redhat-release,etc/SuSE-release,etc/fstab,usr/lib/os-release,sbin/init,usr/sbin/init}';
const TEXT_FILES_MAX = 200;
export const TEXT_FILE_BYTES_MAX = 1024 * 1024;
/** Of a list of modules; those of distributions have some MiB. */
const LARGE_TEXT_BYTES_MAX = 64 * 1024 * 1024;
/** Older ones are left out. */
const KERNELS_INSPECTED_MAX = 32;
const CANDIDATE_TYPES = /^(ext[234]|xfs|btrfs|f2fs|jfs|reiserfs)$/;
const MOUNTED_AS_IN_GUEST = ['/boot', '/boot/efi', '/efi', '/usr', '/var', '/var/lib', '/opt'];

/** Errors: CONVERSION_IMPOSSIBLE, when there is neither a root nor another system. */
export async function inspectGuest(context: InspectionContext): Promise<GuestInspection | ForeignSystem> {
  const disks = nameDisks(context);
  const first = Math.max(
    0,
    disks.findIndex((disk) => disk.isBootDisk),
  );
  const bootDisk = applianceDiskName(first);
  const filesystems = await listFilesystems(context.session, disks);
  const hasBiosBootCode = await hasBootCode(context, bootDisk);
  const root = await mountRoot(context, filesystems, bootDisk);
  const common = { disks, filesystems, hasBiosBootCode };
  if (root instanceof OperationError) return foreignOr(root, common);
  await mountGuest(context, { disks, filesystems, root });
  const files = await readTexts(context, TEXT_FILE_PATTERNS);
  const present = await findPresent(context.session);
  return {
    ...{ ...common, root, files, present },
    os: readOs(files),
    kernels: await inspectKernels(context),
    initramfsBuilder: builderIn(present),
    links: await readLinks(context.session, [AGENT_UNIT]),
    hasEfiPartition: hasEfiPartition(filesystems, files),
  };
}

function foreignOr(
  refusal: OperationError,
  common: Pick<ForeignSystem, 'disks' | 'filesystems' | 'hasBiosBootCode'>,
): ForeignSystem {
  const { filesystems } = common;
  const isEncrypted = refusal.context.finding === 'ROOT_ENCRYPTED';
  const family = isEncrypted ? undefined : foreignFamily(filesystems);
  if (family === undefined) throw refusal;
  return { ...common, ...family, hasEfiPartition: filesystems.some(isEfiSystemPartition) };
}

async function readLinks(session: GuestfsSession, paths: readonly string[]): Promise<Map<string, string>> {
  const links = new Map<string, string>();
  for (const path of paths) {
    const { output, error } = await session.attempt('readlink', path);
    if (error === undefined) links.set(path, output.trim());
  }
  return links;
}

export function nameDisks(context: Pick<InspectionContext, 'disks'>): InspectedDisk[] {
  return context.disks.map((disk, index) => ({
    diskId: disk.diskId,
    isBootDisk: disk.isBootDisk,
    sourceName: disk.deviceName,
    applianceName: applianceDiskName(index),
  }));
}

/**
 * Root is where both the name of the system and /etc/fstab or an init are; it stays mounted. The boot disk is
 * looked at first, and one that its own fstab does not call root is taken only when there is no other.
 * Without one, why.
 */
async function mountRoot(
  context: InspectionContext,
  filesystems: readonly Filesystem[],
  bootDisk: string,
): Promise<Filesystem | OperationError> {
  const { session } = context;
  const candidates = filesystems.filter((each) => CANDIDATE_TYPES.test(each.type));
  let doubtful: Filesystem | undefined;
  const isOnBootDisk = (each: Filesystem) => Number(each.device.includes(bootDisk));
  for (const filesystem of candidates.sort((left, right) => isOnBootDisk(right) - isOnBootDisk(left))) {
    const mounted = await session.attempt('mount', filesystem.device, '/');
    if (mounted.error !== undefined) continue;
    const found = await session.must('glob-expand', ROOT_MARKS);
    if (/-release$/m.test(found) && /(fstab|init)$/m.test(found)) {
      const table = parseFstab((await readText(context, '/etc/fstab')) ?? '');
      if (isRootByItsFstab(filesystem.device, table)) return filesystem;
      doubtful ??= filesystem;
    }
    await session.must('umount', '/');
  }
  if (doubtful === undefined) return noRoot(filesystems);
  await session.must('mount', doubtful.device, '/');
  return doubtful;
}

function noRoot(filesystems: readonly Filesystem[]): OperationError {
  const types = new Set(filesystems.map((each) => each.type));
  if (types.has('crypto_LUKS') || types.has('BitLocker')) {
    const hint = 'decrypt the disk on the source server, or migrate this server without conversion';
    return impossible('ROOT_ENCRYPTED', 'its root filesystem is encrypted', hint);
  }
  const list = filesystems.map((each) => `${each.device} ${each.type}`).join(', ');
  return impossible(
    'ROOT_MISSING',
    `no root filesystem was found on its disks (${list === '' ? 'no filesystem at all' : list})`,
    'check that the boot disk is among the replicated disks, and try another recovery point',
    // An appliance on a busy host has been seen to show its own disk in the place of one of the guest's.
    true,
  );
}

/** Mounts those of the guest's other filesystems that conversion reads or changes. */
async function mountGuest(
  context: InspectionContext,
  devices: Pick<GuestInspection, 'disks' | 'filesystems' | 'root'>,
): Promise<void> {
  const { session, logger } = context;
  const table = parseFstab((await readText(context, '/etc/fstab')) ?? '')
    .filter((entry) => MOUNTED_AS_IN_GUEST.includes(entry.mountPoint))
    .sort((left, right) => left.mountPoint.length - right.mountPoint.length);
  for (const entry of table) {
    const filesystem = findFilesystem(entry.source, devices);
    if (filesystem === undefined) continue;
    const { device, options } = mountSourceOf(filesystem, entry);
    const outcome =
      options.length === 0
        ? await session.attempt('mount', device, entry.mountPoint)
        : await session.attempt('mount-options', options.join(), device, entry.mountPoint);
    if (outcome.error !== undefined) {
      logger.warn('guest-mount-failed', { mountPoint: entry.mountPoint, reason: outcome.error });
    }
  }
  if (!table.some(({ mountPoint }) => /efi$/.test(mountPoint))) await mountEfi(context, devices.filesystems);
}

/** A system that does not mount its EFI system partition is started from it all the same. */
async function mountEfi(context: InspectionContext, filesystems: readonly Filesystem[]): Promise<void> {
  const partition = filesystems.find(isEfiSystemPartition);
  const folder = (await glob(context.session, ['/boot/efi/']))[0];
  if (partition === undefined || folder === undefined) return;
  const { error } = await context.session.attempt('mount', partition.device, '/boot/efi');
  if (error !== undefined)
    context.logger.warn('guest-mount-failed', { mountPoint: '/boot/efi', reason: error });
}

/** The texts of those files that are there. */
export async function readTexts(
  context: InspectionContext,
  patterns: readonly string[],
): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const path of (await glob(context.session, patterns)).slice(0, TEXT_FILES_MAX)) {
    const text = await readText(context, path);
    if (text !== undefined) files.set(path, text);
  }
  return files;
}

async function findPresent(session: GuestfsSession): Promise<Set<string>> {
  return new Set((await glob(session, PRESENCE_PATTERNS)).map((path) => path.replace(/\/$/, '')));
}

/**
 * Paths that match. libguestfs globs like a shell, braces included; folders come back with a slash at the
 * end.
 */
export async function glob(session: GuestfsSession, patterns: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const pattern of patterns) {
    const output = await session.must('glob-expand', pattern);
    found.push(...output.split('\n').filter((line) => line !== ''));
  }
  return [...new Set(found)];
}

/** The text of a file of the guest; `undefined` when it is not there, is no plain file, or is too large. */
export function readText(
  { session }: Pick<InspectionContext, 'session'>,
  path: string,
  bytesMax = TEXT_FILE_BYTES_MAX,
): Promise<string | undefined> {
  return readGuestText(session, { path, bytesMax });
}

async function inspectKernels(context: InspectionContext): Promise<InspectedKernel[]> {
  const images = await glob(context.session, ['/boot/vmlinuz-*']);
  const versions = images.map((path) => path.slice('/boot/vmlinuz-'.length)).sort(compareVersionsDescending);
  const kernels: InspectedKernel[] = [];
  for (const [index, version] of versions.slice(0, KERNELS_INSPECTED_MAX).entries()) {
    const initramfs = index < KERNELS_MAX ? await inspectInitramfs(context, version) : undefined;
    kernels.push({ version, ...(await inspectModules(context, version)), initramfs });
  }
  return kernels.filter((kernel) => kernel.indexFiles.length > 0 || kernels.length === 1);
}

async function inspectModules(
  context: InspectionContext,
  version: string,
): Promise<Pick<InspectedKernel, 'modules' | 'modulesFolder' | 'indexFiles'>> {
  const modulesFolder = `/lib/modules/${version}`;
  const indexFiles = await glob(context.session, [`${modulesFolder}/modules.*`]);
  const dependencies = (await readText(context, `${modulesFolder}/modules.dep`, LARGE_TEXT_BYTES_MAX)) ?? '';
  const builtIn = (await readText(context, `${modulesFolder}/modules.builtin`, LARGE_TEXT_BYTES_MAX)) ?? '';
  return { modulesFolder, indexFiles, modules: parseKernelModules(dependencies, builtIn) };
}

async function inspectInitramfs(
  context: InspectionContext,
  version: string,
): Promise<InspectedInitramfs | undefined> {
  const candidates = [
    `/boot/initrd.img-${version}`,
    `/boot/initramfs-${version}.img`,
    `/boot/initrd-${version}`,
    `/boot/initrd-${version}.img`,
  ];
  const [path] = await glob(context.session, candidates);
  if (path === undefined) return undefined;
  const local = join(context.workFolder, `initramfs-${version}`);
  const reason = await copyGuestFile(context.session, { path, local, bytesMax: INITRAMFS_BYTES_MAX });
  if (reason === undefined) return { path, content: await readInitramfs(local, context.logger) };
  context.logger.warn('initramfs-unreadable', { path, reason });
  return { path, content: undefined };
}

function builderIn(present: ReadonlySet<string>): InitramfsBuilder {
  if (present.has('/usr/sbin/update-initramfs')) return 'initramfs-tools';
  return ['/usr/bin/dracut', '/usr/sbin/dracut', '/sbin/dracut'].some((path) => present.has(path))
    ? 'dracut'
    : 'unknown';
}

export async function hasBootCode(context: InspectionContext, device: string): Promise<boolean> {
  const code = await context.session.must('pread-device', device, '440', '0');
  return [...code].some((character) => character !== '\0');
}

/** Told by the type of its partition, or by where it is mounted. */
function hasEfiPartition(filesystems: readonly Filesystem[], files: ReadonlyMap<string, string>): boolean {
  if (filesystems.some(isEfiSystemPartition)) return true;
  return filesystems.some((each) => each.type === 'vfat') && isEfiMounted(files);
}

function isEfiMounted(files: ReadonlyMap<string, string>): boolean {
  return parseFstab(files.get('/etc/fstab') ?? '').some((entry) => /^\/(boot\/)?efi$/.test(entry.mountPoint));
}
