/**
 * A swap area that is in use: all of it but its header may be left out. The kernel has the area to itself,
 * what it holds is the memory of this boot, and no boot reads what an earlier one swapped out. Hibernation
 * is no exception: its image is written later, so it is seen and replicated, and while a kernel swaps, the
 * area's signature says that it holds none (Linux: mm/swapfile.c, kernel/power/swap.c).
 */
import { demand, type FoundFree, type ReadVolume } from './proof.ts';

const PAGE_SIZES_BYTES = [4096, 8192, 16_384, 32_768, 65_536];
const SIGNATURE = Buffer.from('SWAPSPACE2');
const FIELDS_AT = 1024;
const VERSION = 1;

/** Errors: NotProved, and those of reading. */
export async function readSwapFreeSpace(
  { read, sizeBytes }: { readonly read: ReadVolume; readonly sizeBytes: number },
  found: FoundFree,
): Promise<void> {
  const headBytes = PAGE_SIZES_BYTES.filter((pageBytes) => pageBytes <= sizeBytes).at(-1);
  demand(headBytes !== undefined, 'it is too small for a swap area');
  const head = await read(0, headBytes);
  const pageBytes = PAGE_SIZES_BYTES.find((bytes) => {
    return bytes <= headBytes && head.subarray(bytes - SIGNATURE.length, bytes).equals(SIGNATURE);
  });
  demand(pageBytes !== undefined, 'it has no signature of a swap area without a hibernation image');
  demand(head.readUInt32LE(FIELDS_AT) === VERSION, 'the version of its swap header is not known');
  const lengthBytes = head.readUInt32LE(FIELDS_AT + 4) * pageBytes;
  demand(lengthBytes > 0 && pageBytes + lengthBytes <= sizeBytes, 'its swap header is impossible');
  found(pageBytes, lengthBytes);
}
