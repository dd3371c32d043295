/**
 * One header of a tar archive (POSIX.1-1988 ustar, pax, and the numbers of GNU tar). Names are Latin-1: a
 * byte each.
 */
import { OperationError } from '@landfall/runtime';

export const BLOCK_BYTES = 512;

export interface TarHeader {
  /**
   * `0` file, `1` hard link, `2` symbolic link, `3` `4` devices, `5` folder, `6` FIFO, `x` pax, `L` `K` GNU's
   * long names.
   */
  readonly type: string;
  readonly name: string;
  readonly linkName: string;
  readonly sizeBytes: number;
}

/** Nothing for the block of zeroes that an archive ends with. Errors: FILES_ARCHIVE_UNSAFE. */
export function parseTarHeader(block: Buffer): TarHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  if (!hasChecksum(block)) throw unsafe('a header has no valid checksum');
  const prefix = block.toString('latin1', 257, 263) === 'ustar\0' ? textAt(block, 345, 155) : '';
  const name = textAt(block, 0, 100);
  const type = String.fromCharCode(block[156] ?? 0).replace('\0', '0');
  return {
    type,
    name: prefix === '' ? name : `${prefix}/${name}`,
    linkName: textAt(block, 157, 100),
    sizeBytes: numberAt(block, 124, 12),
  };
}

/** `LENGTH KEY=VALUE\n` records. Errors: FILES_ARCHIVE_UNSAFE. */
export function parsePaxRecords(content: Buffer): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  for (let start = 0; start < content.length; ) {
    const digits = /^(\d{1,10}) /.exec(content.toString('latin1', start, start + 11))?.[1] ?? '';
    const end = start + Number(digits);
    const record = content.toString('latin1', start + digits.length + 1, end - 1);
    const equals = record.indexOf('=');
    if (digits === '' || end <= start || end > content.length || content[end - 1] !== 0x0a || equals < 1)
      throw unsafe('a pax record makes no sense');
    if (record.slice(0, equals).includes('\0')) throw unsafe('the key of a pax record has a NUL');
    records.set(record.slice(0, equals), record.slice(equals + 1));
    start = end;
  }
  return records;
}

export function unsafe(why: string): OperationError {
  return new OperationError('FILES_ARCHIVE_UNSAFE', `the archive is not unpacked: ${why}`, {
    hint: 'save it with --tar and look at it: such an archive is no accident',
  });
}

function hasChecksum(block: Buffer): boolean {
  const sum = block.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 0x20 : byte), 0);
  return sum === numberAt(block, 148, 8);
}

function textAt(block: Buffer, start: number, length: number): string {
  const text = block.toString('latin1', start, start + length);
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}

/** Octal text, or with its first bit set a binary number. */
function numberAt(block: Buffer, start: number, length: number): number {
  const field = block.subarray(start, start + length);
  const text = field
    .toString('latin1')
    .replace(/[\0 ]+$/, '')
    .replace(/^ +/, '');
  const value =
    field[0] === 0x80
      ? Number(BigInt(`0x${field.subarray(1).toString('hex')}`))
      : Number.parseInt(text || '0', 8);
  // GNU tar skips a header with a number of blanks.
  const isOctal = /^[0-7]*$/.test(text) && (text !== '' || field[0] !== 0x20);
  if (!Number.isSafeInteger(value) || value < 0 || (field[0] !== 0x80 && !isOctal))
    throw unsafe('a number in a header makes no sense');
  return value;
}
