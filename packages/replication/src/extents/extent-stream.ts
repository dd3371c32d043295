/**
 * From what the source hands over to messages on the link, in that order: later extents of an epoch
 * overwrite earlier ones. Compression of a batch runs ahead of its sending, off the main thread.
 */
import type { CapturedExtent } from '@landfall/capture';
import type { Link, Message } from '@landfall/wire';
import { wireBytes } from '@landfall/wire';
import type { FilteredExtents } from '../comparison/comparison.ts';
import type { HashReader } from '../comparison/hash-reader.ts';
import type { SenderState } from '../sender/sender-state.ts';
import type { TokenBucket } from '../sender/token-bucket.ts';
import type { Compression } from './compression-choice.ts';
import { type ContentExtent, type EncodedExtent, encodeExtent } from './extent-encoder.ts';
import { splitAtChunks } from './extent-split.ts';

/** Extents whose compression is under way at once. */
export const ENCODING_EXTENTS_MAX = 8;

export interface ExtentStreamContext {
  readonly state: SenderState;
  readonly link: Link;
  readonly hashes: HashReader;
  readonly bucket: TokenBucket;
  readonly signal: AbortSignal;
}

export class ExtentStream {
  readonly #context: ExtentStreamContext;
  /**
   * The beginning of a chunk that is compared when the rest has come; held in the ledger like everything in
   * hand.
   */
  #carried: readonly CapturedExtent[] = [];

  constructor(context: ExtentStreamContext) {
    this.#context = context;
  }

  /** A comparison begins anew: what was carried is dirty again. */
  reset(): void {
    this.#carried = [];
  }

  /**
   * Sends what the replica does not have of what the ledger holds as `taken`. `isLast`: a cut ends with
   * this.
   */
  async send(taken: readonly CapturedExtent[], options: { readonly isLast: boolean }): Promise<void> {
    const { ledger } = this.#context.state;
    const before = this.#carried;
    const filtering = this.#filter([...before, ...taken], options.isLast);
    const { missing, carried } = await this.#context.state.stages.time('STAGING_WRITE', filtering);
    for (const extent of missing) ledger.noteSending(extent);
    await sendMeasured(this.#context, missing);
    this.#carried = carried;
    ledger.hold(carried);
    ledger.release(before);
    ledger.release(taken);
  }

  async #filter(taken: readonly CapturedExtent[], isLast: boolean): Promise<FilteredExtents> {
    const { state, hashes } = this.#context;
    const { comparison } = state;
    const pieces = splitAtChunks(taken, { zeroes: comparison !== undefined });
    if (comparison === undefined) return { missing: pieces, carried: [] };
    const hashOf = (diskIndex: number, chunk: number) => hashes.hashOf(diskIndex, chunk);
    const filtered = await comparison.filter(pieces, { hashOf, isLast });
    const needed = new Set([...filtered.missing, ...filtered.carried]);
    for (const piece of pieces) if (!needed.has(piece)) piece.release?.();
    return filtered;
  }
}

async function sendMeasured(context: ExtentStreamContext, extents: readonly CapturedExtent[]): Promise<void> {
  const { clock, compression } = context.state;
  const bytes = extents.reduce((sum, { content }) => sum + (content?.length ?? 0), 0);
  const way = compression.choose(bytes);
  const beganNs = clock.monotonicNs();
  const shrinkableBytes = await sendInOrder(context, extents, way);
  compression.observe(way, { bytes, shrinkableBytes, durationNs: clock.monotonicNs() - beganNs });
}

/** Answers the bytes of those that shrink. */
async function sendInOrder(
  context: ExtentStreamContext,
  extents: readonly CapturedExtent[],
  way: Compression,
): Promise<number> {
  const encoding: Promise<EncodedExtent>[] = [];
  let begun = 0;
  let shrinkableBytes = 0;
  for (const extent of extents) {
    for (; begun < extents.length && encoding.length < ENCODING_EXTENTS_MAX; begun += 1) {
      const next = extents[begun];
      if (next !== undefined && hasContent(next)) encoding.push(begin(next, way));
    }
    if (!hasContent(extent)) {
      await sendCapped(context, zeroesMessage(extent));
      continue;
    }
    const next = encoding.shift();
    const encoded = next && (await context.state.stages.time('CPU', next));
    if (encoded === undefined) continue;
    if (encoded.shrinkable) shrinkableBytes += extent.lengthBytes;
    await sendCapped(context, encoded.message);
  }
  return shrinkableBytes;
}

async function sendCapped(context: ExtentStreamContext, message: Message): Promise<void> {
  const { link, bucket, signal, state } = context;
  signal.throwIfAborted();
  await state.stages.time('BANDWIDTH_CAP', bucket.take(wireBytes(message), signal));
  await state.stages.time('LINK', link.send(message));
}

/** Marks the promise as watched: when sending fails first, a failed compression has nobody left to tell. */
function begin(extent: ContentExtent, way: Compression): Promise<EncodedExtent> {
  const encoded = encodeExtent(extent, way);
  Promise.allSettled([encoded]);
  return encoded;
}

function hasContent(extent: CapturedExtent): extent is ContentExtent {
  return extent.content !== undefined;
}

function zeroesMessage({ diskIndex, offsetBytes, lengthBytes }: CapturedExtent): Message {
  return { type: 'ZEROES', diskIndex, offsetBytes, lengthBytes };
}
