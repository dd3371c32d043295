/**
 * Looks at the sampled pieces of a slice, before and after it, in the journal itself. What came well
 * compressed is not read at all, and what is not noise afterwards is not read as it was before: under most
 * loads little is left to do.
 */
import type { ReadableBlockDevice } from '@landfall/block';
import type { JournalGroup, JournalView } from '@landfall/journal';
import type { RecoveryPoint } from '@landfall/model';
import type { Random } from '@landfall/runtime';
import type { SampledPiece } from './change-sample.ts';
import type { ChangeSlice } from './change-watch.ts';
import { type Content, contentOf } from './content.ts';
import { DiskUsage, findExt4 } from './disk-usage.ts';
import { type FreedContent, freedContent } from './freed-content.ts';
import type { PointInHistory } from './sliding-sum.ts';

export interface Assay {
  readonly first: PointInHistory;
  readonly writtenBytes: number;
  /** All of these are estimates from the pieces. In use, not noise before, and noise now. */
  readonly convertedBytes: number;
  readonly convertedPieces: number;
  readonly convertedDisks: readonly number[];
  /** Where nothing was in use before. */
  readonly newBytes: number;
  readonly newUniformBytes: number;
  readonly pieces: number;
}

type Group = Pick<JournalGroup, 'openView' | 'recoveryPoint' | 'pointAtOrBefore' | 'newestPoint' | 'disks'>;

const READS_AT_ONCE = 8;

/** `undefined`: there is no recovery point before it to compare with. Errors: EXTENT_DAMAGED. */
export async function assaySlice(group: Group, slice: ChangeSlice): Promise<Assay | undefined> {
  const before = pointBefore(group, { epoch: slice.firstEpoch, cutTimeMs: slice.firstCutTimeMs });
  const after = group.recoveryPoint(slice.lastEpoch) ?? group.newestPoint;
  if (before === undefined || after === undefined) return undefined;
  return betweenViews(group, { before, after }, async (views) => {
    const judged: (Judged | undefined)[] = [];
    for (let index = 0; index < slice.pieces.length; index += READS_AT_ONCE) {
      const some = slice.pieces.slice(index, index + READS_AT_ONCE);
      judged.push(...(await Promise.all(some.map((piece) => judge(views, piece)))));
    }
    return sumUp(slice, judged);
  });
}

/** What was freed since, on all disks. */
export async function assayFreed(
  group: Group,
  since: PointInHistory,
  random: Random,
): Promise<FreedContent & { readonly diskIndexes: readonly number[] }> {
  const before = pointBefore(group, since);
  const after = group.newestPoint;
  if (before === undefined || after === undefined) return { structuredBytes: 0, pieces: 0, diskIndexes: [] };
  return betweenViews(group, { before, after }, async (views) => {
    const found = [];
    for (const diskIndex of group.disks.keys()) {
      const [old, now] = [await views.before(diskIndex), await views.after(diskIndex)];
      found.push({ diskIndex, ...(await freedContent(old, now, random)) });
    }
    return {
      structuredBytes: found.reduce((sum, { structuredBytes }) => sum + structuredBytes, 0),
      pieces: found.reduce((sum, { pieces }) => sum + pieces, 0),
      diskIndexes: found.filter(({ pieces }) => pieces > 0).map(({ diskIndex }) => diskIndex),
    };
  });
}

/** The last recovery point that has nothing of that epoch. */
export function pointBefore(group: Group, { epoch, cutTimeMs }: PointInHistory): RecoveryPoint | undefined {
  const neighbour = group.recoveryPoint(epoch - 1);
  if (neighbour !== undefined) return neighbour;
  const earlier = group.pointAtOrBefore(cutTimeMs - 1);
  return earlier !== undefined && earlier.epoch < epoch ? earlier : undefined;
}

interface Disk {
  readonly device: ReadableBlockDevice;
  readonly usage: DiskUsage;
}

interface Views {
  before(diskIndex: number): Promise<Disk>;
  after(diskIndex: number): Promise<Disk>;
}

async function betweenViews<Result>(
  group: Group,
  { before, after }: { readonly before: RecoveryPoint; readonly after: RecoveryPoint },
  action: (views: Views) => Promise<Result>,
): Promise<Result> {
  const old = await group.openView(before.epoch);
  try {
    const now = await group.openView(after.epoch);
    try {
      return await action({ before: disksOf(old), after: disksOf(now) });
    } finally {
      await now.close();
    }
  } finally {
    await old.close();
  }
}

/** Each disk's file systems are looked for once. */
function disksOf(view: JournalView): (diskIndex: number) => Promise<Disk> {
  const known = new Map<number, Promise<Disk>>();
  return (diskIndex) => {
    const disk = known.get(diskIndex) ?? openDisk(view.disks[diskIndex]);
    known.set(diskIndex, disk);
    return disk;
  };
}

/** A disk that was not there yet is one of no bytes. */
async function openDisk(device: ReadableBlockDevice | undefined): Promise<Disk> {
  if (device === undefined) return openDisk(NO_DISK);
  return { device, usage: new DiskUsage(device, device.sizeBytes === 0 ? [] : await findExt4(device)) };
}

const NO_DISK: ReadableBlockDevice = {
  sizeBytes: 0,
  read: () => Promise.resolve(),
  allocation: () => Promise.resolve([]),
  close: () => Promise.resolve(),
};

interface Judged extends SampledPiece {
  readonly isNew: boolean;
  readonly isUniform: boolean;
}

async function judge({ before, after }: Views, piece: SampledPiece): Promise<Judged | undefined> {
  const now = piece.isCompressible
    ? 'STRUCTURED'
    : await contentAt((await after(piece.diskIndex)).device, piece);
  const old = await before(piece.diskIndex);
  const usage = await old.usage.at(piece.offsetBytes);
  const isUniform = now === 'UNIFORM';
  // Only of what is noise now it matters what it was.
  if (usage === 'FREE' || !isUniform) return { ...piece, isNew: usage === 'FREE', isUniform };
  const was = await contentAt(old.device, piece);
  if (was === 'UNIFORM') return undefined;
  // Zeroes that are in use were set aside for a file, and had nothing of it yet.
  return { ...piece, isNew: was === 'ZERO', isUniform };
}

async function contentAt(
  device: ReadableBlockDevice,
  { offsetBytes, lengthBytes }: SampledPiece,
): Promise<Content> {
  if (offsetBytes + lengthBytes > device.sizeBytes) return 'ZERO';
  const bytes = Buffer.alloc(lengthBytes);
  await device.read(offsetBytes, bytes);
  return contentOf(bytes);
}

function sumUp(slice: ChangeSlice, judged: readonly (Judged | undefined)[]): Assay {
  const known = judged.filter((piece) => piece !== undefined);
  const fresh = known.filter(({ isNew }) => isNew);
  const converted = known.filter(({ isNew, isUniform }) => isUniform && !isNew);
  return {
    first: { epoch: slice.firstEpoch, cutTimeMs: slice.firstCutTimeMs },
    writtenBytes: slice.writtenBytes,
    convertedBytes: weightOf(converted),
    convertedPieces: converted.length,
    convertedDisks: [...new Set(converted.map(({ diskIndex }) => diskIndex))],
    newBytes: weightOf(fresh),
    newUniformBytes: weightOf(fresh.filter(({ isUniform }) => isUniform)),
    pieces: judged.length,
  };
}

function weightOf(pieces: readonly SampledPiece[]): number {
  return pieces.reduce((sum, { weightBytes }) => sum + weightBytes, 0);
}
