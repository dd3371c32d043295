/**
 * READ. With structured replies a read goes out in units of the pool, each as it comes, zeroes as holes, so
 * that a read of 32 MiB takes no more memory than one of a unit. Without them (or with DF) a reply is one
 * piece: an error cannot follow its first byte.
 */
import { type ReadableBlockDevice, zeroRuns } from '@landfall/block';
import type { BufferPool } from '@landfall/runtime';
import { COMMAND_FLAG } from './protocol.ts';
import type { Replies } from './replies.ts';
import type { Request } from './transmission-codec.ts';

/** Shorter runs of zeroes are not worth a chunk of their own. */
const HOLE_GRANULE_BYTES = 32 * 1024;

export interface Reading {
  readonly device: ReadableBlockDevice;
  readonly replies: Replies;
  readonly pool: BufferPool;
}

/** How much memory serving this read takes at most. */
export function readCostBytes(request: Request, { replies, pool }: Reading): number {
  return isWhole(request, replies) ? request.lengthBytes : Math.min(request.lengthBytes, pool.unitBytes);
}

export async function serveRead(request: Request, reading: Reading): Promise<void> {
  const { device, replies, pool } = reading;
  const { offsetBytes, lengthBytes } = request;
  const stepBytes = isWhole(request, replies) ? lengthBytes : pool.unitBytes;
  for (let done = 0; done < lengthBytes; done += stepBytes) {
    const partBytes = Math.min(stepBytes, lengthBytes - done);
    const last = done + partBytes === lengthBytes;
    await pool.lend(partBytes, async (content) => {
      await device.read(offsetBytes + done, content);
      if (!replies.structured) return replies.simpleRead(request, content);
      if (hasDF(request)) {
        return replies.readData(request, offsetBytes, { content, last: true });
      }
      return sendPart(request, { content, offsetBytes: offsetBytes + done, last }, replies);
    });
  }
}

function isWhole(request: Request, replies: Replies): boolean {
  return !replies.structured || hasDF(request);
}

function hasDF(request: Request): boolean {
  return (request.flags & COMMAND_FLAG.DF) !== 0;
}

interface Part {
  readonly content: Buffer;
  readonly offsetBytes: number;
  /** Nothing of the request comes after it. */
  readonly last: boolean;
}

async function sendPart(request: Request, part: Part, replies: Replies): Promise<void> {
  const { content, offsetBytes } = part;
  const runs = zeroRuns(content, offsetBytes, HOLE_GRANULE_BYTES);
  const sent = runs.map((run, index) => {
    const last = part.last && index === runs.length - 1;
    if (run.zero) return replies.readHole(request, run, last);
    const start = run.offsetBytes - offsetBytes;
    const bytes = content.subarray(start, start + run.lengthBytes);
    return replies.readData(request, run.offsetBytes, { content: bytes, last });
  });
  // All of them settle before the buffer goes back to the pool, also when one fails.
  const failed = (await Promise.allSettled(sent)).find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
