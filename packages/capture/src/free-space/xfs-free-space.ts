/**
 * The free space of a mounted XFS, as its kernel tells it: `xfs_io -r -c 'fsmap -d -m' MOUNT_POINT`
 * (GETFSMAP). What is on the device would be of no use: XFS keeps its btrees in buffers of its own, outside
 * of the page cache, and writes them back late.
 *
 * Lines come as `EXT,MAJOR,MINOR,PSTART,PEND,OWNER,OSTART,OEND,LENGTH`, in sectors of 512 bytes, ends
 * inclusive; free space has the owner `special_0:1` (FMR_OWN_FREE of linux/fsmap.h).
 */
import { demand, type FoundFree } from './proof.ts';

const HEADER = 'EXT,MAJOR,MINOR,PSTART,PEND,OWNER,OSTART,OEND,LENGTH';
const OWNER_FREE = 'special_0:1';
const SECTOR_BYTES = 512;
const FORM_UNKNOWN = 'its space map is not in the form that is known';
const LINE_LENGTH_MAX = 1000;
const PATTERN = /^\d+,(\d+),(\d+),(\d+),(\d+),([^,]+),\d*,\d*,(\d+)$/;

export const FREE_SPACE_COMMAND = 'fsmap -d -m';

export class XfsSpaceMap {
  readonly #device: string;
  readonly #sizeBytes: number;
  readonly #found: FoundFree;
  #rest = '';
  #lineCount = 0;

  /** `device`: `MAJOR:MINOR` of the volume. */
  constructor(options: { readonly device: string; readonly sizeBytes: number; readonly found: FoundFree }) {
    this.#device = options.device;
    this.#sizeBytes = options.sizeBytes;
    this.#found = options.found;
  }

  /** The next piece of the tool's output. Errors: NotProved. */
  add(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    demand(this.#rest.length <= LINE_LENGTH_MAX, FORM_UNKNOWN);
    for (const line of lines) this.#addLine(line);
  }

  /** Errors: NotProved when the output was not whole. */
  end(): void {
    demand(this.#rest === '' && this.#lineCount > 1, 'its space map is not whole');
  }

  #addLine(line: string): void {
    this.#lineCount += 1;
    if (this.#lineCount === 1) demand(line === HEADER, FORM_UNKNOWN);
    else this.#addFields(PATTERN.exec(line));
  }

  #addFields(fields: RegExpExecArray | null): void {
    demand(fields !== null, FORM_UNKNOWN);
    const [, major, minor, start = '', end = '', owner, length = ''] = fields;
    demand(`${major}:${minor}` === this.#device, 'its space map is of another device');
    if (owner !== OWNER_FREE) return;
    const offsetBytes = Number(start) * SECTOR_BYTES;
    const lengthBytes = Number(length) * SECTOR_BYTES;
    const isSane = Number(end) - Number(start) + 1 === Number(length) && lengthBytes > 0;
    demand(isSane && offsetBytes + lengthBytes <= this.#sizeBytes, 'its space map is impossible');
    this.#found(offsetBytes, lengthBytes);
  }
}
