/** Reads what a preflight tells of a guest beyond its inspection, in the appliance that inspected it. */

import type { GuestfsSession } from '../appliance/guestfs-session.ts';
import { parseCrypttab } from '../guest/crypttab.ts';
import { applianceDiskName } from '../guest/device-names.ts';
import {
  type GuestFacts,
  type MountedSpace,
  parseArrays,
  parseStatvfs,
  parseVolumeGroups,
} from '../guest/guest-facts.ts';
import type { GuestInspection } from '../guest/inspection.ts';
import { listFilesystems } from './guestfs-filesystems.ts';
import { glob, hasBootCode, type InspectionContext, nameDisks, readTexts } from './guestfs-inspect.ts';

const TEXT_FILE_PATTERNS = ['/etc/selinux/config', '/etc/cloud/cloud.cfg.d/*.cfg'];

const PRESENCE_PATTERNS = [
  '/boot/grub/{grub.cfg,menu.lst}',
  '/boot/grub2/grub.cfg',
  '/boot/{extlinux/extlinux.conf,syslinux/syslinux.cfg}',
  '/boot/efi/EFI/*/{grub.cfg,systemd-boot*.efi,BOOTX64.EFI}',
  '/{efi,boot}/EFI/*/{systemd-boot*.efi,BOOTX64.EFI}',
  '/etc/cloud/{cloud.cfg,cloud-init.disabled}',
  '/etc/vmware-tools/locations',
  '/usr/bin/{vmware-uninstall-tools.pl,vmtoolsd,qemu-ga,apt-get,dnf}',
  '/usr/sbin/{hv_kvp_daemon,xe-daemon,VBoxService,qemu-ga}',
  '/usr/lib/linux-tools*/{,*/}hv_kvp_daemon',
  '/opt/VBoxGuestAdditions-*/sbin/VBoxService',
];

/** `inspection`: its root is still mounted; absent when there is no root of Linux. */
export async function readGuestFacts(
  context: InspectionContext,
  inspection: GuestInspection | undefined,
): Promise<GuestFacts> {
  const { session } = context;
  const disks = inspection?.disks ?? nameDisks(context);
  const bootDisk = disks.find(({ isBootDisk }) => isBootDisk)?.applianceName ?? applianceDiskName(0);
  const storage = {
    disks,
    filesystems: inspection?.filesystems ?? (await listFilesystems(session, disks)),
    volumeGroups: parseVolumeGroups(await inAppliance(session, VOLUME_GROUPS)),
    arrays: parseArrays(await inAppliance(session, 'lsblk -P -o PATH,TYPE')),
    hasBiosBootCode: inspection?.hasBiosBootCode ?? (await hasBootCode(context, bootDisk)),
  };
  if (inspection === undefined) return { ...storage, files: new Map(), present: new Set(), spaces: [] };
  const files = new Map([...inspection.files, ...(await readTexts(context, TEXT_FILE_PATTERNS))]);
  const keys = keyFilesIn(files.get('/etc/crypttab') ?? '');
  const found = await glob(session, [...PRESENCE_PATTERNS, ...keys.map(literally)]);
  return {
    ...storage,
    files,
    present: new Set([...inspection.present, ...found]),
    spaces: await readSpaces(session),
  };
}

/** Longer ones are nonsense, or meant to do harm. */
const KEY_PATH_LENGTH_MAX = 1024;
/** Quotes do not survive the way there. */
const VOLUME_GROUPS = 'lvm vgs --noheadings -o vg_name,vg_missing_pv_count';

/** What a tool in the appliance prints; nothing where the appliance lacks it. */
async function inAppliance(session: GuestfsSession, command: string): Promise<string> {
  return (await session.attempt('debug', 'sh', command)).output;
}

/** Of those that are named in a crypttab, what can be asked for. */
export function keyFilesIn(crypttab: string): string[] {
  return parseCrypttab(crypttab)
    .map(({ key }) => key)
    .filter((key) => key.startsWith('/') && key.length <= KEY_PATH_LENGTH_MAX && !key.includes('\0'));
}

/** A path of the guest's own words, for a function that expands patterns. */
function literally(path: string): string {
  return path.replace(/[\\*?[\]{}~]/g, '\\$&');
}

async function readSpaces(session: GuestfsSession): Promise<MountedSpace[]> {
  const spaces: MountedSpace[] = [];
  for (const line of (await session.must('mountpoints')).split('\n')) {
    const mountPoint = /: (\/.*)$/.exec(line)?.[1];
    if (mountPoint === undefined) continue;
    const { output } = await session.attempt('statvfs', mountPoint);
    const space = parseStatvfs(mountPoint, output);
    if (space !== undefined) spaces.push(space);
  }
  return spaces;
}
