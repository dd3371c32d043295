/**
 * Initial RAM filesystems as files: listed and extended on the launch host, at its own speed, not the
 * appliance's. Decompression is done by the field's own tools, each writing to a file beside its input.
 */
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { describeError, type Logger, runChecked } from '@landfall/runtime';
import {
  type Compression,
  describeContent,
  findLayout,
  type InitramfsContent,
  type InitramfsLayout,
} from '../guest/initramfs.ts';

export const INITRAMFS_BYTES_MAX = 1024 * 1024 * 1024;
/** A small file may unpack to any size. */
const UNPACKED_BYTES_MAX = 1024 * 1024 * 1024;
const TOOL_TIMEOUT_MS = 120_000;

const DECOMPRESS: Record<
  Exclude<Compression, 'none' | 'lzo'>,
  { suffix: string; argv: readonly string[] }
> = {
  gzip: { suffix: '.gz', argv: ['gzip', '-d', '-f'] },
  xz: { suffix: '.xz', argv: ['xz', '-d', '-f'] },
  zstd: { suffix: '.zst', argv: ['zstd', '-q', '-d', '-f', '--rm'] },
  bzip2: { suffix: '.bz2', argv: ['bzip2', '-d', '-f'] },
  lzma: { suffix: '.lzma', argv: ['xz', '-d', '-f'] },
  lz4: { suffix: '.lz4', argv: ['lz4', '-q', '-d', '-f', '--rm', '-m'] },
};

/** As the kernel's decoders accept it: xz with CRC32 only. */
const COMPRESS: Partial<Record<Compression, { suffix: string; argv: readonly string[] }>> = {
  gzip: { suffix: '.gz', argv: ['gzip', '-n', '-f'] },
  xz: { suffix: '.xz', argv: ['xz', '--check=crc32', '-f'] },
  zstd: { suffix: '.zst', argv: ['zstd', '-q', '-f', '--rm'] },
};

/** `undefined` when it cannot be read here; the reason is logged. */
export async function readInitramfs(
  path: string,
  logger: Logger,
  unpackedBytesMax = UNPACKED_BYTES_MAX,
): Promise<InitramfsContent | undefined> {
  try {
    const { size } = await stat(path);
    if (size > INITRAMFS_BYTES_MAX) throw new Error(`${size} bytes are more than ${INITRAMFS_BYTES_MAX}`);
    const bytes = await readFile(path);
    const layout = findLayout(bytes);
    if (layout === undefined) throw new Error('unknown compression');
    return describeContent(layout, await unpack(bytes, layout, { path, bytesMax: unpackedBytesMax }));
  } catch (error) {
    logger.warn('initramfs-unreadable', { path, reason: describeError(error) });
    return undefined;
  }
}

/** Compresses an archive that is to follow one compressed by `compression`. */
export async function compressArchive(
  archive: Buffer,
  compression: Compression,
  path: string,
): Promise<Buffer> {
  const tool = COMPRESS[compression];
  if (tool === undefined) return archive;
  await writeFile(path, archive);
  await runChecked([...tool.argv, path], { timeoutMs: TOOL_TIMEOUT_MS });
  const compressed = await readFile(path + tool.suffix);
  await rm(path + tool.suffix);
  return compressed;
}

async function unpack(
  bytes: Buffer,
  layout: InitramfsLayout,
  { path, bytesMax }: { readonly path: string; readonly bytesMax: number },
): Promise<Buffer> {
  if (layout.compression === 'none') return Buffer.alloc(0);
  if (layout.compression === 'lzo') throw new Error('lzo');
  const { suffix, argv } = DECOMPRESS[layout.compression];
  const unpacked = `${path}.unpacked`;
  try {
    await writeFile(unpacked + suffix, bytes.subarray(layout.compressedOffset));
    // A tool that writes more is ended by the kernel.
    const bounded = ['prlimit', `--fsize=${bytesMax}`, ...argv, unpacked + suffix];
    await runChecked(bounded, { timeoutMs: TOOL_TIMEOUT_MS });
    return await readFile(unpacked);
  } finally {
    await rm(unpacked, { force: true });
    await rm(unpacked + suffix, { force: true });
  }
}
