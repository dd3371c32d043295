/**
 * The table of encrypted volumes, rewritten line by line: a device gets another name, all else stays.
 */
import { isHardwareName } from './device-names.ts';
import { type Filesystem, findFilesystem, type GuestDevices, type TableRewrite } from './fstab.ts';
import { isEncrypted } from './inspection.ts';

export interface CrypttabEntry {
  /** Under /dev/mapper, once it is open. */
  readonly name: string;
  readonly source: string;
  readonly key: string;
  readonly options: readonly string[];
}

type FoundDevices = Pick<GuestDevices, 'disks' | 'filesystems'>;

const ENTRY = /^(\s*[^\s#]\S*\s+)(\S+)(.*)$/;

export function parseCrypttab(text: string): CrypttabEntry[] {
  return text.split('\n').flatMap((line) => {
    if (line.trim() === '' || line.trim().startsWith('#')) return [];
    const [name = '', source, key = 'none', options = ''] = line.trim().split(/\s+/);
    return source === undefined ? [] : [{ name, source, key, options: options.split(',') }];
  });
}

/** `/dev/mapper/NAME` of those whose device was found; what is inside of them nobody has seen. */
export function openedNames(text: string, devices: FoundDevices): ReadonlySet<string> {
  const found = parseCrypttab(text).filter(({ source }) => findFilesystem(source, devices) !== undefined);
  return new Set(found.map(({ name }) => `/dev/mapper/${name}`));
}

/** Entries by hardware name become entries by UUID, where the device was found. */
export function rewriteCrypttab(text: string, devices: FoundDevices): TableRewrite {
  const lines = text.split('\n').map((before) => ({ before, after: rewriteLine(before, devices) }));
  const reason = 'named by hardware, now by UUID';
  return {
    text: lines.map(({ after }) => after).join('\n'),
    changes: lines
      .filter(({ before, after }) => before !== after)
      .map(({ before, after }) => ({ before, after, reason })),
  };
}

function rewriteLine(line: string, devices: FoundDevices): string {
  const [, name = '', source = '', rest = ''] = ENTRY.exec(line) ?? [];
  if (!isHardwareName(source)) return line;
  const device = findFilesystem(source, devices);
  const lasting = device === undefined ? undefined : lastingName(device);
  return lasting === undefined ? line : `${name}${lasting}${rest}`;
}

/**
 * What is no LUKS loses its own UUID when it is opened with the key of a single start. The scripts of before
 * systemd know no `PARTUUID=`.
 */
function lastingName(device: Filesystem): string | undefined {
  if (isEncrypted(device)) return device.uuid && `UUID=${device.uuid}`;
  return device.partUuid && `/dev/disk/by-partuuid/${device.partUuid}`;
}
