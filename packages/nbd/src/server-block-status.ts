/**
 * BLOCK_STATUS of `base:allocation`. The device is asked in windows that double, until there is an answer
 * that is long enough, so that asking for one extent of a large disk does not look at all of it.
 */
import { type AllocationExtent, appendExtent, type ReadableBlockDevice } from '@landfall/block';
import { COMMAND_FLAG } from './protocol.ts';
import type { Request } from './transmission-codec.ts';

const WINDOW_BYTES_FIRST = 1024 * 1024;
const WINDOW_BYTES_MAX = 64 * 1024 * 1024;
/** The reply then has 32 KiB; the client asks again for what is missing. */
const EXTENTS_MAX = 4096;

export async function findBlockStatus(
  request: Request,
  device: ReadableBlockDevice,
): Promise<AllocationExtent[]> {
  const extentsWanted = (request.flags & COMMAND_FLAG.REQ_ONE) === 0 ? EXTENTS_MAX : 1;
  const end = request.offsetBytes + request.lengthBytes;
  const extents: AllocationExtent[] = [];
  let position = request.offsetBytes;
  let windowBytes = WINDOW_BYTES_FIRST;
  // One more than wanted has to be seen: only then is the last wanted one known to end where it does.
  while (position < end && extents.length <= extentsWanted) {
    const lengthBytes = Math.min(windowBytes, end - position);
    for (const extent of await device.allocation(position, lengthBytes)) appendExtent(extents, extent);
    position += lengthBytes;
    windowBytes = Math.min(windowBytes * 2, WINDOW_BYTES_MAX);
  }
  return extents.slice(0, extentsWanted);
}
