/**
 * Takes off the dirty map what nobody relies on, one volume after the other, beside takeBulk and nextCut.
 *
 *     watch changes ─▶ read the map of free space, make it hold after a crash ─▶ forget ─▶ no cut before now
 *     └──────────── noted as touched: whatever the trace hands out ────────────┘
 *
 * S1 A block is forgotten if it was free at an instant after the watch began, and no change of it was handed
 *    out between that beginning and now. A change before that instant left nothing that counts (the block is
 *    free after it); one after it is either noted, or not handed out yet, and sets its bit when it is.
 * S2 Writes in flight keep their bits, as with takeDirty.
 * S3 Every later cut lies after the instant the map holds for, because none lies before the forgetting.
 * S4 After a loss of sight (C5) nothing is forgotten: writes may have been missed, and all is dirty again.
 * S5 Discards are not changes here: nobody relies on what they leave.
 */
import { AssertionFailure, describeError, type Logger } from '@landfall/runtime';
import type { ForgetFreeOptions } from '../engine/epoch-source.ts';
import type { ChangeTracker } from '../tracker/change-tracker.ts';
import { BLOCK_BYTES } from '../tracker/read-ticket.ts';
import { FreeBlocks } from './free-blocks.ts';
import type { FreeSpaceSource, Volume } from './free-space-source.ts';
import { NotProved } from './proof.ts';

export interface FreeSpaceSearchOptions extends ForgetFreeOptions {
  readonly source: FreeSpaceSource;
  readonly tracker: ChangeTracker;
  readonly logger: Logger;
  readonly engine: { readonly generation: number };
  readonly nowNs: () => number;
}

type Outcome =
  | { readonly freeBytes: number; readonly skippedBytes: number; readonly note?: string }
  | { readonly whyNot: string };

/**
 * What cannot be proved is copied, and the log says why. Ends early, in silence, when nobody wants it any
 * more.
 */
export async function forgetFreeSpace(options: FreeSpaceSearchOptions): Promise<void> {
  const { engine, signal } = options;
  const { generation } = engine;
  const isWanted = () => !signal.aborted && engine.generation === generation;
  const outcomes: (Outcome & { readonly volume: string; readonly kind: string })[] = [];
  for (const volume of options.source.volumes()) {
    const outcome = await searchVolume(options, volume, isWanted);
    if (!isWanted()) return;
    outcomes.push({ volume: volume.name, kind: volume.kind, ...outcome });
  }
  const skippedBytes = outcomes.reduce((sum, outcome) => {
    return sum + ('skippedBytes' in outcome ? outcome.skippedBytes : 0);
  }, 0);
  options.logger.info('free-space-skipped', { skippedBytes, volumes: outcomes });
}

async function searchVolume(
  options: FreeSpaceSearchOptions,
  volume: Volume,
  isWanted: () => boolean,
): Promise<Outcome> {
  const { tracker, signal, alignmentsBytes } = options;
  const { diskIndex } = volume;
  const blocks = new FreeBlocks(diskIndex, volume.extent);
  const unwatch = tracker.watch(blocks);
  try {
    const found = (offsetBytes: number, lengthBytes: number) => blocks.found(offsetBytes, lengthBytes);
    const note = await volume.readFree(found, signal);
    if (!isWanted()) return { whyNot: 'it was ended' };
    const alignmentBlocks = Math.max(1, (alignmentsBytes[diskIndex] ?? BLOCK_BYTES) / BLOCK_BYTES);
    const skippedBytes = tracker.forget(diskIndex, blocks.runs(alignmentBlocks), options.nowNs());
    return { freeBytes: blocks.foundBytes, skippedBytes, ...(note === undefined ? {} : { note }) };
  } catch (error) {
    if (error instanceof AssertionFailure) throw error;
    return { whyNot: error instanceof NotProved ? error.message : describeError(error) };
  } finally {
    unwatch();
  }
}
