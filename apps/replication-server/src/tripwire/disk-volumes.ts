/**
 * Where on a disk file systems begin: at its beginning, or in its partitions. Sources: UEFI specification
 * 2.10 (GPT), and what every PC's firmware does (MBR). What is damaged has no volumes.
 */
import type { ReadableBlockDevice } from '@landfall/block';

export interface DiskRange {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

const SECTOR_BYTES = 512;
const MBR_ENTRIES_AT = 446;
const MBR_ENTRY_BYTES = 16;
const MBR_SIGNATURE = 0xaa55;
const MBR_TYPE_GPT = 0xee;
const MBR_TYPES_EXTENDED = [0x05, 0x0f, 0x85];
const GPT_MAGIC = 'EFI PART';
const GPT_ENTRY_BYTES_MIN = 128;
const GPT_ENTRIES_MAX = 128;

/** The whole disk first: most of them have partitions and no file system of their own. */
export async function volumeRanges(device: ReadableBlockDevice): Promise<readonly DiskRange[]> {
  const whole = { offsetBytes: 0, lengthBytes: device.sizeBytes };
  if (device.sizeBytes < 2 * SECTOR_BYTES) return [whole];
  const head = Buffer.alloc(2 * SECTOR_BYTES);
  await device.read(0, head);
  const partitions =
    head.readUInt16LE(SECTOR_BYTES - 2) === MBR_SIGNATURE ? await partitionsOf(device, head) : [];
  const isInside = ({ offsetBytes, lengthBytes }: DiskRange) =>
    offsetBytes > 0 && lengthBytes > 0 && offsetBytes + lengthBytes <= device.sizeBytes;
  return [whole, ...partitions.filter(isInside)];
}

async function partitionsOf(device: ReadableBlockDevice, head: Buffer): Promise<readonly DiskRange[]> {
  const entries = [0, 1, 2, 3].map((index) => head.subarray(MBR_ENTRIES_AT + index * MBR_ENTRY_BYTES));
  if (entries.some((entry) => entry[4] === MBR_TYPE_GPT)) return gptPartitions(device, head);
  return entries
    .filter((entry) => entry[4] !== 0 && !MBR_TYPES_EXTENDED.includes(entry[4] ?? 0))
    .map((entry) => ({
      offsetBytes: entry.readUInt32LE(8) * SECTOR_BYTES,
      lengthBytes: entry.readUInt32LE(12) * SECTOR_BYTES,
    }));
}

async function gptPartitions(device: ReadableBlockDevice, head: Buffer): Promise<readonly DiskRange[]> {
  const header = head.subarray(SECTOR_BYTES);
  if (header.toString('latin1', 0, GPT_MAGIC.length) !== GPT_MAGIC) return [];
  const entryBytes = header.readUInt32LE(84);
  const count = Math.min(GPT_ENTRIES_MAX, header.readUInt32LE(80));
  const at = sectorAt(header, 72) * SECTOR_BYTES;
  const isSane = entryBytes >= GPT_ENTRY_BYTES_MIN && entryBytes <= SECTOR_BYTES;
  if (!isSane || at + count * entryBytes > device.sizeBytes) return [];
  const table = Buffer.alloc(count * entryBytes);
  await device.read(at, table);
  return Array.from({ length: count }, (_, index) => gptRange(table.subarray(index * entryBytes)));
}

/** An entry that is not used begins and ends at sector 0: nothing that is inside the disk. */
function gptRange(entry: Buffer): DiskRange {
  const [first, last] = [sectorAt(entry, 32), sectorAt(entry, 40)];
  const lengthBytes = first === 0 ? 0 : (last - first + 1) * SECTOR_BYTES;
  return { offsetBytes: first * SECTOR_BYTES, lengthBytes };
}

/** A number no disk has becomes one that lies outside every disk. */
function sectorAt(bytes: Buffer, at: number): number {
  return Math.min(Number(bytes.readBigUInt64LE(at)), 2 ** 43);
}
