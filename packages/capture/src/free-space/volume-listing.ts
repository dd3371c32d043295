/**
 * What the kernel says of the volumes on a disk, as text: mounted file systems (/proc/self/mountinfo) and
 * swap areas in use (/proc/swaps). Pure; `linux-volumes.ts` reads the files.
 */
export interface MountedFileSystem {
  /** `MAJOR:MINOR` of the device node it is mounted from. */
  readonly device: string;
  /** As the file system names it: usually the path of that node. */
  readonly source: string;
  readonly fileSystem: string;
  readonly mountPoint: string;
  /** The file system as a whole is writable, whatever this mount of it is. */
  readonly isWritable: boolean;
}

/** Linux: Documentation/filesystems/proc.rst, "mountinfo". */
export function parseMounts(text: string): readonly MountedFileSystem[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.split(' ');
    const separator = fields.indexOf('-', 6);
    const [device, mountPoint] = [fields[2], fields[4]];
    const [fileSystem, source = '', options] = fields.slice(separator + 1);
    if (separator < 0 || device === undefined || mountPoint === undefined) return [];
    if (fileSystem === undefined || options === undefined) return [];
    const isWritable = options.split(',')[0] === 'rw';
    const where = { mountPoint: withoutEscapes(mountPoint), source: withoutEscapes(source) };
    return [{ device, fileSystem, ...where, isWritable }];
  });
}

/** The paths of block devices that are swapped to now. */
export function parseSwaps(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const [path, type] = line.split(/\s+/);
    return path !== undefined && type === 'partition' ? [withoutEscapes(path)] : [];
  });
}

/** Space, tab, newline and backslash are written in octal. */
function withoutEscapes(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
