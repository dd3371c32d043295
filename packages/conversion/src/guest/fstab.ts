/**
 * The filesystem table, rewritten line by line so that comments and spacing of what stays the same survive.
 */

import { absenceOf, mapperName } from './absent-devices.ts';
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
  /** `/dev/mapper/NAME` of what the guest opens with a key: what is inside is not among the filesystems. */
  readonly opened?: ReadonlySet<string>;
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

export interface FstabRewrite extends TableRewrite {
  /** What may be missing on the target, and why; a sentence each. */
  readonly doubts: readonly string[];
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
 * Entries by hardware name become entries by UUID. An entry whose device is not found gets `nofail`, so that
 * the machine comes up without it instead of stopping in emergency mode; root never does.
 */
export function rewriteFstab(text: string, devices: GuestDevices): FstabRewrite {
  const changes: TableChange[] = [];
  const doubts: string[] = [];
  const lines = text.split('\n').map((line) => {
    const { change, doubt } = judgeLine(line, devices);
    if (doubt !== undefined) doubts.push(doubt);
    if (change === undefined) return line;
    changes.push(change);
    return change.after;
  });
  return { text: lines.join('\n'), changes, doubts };
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
  const device = toApplianceName(source, disks) ?? mapperName(source);
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
function sameVolume(volume: string, mapped: string): boolean {
  const parts = /^\/dev\/([^/]+)\/([^/]+)$/.exec(volume);
  if (parts === null) return false;
  const escaped = [parts[1], parts[2]].map((part) => (part ?? '').replaceAll('-', '--'));
  return mapped === `/dev/mapper/${escaped.join('-')}`;
}

function judgeLine(
  line: string,
  devices: GuestDevices,
): { readonly change?: TableChange; readonly doubt?: string } {
  const match = ENTRY.exec(line);
  if (match === null || match[2]?.startsWith('#')) return {};
  const [, indent = '', source = '', gap1, mountPoint = '', gap2, type, , options = 'defaults', rest = ''] =
    match;
  const name = unquote(source);
  const filesystem = findFilesystem(name, devices) ?? (mountPoint === '/' ? devices.root : undefined);
  if (filesystem?.uuid !== undefined && isHardwareName(name)) {
    const after = `${indent}UUID=${filesystem.uuid}${line.slice(indent.length + source.length)}`;
    return { change: { before: line, after, reason: 'named by hardware, now by UUID' } };
  }
  const absence = filesystem === undefined ? absenceOf(name, options, devices) : undefined;
  if (absence === undefined || /\bnoauto\b/.test(options)) return {};
  const { reason, isCertain, added } = absence;
  const place = type === 'swap' ? 'swap' : decodeOctal(mountPoint);
  const doubt = isCertain ? {} : { doubt: `${place} may be missing: ${name} ${reason}` };
  if (/\bnofail\b/.test(options)) return doubt;
  const after = `${indent}${source}${gap1}${mountPoint}${gap2}${type} ${options},${added}${rest}`;
  const start = isCertain ? 'the machine starts without it' : 'the machine starts either way';
  return { ...doubt, change: { before: line, after, reason: `${reason}; ${start}` } };
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
