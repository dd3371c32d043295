/**
 * The filesystem table, rewritten line by line so that comments and spacing of what stays the same survive.
 */
import { type DiskNames, isHardwareName, toApplianceName } from './device-names.ts';

export interface Filesystem {
  /** The appliance's name: `/dev/sda1`, `/dev/vg/lv`, `btrfsvol:/dev/sda1/@`. */
  readonly device: string;
  /** As blkid says: `ext4`, `swap`, `crypto_LUKS`, `unknown` … */
  readonly type: string;
  readonly uuid: string | undefined;
  readonly label: string | undefined;
  readonly partUuid: string | undefined;
  /** Of its partition: a GUID in GPT, `0x83` in MBR; absent where it was not asked for. */
  readonly partType?: string;
}

export interface GuestDevices {
  readonly disks: readonly DiskNames[];
  readonly filesystems: readonly Filesystem[];
  /** The root filesystem, however the guest's configuration names it. */
  readonly root: Filesystem;
}

export interface FstabEntry {
  readonly source: string;
  readonly mountPoint: string;
  readonly type: string;
  readonly options: readonly string[];
}

export interface TableChange {
  readonly before: string;
  readonly after: string;
  readonly reason: string;
}

export interface TableRewrite {
  readonly text: string;
  readonly changes: readonly TableChange[];
}

const ENTRY = /^(\s*)(\S+)(\s+)(\S+)(\s+)(\S+)(\s+(\S+))?(.*)$/;

export function parseFstab(text: string): FstabEntry[] {
  return text.split('\n').flatMap((line) => {
    const match = ENTRY.exec(line);
    if (match === null || match[2]?.startsWith('#')) return [];
    const [, , source = '', , mountPoint = '', , type = '', , options = 'defaults'] = match;
    return [
      { source: unquote(source), mountPoint: decodeOctal(mountPoint), type, options: options.split(',') },
    ];
  });
}

/**
 * Entries by hardware name become entries by UUID. An entry whose device is not among the disks (never
 * replicated) gets `nofail`, so that the machine comes up without it instead of stopping in emergency mode.
 */
export function rewriteFstab(text: string, devices: GuestDevices): TableRewrite {
  const changes: TableChange[] = [];
  const lines = text.split('\n').map((line) => {
    const change = rewriteLine(line, devices);
    if (change === undefined) return line;
    changes.push(change);
    return change.after;
  });
  return { text: lines.join('\n'), changes };
}

/** The filesystem that an fstab source or a `root=` names, by whatever kind of name. */
export function findFilesystem(
  source: string,
  { filesystems, disks }: Pick<GuestDevices, 'filesystems' | 'disks'>,
): Filesystem | undefined {
  const tag =
    /^(UUID|LABEL|PARTUUID)=(.+)$/i.exec(source) ??
    /^\/dev\/disk\/by-(uuid|label|partuuid)\/(.+)$/.exec(source);
  if (tag !== null)
    return filesystems.find((candidate) => hasTag(candidate, tag[1] ?? '', unquote(tag[2] ?? '')));
  const device = toApplianceName(source, disks) ?? source;
  return filesystems.find(
    (each) => each.device === device || sameVolume(each.device, device) || sameVolume(device, each.device),
  );
}

function hasTag(filesystem: Filesystem, kind: string, value: string): boolean {
  const tags = { UUID: filesystem.uuid, LABEL: filesystem.label, PARTUUID: filesystem.partUuid };
  const found = tags[kind.toUpperCase() as keyof typeof tags];
  return found !== undefined && found.toLowerCase() === value.toLowerCase();
}

/** `/dev/mapper/vg-lv` is `/dev/vg/lv`: device mapper doubles the dashes inside each name. */
function sameVolume(volume: string, mapperName: string): boolean {
  const parts = /^\/dev\/([^/]+)\/([^/]+)$/.exec(volume);
  if (parts === null) return false;
  const escaped = [parts[1], parts[2]].map((part) => (part ?? '').replaceAll('-', '--'));
  return mapperName === `/dev/mapper/${escaped.join('-')}`;
}

function rewriteLine(line: string, devices: GuestDevices): TableChange | undefined {
  const match = ENTRY.exec(line);
  if (match === null || match[2]?.startsWith('#')) return undefined;
  const [, indent = '', source = '', gap1, mountPoint, gap2, type, , options = 'defaults', rest = ''] = match;
  const name = unquote(source);
  const filesystem = findFilesystem(name, devices) ?? (mountPoint === '/' ? devices.root : undefined);
  const render = (newSource: string, newOptions: string) =>
    `${indent}${newSource}${gap1}${mountPoint}${gap2}${type} ${newOptions}${rest}`;
  if (filesystem?.uuid !== undefined && isHardwareName(name)) {
    const after = `${indent}UUID=${filesystem.uuid}${line.slice(indent.length + source.length)}`;
    return { before: line, after, reason: 'named by hardware, now by UUID' };
  }
  if (filesystem !== undefined || !namesLocalDisk(name) || /\b(nofail|noauto)\b/.test(options))
    return undefined;
  const after = render(source, `${options},nofail,x-systemd.device-timeout=5s`);
  return { before: line, after, reason: 'no such disk was replicated; the machine starts without it' };
}

/** Names that must belong to one of our disks. LVM, NFS, tmpfs and so on are none of these. */
function namesLocalDisk(source: string): boolean {
  return isHardwareName(source) || /^(UUID|LABEL|PARTUUID)=/i.test(source) || source.startsWith('/dev/disk/');
}

function unquote(text: string): string {
  return text.replaceAll('"', '');
}

/** fstab writes a space in a path as `\040`. */
function decodeOctal(text: string): string {
  return text.replace(/\\(\d{3})/g, (_whole, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
