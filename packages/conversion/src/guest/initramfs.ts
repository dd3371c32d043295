/**
 * What is inside an initial RAM filesystem, and how to put a few drivers into it without rebuilding it.
 *
 * The kernel unpacks every archive it finds in the file, one after the other, later files replacing earlier
 * ones. So drivers are added by appending one more small archive, compressed as the guest's own. It takes a
 * second where rebuilding takes minutes in an appliance without hardware virtualization, and nothing that was
 * there changes. LZ4 is the exception: its legacy format has no end mark, so nothing can follow it; such a
 * file is rebuilt.
 *
 * The added archive has the missing modules, the guest's complete module index (so that modprobe finds them),
 * and the list of modules that initramfs-tools loads before it looks for root.
 */
import {
  type CpioEntry,
  FILE_MODE,
  FOLDER_MODE,
  isCpioAt,
  readCpio,
  readCpioSequence,
} from './cpio-archive.ts';

export type Compression = 'none' | 'gzip' | 'xz' | 'zstd' | 'bzip2' | 'lzma' | 'lz4' | 'lzo';

/** Where the compressed part begins: after any number of plain archives (microcode). */
export interface InitramfsLayout {
  readonly plainEntries: readonly CpioEntry[];
  readonly compression: Compression;
  readonly compressedOffset: number;
}

export interface InitramfsContent {
  readonly compression: Compression;
  /** Every name, folders included, without a leading slash. */
  readonly names: ReadonlySet<string>;
  /** Of small files in `conf/`: what initramfs-tools reads. */
  readonly settings: ReadonlyMap<string, string>;
}

const MAGIC: readonly (readonly [Compression, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['lzma', [0x5d, 0x00, 0x00]],
  ['lz4', [0x02, 0x21, 0x4c, 0x18]],
  ['lzo', [0x89, 0x4c, 0x5a, 0x4f]],
];

const APPENDABLE: ReadonlySet<Compression> = new Set(['none', 'gzip', 'xz', 'zstd']);

export function canAppend(compression: Compression): boolean {
  return APPENDABLE.has(compression);
}

/** `undefined`: the bytes after the plain archives are of no known kind. */
export function findLayout(bytes: Buffer): InitramfsLayout | undefined {
  const plainEntries: CpioEntry[] = [];
  let offset = 0;
  while (offset < bytes.length && isCpioAt(bytes, offset)) {
    const part = readCpio(bytes, offset);
    plainEntries.push(...part.entries);
    offset = part.endOffset;
  }
  if (offset >= bytes.length) return { plainEntries, compression: 'none', compressedOffset: bytes.length };
  const found = MAGIC.find(([, magic]) => magic.every((byte, index) => bytes[offset + index] === byte));
  return found && { plainEntries, compression: found[0], compressedOffset: offset };
}

/** `unpacked`: the compressed part after decompression. */
export function describeContent(layout: InitramfsLayout, unpacked: Buffer): InitramfsContent {
  const entries = [...layout.plainEntries, ...readCpioSequence(unpacked)];
  const settings = entries.filter((entry) => /^conf\/(modules|conf\.d\/[^/]+)$/.test(entry.name));
  return {
    compression: layout.compression,
    names: new Set(entries.map((entry) => entry.name)),
    settings: new Map(settings.map((entry) => [entry.name, entry.content.toString('utf8')])),
  };
}

/** `lib/modules/VERSION` or, where /lib is a link, `usr/lib/modules/VERSION`. */
export function modulesFolder(content: InitramfsContent, version: string): string {
  const merged = `usr/lib/modules/${version}`;
  return content.names.has(merged) ? merged : `lib/modules/${version}`;
}

export function hasModule(content: InitramfsContent, name: string): boolean {
  const wanted = normalizeModuleName(name);
  for (const path of content.names) if (moduleNameOf(path) === wanted) return true;
  return false;
}

/** `kernel/drivers/block/virtio_blk.ko.xz` → `virtio_blk`; `undefined` when the path is no module. */
export function moduleNameOf(path: string): string | undefined {
  const name = /(?:^|\/)([^/]+)\.ko(?:\.(?:xz|zst|gz))?$/.exec(path)?.[1];
  return name === undefined ? undefined : normalizeModuleName(name);
}

export function normalizeModuleName(name: string): string {
  return name.replaceAll('-', '_');
}

/** Entries for the added archive: files with exactly those parent folders that are not there yet. */
export function addedEntries(
  content: InitramfsContent,
  files: readonly { readonly name: string; readonly content: Buffer }[],
): CpioEntry[] {
  const folders = new Set<string>();
  for (const file of files) {
    for (const folder of parentFolders(file.name)) if (!content.names.has(folder)) folders.add(folder);
  }
  const folderEntries = [...folders]
    .sort()
    .map((name) => ({ name, mode: FOLDER_MODE, content: Buffer.alloc(0) }));
  return [...folderEntries, ...files.map((file) => ({ ...file, mode: FILE_MODE }))];
}

function parentFolders(name: string): string[] {
  const parts = name.split('/').slice(0, -1);
  return parts.map((_part, index) => parts.slice(0, index + 1).join('/'));
}
