/**
 * Random histories of a journal that is thinned and compacted while it is written, against a plain model in
 * memory: tiers, pins, locks, views held open, other disks, crashes at any write, failing syncs, a full disk.
 * Whatever happened: every listed point reads exactly as it was (J3), a point that is not listed is refused,
 * and points go only as the policy says. The disks are tiny, so that many histories run.
 */
import assert from 'node:assert/strict';
import { OperationError, type Random, seededRandom, silentLogger } from '@landfall/runtime';
import type { JournalDisk } from '../documents/manifest.ts';
import { rawExtent, zstdExtent } from '../extents.testing.ts';
import type { JournalGroup } from '../group/journal-group.ts';
import { pointsOfParts, sumOfParts } from '../space/space-sum.testing.ts';
import { SimulatedJournalFiles } from '../storage/simulated-journal-files.ts';
import { openTestGroupOn } from '../test-storage.testing.ts';
import { type ModelPoint, RetentionModel, TIERS } from './retention-model.testing.ts';

const DISK_SIZES = [512, 700, 2048, 3000];
const DISKS_MAX = 4;
const OPERATIONS_MAX = 14;
const SESSIONS_MAX = 3;
const LOCK_MS = [1000, 3_600_000, 864_000_000];
const DAY_MS = 86_400_000;

export interface HistoryCounts {
  epochs: number;
  droppedPoints: number;
  replacedSegments: number;
  advancedBases: number;
  crashes: number;
  readPoints: number;
  measured: number;
  limited: number;
}

class History {
  readonly random: Random;
  readonly files: SimulatedJournalFiles;
  readonly model: RetentionModel;
  readonly counts: HistoryCounts;
  working: Buffer[];
  /** All of these disks is sent with the next epoch: nothing is known of what the journal has there. */
  readonly unknown = new Set<number>();
  resized = false;
  changing: readonly JournalDisk[] | undefined;

  constructor(seed: number, counts: HistoryCounts) {
    this.random = seededRandom(seed);
    this.files = new SimulatedJournalFiles(this.random);
    this.model = new RetentionModel(this.random);
    this.counts = counts;
    this.working = Array.from({ length: 1 + this.random.integer(2) }, () =>
      Buffer.alloc(pick(this.random, DISK_SIZES)),
    );
  }

  open(): Promise<JournalGroup> {
    const disks = this.working.map(({ length }, index) => ({ diskId: `disk-${index}`, sizeBytes: length }));
    return openTestGroupOn(this.files, {
      ...(this.resized ? {} : { disks }),
      ...{ logger: silentLogger, create: true, reserveBytes: 0, clock: this.model.clock },
      retention: { tiers: TIERS, thinEveryMs: 0, tableFactor: pick(this.random, [0, 2, 32]) },
      segmentBytes: pick(this.random, [300, 900, 3000]),
    });
  }
}

function pick<Value>(random: Random, values: readonly Value[]): Value {
  return values[random.integer(values.length)] as Value;
}

type Operation = (history: History, group: JournalGroup) => Promise<void>;

const writeEpoch: Operation = async (history, group) => {
  const { random, model, working, unknown } = history;
  if (model.lastEpoch === 0) for (const index of working.keys()) unknown.add(index);
  const puts: Promise<void>[] = [];
  for (const index of unknown) {
    const content = working[index] ?? Buffer.alloc(0);
    if (content.length === 0) continue;
    const { header, payload } = rawExtent(index, 0, content);
    puts.push(group.putExtent(header, payload));
  }
  for (let count = random.integer(4); count > 0; count -= 1) puts.push(putSomething(history, group));
  for (const put of await Promise.allSettled(puts)) if (put.status === 'rejected') throw put.reason;
  const epoch = group.lastEpoch + 1;
  const { timelineMs, ...clocks } = model.nextCut();
  const consistency = random.integer(5) === 0 ? 'SCANNED' : 'CRASH_CONSISTENT';
  const disks = working.map((disk) => Buffer.from(disk));
  const point: ModelPoint = { epoch, consistency, timelineMs, ...clocks, disks };
  model.tried = point;
  await group.commit({ epoch, consistency, extentCount: puts.length, ...clocks });
  model.acknowledge(point);
  unknown.clear();
  history.counts.epochs += 1;
};

async function putSomething({ random, working }: History, group: JournalGroup): Promise<void> {
  const [diskIndex, disk] = pick(
    random,
    [...working.entries()].filter(([, { length }]) => length > 0),
  );
  const offset = random.integer(disk.length);
  const length = Math.min(disk.length - offset, 1 + random.integer(pick(random, [10, 300, 4096, 4096])));
  const kind = random.integer(8);
  if (kind > 5) {
    disk.fill(0, offset, offset + length);
    return group.putZeroes(diskIndex, offset, length);
  }
  const content = Buffer.alloc(length, random.bytes(Math.min(length, 8)));
  content.copy(disk, offset);
  const { header, payload } = (kind === 1 ? zstdExtent : rawExtent)(diskIndex, offset, content);
  return group.putExtent(header, payload);
}

/** Several steps; after each, exactly what the policy keeps is listed. */
const maintain: Operation = async ({ model, random, counts }, group) => {
  for (let steps = 1 + random.integer(20); steps > 0; steps -= 1) {
    const kept = model.kept(group.locks);
    const drops = [...model.points.keys()].filter((epoch) => !kept.has(epoch));
    model.pendingDrops.push(drops);
    const { did, droppedPoints, hasMore } = await group.maintain();
    assert.equal(droppedPoints, drops.length, 'what should go went');
    for (const epoch of drops) model.points.delete(epoch);
    counts.droppedPoints += droppedPoints;
    model.pendingDrops = [];
    model.agreeWith(group);
    if (did === 'REPLACED') counts.replacedSegments += 1;
    if (did === 'ADVANCED') counts.advancedBases += 1;
    if (!hasMore) break;
  }
};

const pinOrUnpin: Operation = async ({ model, random }, group) => {
  const epoch = pick(random, [...model.points.keys()]);
  const name = `name ${random.integer(10)}`;
  const isPinned = model.pins.some((pin) => pin.startsWith(`${epoch} `));
  const others = model.pins.filter((pin) => !pin.startsWith(`${epoch} `));
  const unpins = isPinned && random.integer(3) > 0;
  const pins = unpins ? others : [...others, `${epoch} ${name}`];
  model.otherPins.push(JSON.stringify(pins));
  await (unpins ? group.unpin(epoch) : group.pin(epoch, name));
  model.pins = pins;
  model.otherPins = [];
};

const lock: Operation = async ({ model, random }, group) => {
  const epoch = pick(random, [...model.points.keys()]);
  const { wallMs, openMs } = model.clock;
  const forMs = pick(random, LOCK_MS);
  await group.lock(epoch, wallMs + forMs);
  model.locks.push({ epoch, untilMs: wallMs + forMs, untilOpenMs: openMs + forMs });
};

const passTime: Operation = async ({ model, random }) => {
  model.clock.pass(pick(random, [10, 5000, 7_200_000]));
  const event = random.integer(4);
  // The wall clock is set: far ahead, or back.
  if (event === 0) model.clock.wallMs += 400 * DAY_MS;
  if (event === 1) model.clock.wallMs = Math.max(DAY_MS, model.clock.wallMs - 30 * DAY_MS);
};

const holdView: Operation = async ({ model, random }, group) => {
  const point = pick(random, [...model.points.values()]);
  model.views.push({ point, view: await group.openView(point.epoch) });
};

const readAndCloseView: Operation = async (history) => {
  const { views } = history.model;
  const [held] = views.splice(history.random.integer(views.length), 1);
  if (held === undefined) return;
  for (const [index, expected] of held.point.disks.entries()) {
    const found = Buffer.alloc(expected.length);
    await held.view.disks[index]?.read(0, found);
    assert.ok(found.equals(expected), `J3: a view of ${held.point.epoch} changed while it was open`);
  }
  await held.view.close();
};

/** One disk gets another size, leaves, or joins; the first one stays. */
const changeDisks: Operation = async (history, group) => {
  const { random } = history;
  const wanted = group.disks.flatMap(({ diskId, sizeBytes }, index) => {
    const size = random.integer(3) === 0 ? pick(random, DISK_SIZES) : sizeBytes;
    return index > 0 && (size === 0 || random.integer(4) === 0) ? [] : [{ diskId, sizeBytes: size }];
  });
  if (random.integer(3) === 0 && group.disks.length < DISKS_MAX) {
    wanted.push({ diskId: `disk-${group.disks.length}`, sizeBytes: pick(random, DISK_SIZES) });
  }
  history.resized = true;
  history.changing = wanted;
  await finishChange(history, group);
};

/** A change that failed is made again before the next epoch. */
async function finishChange(history: History, group: JournalGroup): Promise<void> {
  if (history.changing !== undefined) await group.changeDisks(history.changing);
  history.changing = undefined;
  takeSizesOf(history, group);
}

/** The source's disks are as large as the journal expects them in the next epoch. */
function takeSizesOf(history: History, group: JournalGroup): void {
  const { newest } = history.model;
  history.working = group.disks.map(({ sizeBytes }, index) => {
    const disk = Buffer.alloc(sizeBytes);
    const before = newest?.disks[index];
    before?.copy(disk);
    if (before?.length !== sizeBytes) history.unknown.add(index);
    return disk;
  });
}

/** J5: everything is accounted for, and nothing twice. */
const measureSpace: Operation = async ({ files, counts }, group) => {
  // Behind whatever is sealed or rolled back in the background.
  await group.scrub(({ rewriteManifest }) => rewriteManifest('none'));
  const space = await group.space({ nowMs: 0, sliceRecords: 64 });
  assert.equal(space.totalBytes, await files.allocatedBytes(), 'J5: accounted is allocated');
  assert.equal(sumOfParts(space), space.totalBytes);
  assert.equal(pointsOfParts(space), group.recoveryPointCount);
  counts.measured += 1;
};

/** Later failures start again with another limit, or none. */
const limit: Operation = async ({ random, files }, group) => {
  const roomBytes = pick(random, [0, 500, 5000, Number.POSITIVE_INFINITY]);
  group.staging.limitTo((await files.allocatedBytes()) + roomBytes);
};

async function checkPoints({ model, random, counts }: History, group: JournalGroup): Promise<void> {
  for (const { epoch, disks } of model.points.values()) {
    const view = await group.openView(epoch);
    for (const [index, expected] of disks.entries()) {
      const found = Buffer.alloc(view.disks[index]?.sizeBytes ?? 0);
      await view.disks[index]?.read(0, found);
      assert.ok(found.equals(expected), `J3: disk ${index} at ${epoch} of ${model.lastEpoch} differs`);
    }
    await view.close();
    counts.readPoints += 1;
  }
  const missing = 1 + random.integer(model.lastEpoch + 1);
  if (model.points.has(missing)) return;
  await assert.rejects(group.openView(missing), (error) => codeOf(error) === 'RECOVERY_POINT_MISSING');
}

function codeOf(error: unknown): string | undefined {
  return error instanceof OperationError ? error.code : undefined;
}

function assertExpected(error: unknown): void {
  if (['JOURNAL_STORAGE_FAILED', 'STAGING_FULL', 'JOURNAL_LIMIT_REACHED'].includes(codeOf(error) ?? ''))
    return;
  if (error instanceof Error && error.name === 'PowerCut') return;
  throw error;
}

const writeEpochs: Operation = async (history, group) => {
  for (let left = 1 + history.random.integer(8); left > 0; left -= 1) await writeEpoch(history, group);
};

const OPERATIONS: readonly Operation[] = [
  ...[writeEpochs, writeEpochs, writeEpochs, writeEpochs, writeEpochs],
  ...[maintain, maintain, maintain, maintain, maintain],
  ...[pinOrUnpin, lock, passTime, holdView, readAndCloseView, changeDisks, measureSpace, limit],
];

/** After something failed: the next epoch starts from the newest one there is. */
async function startAgain(history: History, group: JournalGroup): Promise<void> {
  await group.abandon();
  history.model.agreeWith(group);
  await finishChange(history, group);
}

async function runOperations(history: History, group: JournalGroup): Promise<void> {
  const { random, files, model } = history;
  for (let left = random.integer(OPERATIONS_MAX); left > 0; left -= 1) {
    const operation = model.lastEpoch === 0 ? writeEpoch : pick(random, OPERATIONS);
    if (random.integer(12) === 0) files.failSync(random.integer(6));
    if (random.integer(12) === 0) files.setCapacity((await files.allocatedBytes()) + random.integer(4000));
    try {
      await operation(history, group);
      model.agreeOnNames(group);
    } catch (error) {
      assertExpected(error);
      if (codeOf(error) === 'JOURNAL_LIMIT_REACHED') history.counts.limited += 1;
      files.setCapacity(Number.POSITIVE_INFINITY);
      group.staging.limitTo(Number.POSITIVE_INFINITY);
      await startAgain(history, group).catch((failure: unknown) => {
        if (codeOf(failure) === undefined) throw failure;
        return startAgain(history, group);
      });
    }
    files.setCapacity(Number.POSITIVE_INFINITY);
  }
}

/** One run of the program: it ends by a power cut, by being killed, or by closing. */
async function runSession(history: History): Promise<void> {
  const { random, files, model } = history;
  if (random.integer(3) !== 0) files.cutPowerAfter(1 + random.integer(150));
  try {
    const group = await history.open();
    model.agreeWith(group);
    history.changing = undefined;
    takeSizesOf(history, group);
    await checkPoints(history, group);
    await runOperations(history, group);
    await checkPoints(history, group);
    if (random.integer(3) === 0) await group.close();
  } catch (error) {
    assertExpected(error);
    history.counts.crashes += 1;
  }
  model.views = [];
  files.setCapacity(Number.POSITIVE_INFINITY);
  if (random.integer(3) === 0) files.restartAfterKill();
  else files.restartAfterPowerCut();
  model.clock.restart(random);
}

export async function runRetentionHistory(seed: number, counts: HistoryCounts): Promise<void> {
  const history = new History(seed, counts);
  for (let sessions = 1 + history.random.integer(SESSIONS_MAX); sessions > 0; sessions -= 1) {
    await runSession(history);
  }
  const group = await history.open();
  history.model.agreeWith(group);
  await checkPoints(history, group);
  await group.close();
}

export function newCounts(): HistoryCounts {
  return {
    epochs: 0,
    droppedPoints: 0,
    replacedSegments: 0,
    advancedBases: 0,
    crashes: 0,
    readPoints: 0,
    measured: 0,
    limited: 0,
  };
}
