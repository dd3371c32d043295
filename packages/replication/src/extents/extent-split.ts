/** Cuts captured extents at chunk boundaries, so that each fits a message and belongs to one chunk. */
import { endOf } from '@landfall/block';
import type { CapturedExtent } from '@landfall/capture';
import { RESCAN_CHUNK_BYTES } from '../epoch-store.ts';

export function chunkOf(offsetBytes: number): number {
  return Math.floor(offsetBytes / RESCAN_CHUNK_BYTES);
}

/**
 * Content always; zero ranges only when each chunk is looked at, for they travel as one message of any
 * length.
 */
export function splitAtChunks(
  extents: readonly CapturedExtent[],
  options: { readonly zeroes: boolean },
): readonly CapturedExtent[] {
  return extents.flatMap((extent) =>
    extent.content === undefined && !options.zeroes ? [extent] : [...piecesOf(extent)],
  );
}

/** An extent inside one chunk stays the same object: its content may be on loan. */
function* piecesOf(extent: CapturedExtent): Generator<CapturedExtent> {
  const { diskIndex, content } = extent;
  if (chunkOf(extent.offsetBytes) === chunkOf(endOf(extent) - 1)) {
    yield extent;
    return;
  }
  for (let at = extent.offsetBytes; at < endOf(extent); ) {
    const end = Math.min(endOf(extent), (chunkOf(at) + 1) * RESCAN_CHUNK_BYTES);
    const piece = { diskIndex, offsetBytes: at, lengthBytes: end - at };
    const from = at - extent.offsetBytes;
    yield content === undefined ? piece : { ...piece, content: content.subarray(from, from + end - at) };
    at = end;
  }
}
