/**
 * The `newc` cpio format of initial RAM filesystems, as the kernel reads it
 * (Documentation/driver-api/early-userspace/buffer-format): any number of archives one after the other, zero
 * bytes between them allowed; a later file replaces an earlier one of the same name.
 *
 *   header: '070701', then 13 fields of 8 hexadecimal digits; name with a final NUL; content; name and
 *   content each padded to 4 bytes, counted from the beginning of the archive; the entry `TRAILER!!!` ends an
 *   archive
 */
import { OperationError } from '@landfall/runtime';

export interface CpioEntry {
  /** Without a leading slash or `./`. */
  readonly name: string;
  readonly mode: number;
  readonly content: Buffer;
}

const HEADER_BYTES = 110;
const TRAILER = 'TRAILER!!!';
const ENTRIES_MAX = 200_000;
export const FOLDER_MODE = 0o040755;
export const FILE_MODE = 0o100644;

export interface CpioPart {
  readonly entries: readonly CpioEntry[];
  /** Where the archive, and the zero bytes after it, end. */
  readonly endOffset: number;
}

export function isCpioAt(bytes: Buffer, offset: number): boolean {
  const magic = bytes.toString('latin1', offset, offset + 6);
  return magic === '070701' || magic === '070702';
}

/** Reads one archive. Errors: INITRAMFS_UNREADABLE. */
export function readCpio(bytes: Buffer, startOffset: number): CpioPart {
  const entries: CpioEntry[] = [];
  let offset = startOffset;
  for (let count = 0; count < ENTRIES_MAX; count += 1) {
    const { entry, nextOffset } = readEntry(bytes, offset, startOffset);
    offset = nextOffset;
    if (entry.name === TRAILER) return { entries, endOffset: skipZeros(bytes, offset) };
    entries.push(entry);
  }
  throw unreadable(`it has more than ${ENTRIES_MAX} entries`);
}

/** All archives in `bytes`, in order. */
export function readCpioSequence(bytes: Buffer): CpioEntry[] {
  const entries: CpioEntry[] = [];
  let offset = skipZeros(bytes, 0);
  while (offset < bytes.length) {
    const part = readCpio(bytes, offset);
    entries.push(...part.entries);
    offset = part.endOffset;
  }
  return entries;
}

/** One archive; folders must come before what is in them. */
export function writeCpio(entries: readonly CpioEntry[]): Buffer {
  const trailer = { name: TRAILER, mode: 0, content: Buffer.alloc(0) };
  return Buffer.concat([...entries, trailer].flatMap((entry, index) => writeEntry(entry, index + 1)));
}

function readEntry(
  bytes: Buffer,
  offset: number,
  startOffset: number,
): { entry: CpioEntry; nextOffset: number } {
  if (!isCpioAt(bytes, offset)) throw unreadable(`no cpio header at byte ${offset}`);
  const field = (index: number) => {
    const value = Number.parseInt(
      bytes.toString('latin1', offset + 6 + index * 8, offset + 14 + index * 8),
      16,
    );
    if (!Number.isSafeInteger(value)) throw unreadable(`bad cpio header at byte ${offset}`);
    return value;
  };
  const nameEnd = offset + HEADER_BYTES + field(11);
  const contentStart = startOffset + align4(nameEnd - startOffset);
  const contentEnd = contentStart + field(6);
  if (contentEnd > bytes.length) throw unreadable('it is cut short');
  const name = bytes.toString('utf8', offset + HEADER_BYTES, nameEnd - 1).replace(/^(\.?\/)+/, '');
  const entry = { name, mode: field(1), content: bytes.subarray(contentStart, contentEnd) };
  return { entry, nextOffset: startOffset + align4(contentEnd - startOffset) };
}

function writeEntry(entry: CpioEntry, inode: number): Buffer[] {
  const name = Buffer.from(`${entry.name}\0`, 'utf8');
  const fields = [inode, entry.mode, 0, 0, 1, 0, entry.content.length, 0, 0, 0, 0, name.length, 0];
  const header = `070701${fields.map((value) => value.toString(16).padStart(8, '0')).join('')}`;
  return [padded(Buffer.concat([Buffer.from(header, 'latin1'), name])), padded(entry.content)];
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(align4(bytes.length) - bytes.length)]);
}

function align4(length: number): number {
  return Math.ceil(length / 4) * 4;
}

function skipZeros(bytes: Buffer, offset: number): number {
  let end = offset;
  while (end < bytes.length && bytes[end] === 0) end += 1;
  return end;
}

function unreadable(why: string): OperationError {
  return new OperationError('INITRAMFS_UNREADABLE', `the initial RAM filesystem cannot be read: ${why}`, {
    hint: 'rebuild it on the source server (`update-initramfs -u`, `dracut -f`), then launch again',
  });
}
