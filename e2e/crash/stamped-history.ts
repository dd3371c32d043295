/**
 * What the stamped writer did, and whether the state of its disks is one a power failure could have left.
 * Writes are numbered as they are issued. Each has two ticks of one counter, at its issue and at its
 * acknowledgement: a write whose issue has a later tick than the acknowledgement of another happened after
 * it. No block is under two writes at once.
 *
 * H1 a write issued after the acknowledgement of another is never there without it, on whichever disk;
 * H2 what was acknowledged before the cut is there (C1);
 * H3 nothing issued after the cut is there (C2);
 * H4 every block is whole, and one that was written there.
 * "There" means: it, or a later write of the same block.
 */
import { addProofs, CLOCK_SLACK_MS, type CutTime, check, type Proof } from './proof.ts';

export interface StampedWrite {
  readonly write: number;
  readonly disk: number;
  readonly block: number;
  readonly blocks: number;
  readonly issueTick: number;
  readonly ackTick: number;
  readonly issueMs: number;
  readonly ackMs: number;
}

/** By disk, by block: the write found there; `undefined` for a block that is not whole. */
export type StampedState = readonly (readonly (number | undefined)[])[];

const NEVER: StampedWrite = {
  ...{ write: 0, disk: 0, block: 0, blocks: 0 },
  ...{ issueTick: -1, ackTick: -1, issueMs: Number.NEGATIVE_INFINITY, ackMs: Number.NEGATIVE_INFINITY },
};

/** `cut` is left out where the time is not known: then only the order is judged. */
export function proveStamps(history: readonly StampedWrite[], state: StampedState, cut?: CutTime): Proof {
  const places = placesOf(history, state);
  const newest = places.reduce(
    (found, { present }) => (present !== undefined && present.issueTick > found.issueTick ? present : found),
    NEVER,
  );
  return addProofs(...places.map((place) => provePlace(place, newest, cut)));
}

interface Place {
  readonly name: string;
  /** All writes of the block in their order. */
  readonly writes: readonly StampedWrite[];
  /** `undefined`: not whole, or never written there. */
  readonly present: StampedWrite | undefined;
}

function placesOf(history: readonly StampedWrite[], state: StampedState): readonly Place[] {
  const writes = state.map((blocks) => blocks.map((): StampedWrite[] => [NEVER]));
  for (const write of history) {
    for (let index = 0; index < write.blocks; index += 1)
      writes[write.disk]?.[write.block + index]?.push(write);
  }
  return state.flatMap((blocks, disk) =>
    blocks.map((found, block) => {
      const here = writes[disk]?.[block] ?? [];
      const name = `disk ${disk} block ${block} (holds ${found === undefined ? 'no whole stamp' : `write ${found}`})`;
      return { name, writes: here, present: here.find(({ write }) => write === found) };
    }),
  );
}

function provePlace({ name, writes, present }: Place, newest: StampedWrite, cut: CutTime | undefined): Proof {
  if (present === undefined) return check(false, () => `${name}: H4 not one that was written there`);
  const before = lastWhere(writes, (one) => one.ackTick < newest.issueTick);
  const order = check(before.write <= present.write, () => {
    return `${name}: H1 write ${newest.write} is there, issued after write ${before.write} was acknowledged`;
  });
  return cut === undefined ? order : addProofs(order, proveTime({ name, writes, present }, cut));
}

function proveTime({ name, writes, present }: Place, { cutTimeMs }: CutTime): Proof {
  const last = lastWhere(writes, (one) => one.ackMs < cutTimeMs - CLOCK_SLACK_MS);
  const late = (present?.issueMs ?? 0) - cutTimeMs;
  return addProofs(
    check(last.write <= (present?.write ?? 0), () => {
      const early = (cutTimeMs - last.ackMs).toFixed(1);
      return `${name}: H2 write ${last.write} was acknowledged ${early} ms before the cut`;
    }),
    check(late <= CLOCK_SLACK_MS, () => `${name}: H3 it was issued ${late.toFixed(1)} ms after the cut`),
  );
}

/** Writes of one block follow each other, so the bound of any time is met by the first ones. */
function lastWhere(writes: readonly StampedWrite[], holds: (one: StampedWrite) => boolean): StampedWrite {
  return writes.findLast(holds) ?? NEVER;
}
