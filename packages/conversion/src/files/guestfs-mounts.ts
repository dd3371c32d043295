/**
 * What of a guest is mounted in an appliance whose disks are overlays: its root with everything its fstab
 * names, or one file system alone. Always read-only: the kernel replays a journal all the same, because the
 * overlay can be written, and nothing else is written at all.
 */
import { type Logger, OperationError } from '@landfall/runtime';
import { readGuestText } from '../appliance/guestfs-read.ts';
import type { GuestfsSession } from '../appliance/guestfs-session.ts';
import { toSourceName } from '../guest/device-names.ts';
import { type Filesystem, type FstabEntry, findFilesystem, parseFstab } from '../guest/fstab.ts';
import type { InspectedDisk } from '../guest/inspection.ts';
import { mountSourceOf } from '../inspect/guestfs-filesystems.ts';
import { TEXT_FILE_BYTES_MAX } from '../inspect/guestfs-inspect.ts';

export interface MountContext {
  readonly session: GuestfsSession;
  readonly disks: readonly InspectedDisk[];
  readonly filesystems: readonly Filesystem[];
  readonly logger: Logger;
}

const ROOT_TYPES = /^(ext[234]|xfs|btrfs|f2fs|jfs|reiserfs)$/;
const ENCRYPTED_TYPES = ['crypto_LUKS', 'BitLocker'];
const UNMOUNTABLE_TYPES = ['swap', 'LVM2_member', 'linux_raid_member', 'unknown'];
const FSTAB_MOUNTS_MAX = 64;
const ALONE = { mountPoint: '/', options: [] } as const;

/** The root, and where it is mounted what else. Errors: FILES_NO_ROOT, FILES_ENCRYPTED. */
export async function mountGuestTree(context: MountContext): Promise<ReadonlyMap<string, string>> {
  const root = await mountRootReadOnly(context);
  const mounted = new Map([[root.device, '/']]);
  const entries = parseFstab(await readFstab(context.session))
    .filter((entry) => entry.mountPoint.startsWith('/') && entry.mountPoint !== '/' && entry.type !== 'swap')
    .sort((left, right) => left.mountPoint.length - right.mountPoint.length);
  for (const entry of entries.slice(0, FSTAB_MOUNTS_MAX)) {
    const filesystem = findFilesystem(entry.source, context);
    if (filesystem === undefined) continue;
    const { error } = await mountOn(context.session, filesystem, entry);
    if (error === undefined) mounted.set(filesystem.device, entry.mountPoint);
    else context.logger.warn('guest-mount-failed', { mountPoint: entry.mountPoint, reason: error });
  }
  return mounted;
}

/**
 * Named as in the guest's fstab: by its device on the source, UUID= or LABEL=. Errors:
 * FILES_FILESYSTEM_UNKNOWN, …
 */
export async function mountAlone(context: MountContext, name: string): Promise<void> {
  const filesystem = findFilesystem(name, context);
  if (filesystem === undefined) throw unknownFilesystem(name, context);
  if (ENCRYPTED_TYPES.includes(filesystem.type)) throw encrypted(name);
  const { error } = await mountOn(context.session, filesystem, ALONE);
  if (error === undefined) return;
  throw new OperationError(
    'FILES_NOT_MOUNTABLE',
    `${name} (${filesystem.type}) cannot be mounted: ${error}`,
    {
      hint: 'the file system may be damaged at this recovery point, or of a kind Linux does not read: try another point',
    },
  );
}

async function mountRootReadOnly(context: MountContext): Promise<Filesystem> {
  const { session, filesystems, disks } = context;
  const boot = disks.find((disk) => disk.isBootDisk)?.applianceName ?? '';
  const candidates = filesystems.filter((each) => ROOT_TYPES.test(each.type));
  const isOnBootDisk = (each: Filesystem) => Number(each.device.includes(boot));
  for (const filesystem of candidates.sort((left, right) => isOnBootDisk(right) - isOnBootDisk(left))) {
    const { error } = await mountOn(session, filesystem, ALONE);
    if (error !== undefined) continue;
    if (await looksLikeRoot(session)) return filesystem;
    await session.must('umount', '/');
  }
  throw filesystems.some((each) => ENCRYPTED_TYPES.includes(each.type))
    ? encrypted('its root')
    : noRoot(context);
}

async function readFstab(session: GuestfsSession): Promise<string> {
  return (await readGuestText(session, { path: '/etc/fstab', bytesMax: TEXT_FILE_BYTES_MAX })) ?? '';
}

/** A table of file systems, and something to start or the name of the system. */
async function looksLikeRoot(session: GuestfsSession): Promise<boolean> {
  const found = await session.must('glob-expand', '/{etc/os-release,etc/fstab,usr/lib/os-release,sbin/init}');
  return /fstab$/m.test(found) || (/os-release$/m.test(found) && /init$/m.test(found));
}

async function mountOn(
  session: GuestfsSession,
  filesystem: Filesystem,
  entry: Pick<FstabEntry, 'mountPoint' | 'options'>,
): Promise<{ readonly error: string | undefined }> {
  const { device, options } = mountSourceOf(filesystem, entry);
  return session.attempt('mount-options', ['ro', ...options].join(), device, entry.mountPoint);
}

/** As the source calls it. */
export function sourceNameOf({ device }: Filesystem, disks: readonly InspectedDisk[]): string {
  return toSourceName(device, disks) ?? device;
}

function listed({ filesystems, disks }: MountContext): string {
  const readable = filesystems.filter((each) => !UNMOUNTABLE_TYPES.includes(each.type));
  const names = readable.map((each) => `${sourceNameOf(each, disks)} (${each.type})`);
  return names.length === 0 ? 'none was found on its disks' : names.join(', ');
}

function unknownFilesystem(name: string, context: MountContext): OperationError {
  return new OperationError(
    'FILES_FILESYSTEM_UNKNOWN',
    `the server has no file system ${name} at this point`,
    {
      hint: `its file systems: ${listed(context)}`,
    },
  );
}

function noRoot(context: MountContext): OperationError {
  const message = 'no root of a Linux system was found on the disks of this server';
  return new OperationError('FILES_NO_ROOT', message, {
    hint: `name one of its file systems with --filesystem: ${listed(context)}`,
  });
}

function encrypted(what: string): OperationError {
  return new OperationError('FILES_ENCRYPTED', `${what} is encrypted, and the key is not with us`, {
    hint: 'launch the recovery point as a test machine and unlock it there, or name a file system that is not encrypted',
  });
}
