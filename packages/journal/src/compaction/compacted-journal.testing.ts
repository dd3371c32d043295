/** A journal with much to compact, and what every point of it should read. */
import assert from 'node:assert/strict';
import type { RetentionTier } from '@landfall/model';
import { createLogger, type Random, seededRandom } from '@landfall/runtime';
import { rawExtent, readDisk, testCommit, zstdExtent } from '../extents.testing.ts';
import type { JournalGroup } from '../group/journal-group.ts';
import { SimulatedJournalFiles } from '../storage/simulated-journal-files.ts';
import { openTestGroupOn } from '../test-storage.testing.ts';

export const DISKS = [
  { diskId: 'disk-0', sizeBytes: 6000 },
  { diskId: 'disk-1', sizeBytes: 2000 },
];
/** Cuts of `testCommit` are one second apart: the last ten points, then one of ten. */
export const TIERS: readonly RetentionTier[] = [
  { everyMs: 0, forMs: 10_000 },
  { everyMs: 10_000, forMs: 1_000_000 },
];

export interface WrittenJournal {
  readonly files: SimulatedJournalFiles;
  /** By epoch. */
  readonly states: ReadonlyMap<number, readonly Buffer[]>;
}

export function openToMaintain(
  files: SimulatedJournalFiles,
  {
    tiers = TIERS,
    lines = [],
  }: { readonly tiers?: readonly RetentionTier[]; readonly lines?: string[] } = {},
): Promise<JournalGroup> {
  const logger = createLogger({ program: 'test', write: (line) => lines.push(line) });
  const retention = { tiers, thinEveryMs: 0 };
  const sizes = { disks: DISKS, segmentBytes: 4000, reserveBytes: 0 };
  return openTestGroupOn(files, { ...sizes, create: true, logger, retention });
}

/** Closed, and nothing dropped yet. */
export async function writeJournal(seed: number, epochs = 45): Promise<WrittenJournal> {
  const random = seededRandom(seed);
  const files = new SimulatedJournalFiles(random);
  const group = await openToMaintain(files);
  const disks = DISKS.map(({ sizeBytes }) => Buffer.alloc(sizeBytes));
  const states = new Map<number, readonly Buffer[]>();
  for (let epoch = 1; epoch <= epochs; epoch += 1) {
    let count = 0;
    for (; count < 2; count += 1) await overwriteSome(group, disks, random);
    if (epoch % 7 === 0) {
      await group.putZeroes(0, 1000, 3000);
      disks[0]?.fill(0, 1000, 4000);
      count += 1;
    }
    await group.commit(testCommit(epoch, count));
    states.set(
      epoch,
      disks.map((disk) => Buffer.from(disk)),
    );
  }
  await group.close();
  return { files, states };
}

async function overwriteSome(group: JournalGroup, disks: readonly Buffer[], random: Random): Promise<void> {
  const diskIndex = random.integer(4) === 0 ? 1 : 0;
  const disk = disks[diskIndex] ?? Buffer.alloc(0);
  const offset = random.integer(4) * 400;
  const content = Buffer.alloc(300 + random.integer(200), random.bytes(8));
  content.copy(disk, offset);
  const { header, payload } = (random.integer(3) === 0 ? zstdExtent : rawExtent)(diskIndex, offset, content);
  await group.putExtent(header, payload);
}

/** Until nothing is to do; resolves to how often segments were replaced. */
export async function maintainFully(group: JournalGroup): Promise<number> {
  let replaced = 0;
  for (let steps = 0; steps < 10_000; steps += 1) {
    const { did, hasMore } = await group.maintain();
    if (did === 'REPLACED') replaced += 1;
    if (!hasMore) return replaced;
  }
  throw new Error('maintenance never ends');
}

/** A power cut while something superfluous is removed is not told to anybody. */
export async function hasPower(files: SimulatedJournalFiles): Promise<boolean> {
  return files.list('').then(
    () => true,
    () => false,
  );
}

/** Every listed point reads as it was. */
export async function checkListed(
  group: JournalGroup,
  states: ReadonlyMap<number, readonly Buffer[]>,
): Promise<void> {
  for (const { epoch } of group.recoveryPoints()) {
    for (const [index, expected] of (states.get(epoch) ?? []).entries()) {
      const found = await readDisk(group, epoch, index);
      assert.ok(found.equals(expected), `J3: disk ${index} at epoch ${epoch} differs`);
    }
  }
}

/** What the journal lists after thinning `epochs` of `writeJournal`. */
export function keptEpochs(epochs: number): readonly number[] {
  const cutMs = (epoch: number) => testCommit(epoch, 0).cutTimeMs;
  const isFirst = (epoch: number) =>
    epoch === 1 || Math.floor(cutMs(epoch) / 10_000) > Math.floor(cutMs(epoch - 1) / 10_000);
  const all = Array.from({ length: epochs }, (_, index) => index + 1);
  const lastWhole = Math.floor((cutMs(epochs) - 10_000) / 10_000) * 10_000;
  return all.filter((epoch) => cutMs(epoch) >= lastWhole || isFirst(epoch));
}
