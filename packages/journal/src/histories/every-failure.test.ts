/**
 * One whole life of a journal — created, first copy, epochs over several segments, other disks, marks, an
 * abandoned epoch, thinning, compaction, closing — with one failure at each of its operations in turn: the
 * power goes, the process is killed, a sync fails, the disk is full. Nothing acknowledged is lost, an epoch
 * is there as a whole or not at all, and the journal goes on.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperationError, seededRandom, silentLogger } from '@landfall/runtime';
import { maintainFully } from '../compaction/compacted-journal.testing.ts';
import { rawExtent, readDisk, testCommit, zstdExtent } from '../extents.testing.ts';
import type { JournalGroup } from '../group/journal-group.ts';
import { SimulatedJournalFiles } from '../storage/simulated-journal-files.ts';
import { isEncryptedRun, openTestGroupOn } from '../test-storage.testing.ts';

const DISKS = [
  { diskId: 'disk-0', sizeBytes: 9000 },
  { diskId: 'disk-1', sizeBytes: 4096 },
];
const MORE_DISKS = [
  { diskId: 'disk-0', sizeBytes: 12_000 },
  { diskId: 'disk-1', sizeBytes: 4096 },
  { diskId: 'disk-2', sizeBytes: 3000 },
];
/** The newest three points, then one of ten seconds; cuts are one second apart. */
const TIERS = [
  { everyMs: 0, forMs: 3000 },
  { everyMs: 10_000, forMs: 1_000_000 },
];
const PINNED = 2;
const UNHARMED_MAX = 12;
const FULL_STEP_BYTES = 997;
const OPERATIONS_MIN = isEncryptedRun ? 150 : 120;

class Life {
  readonly files = new SimulatedJournalFiles(seededRandom(5));
  readonly random = seededRandom(6);
  /** By epoch, of all that were tried. */
  readonly states = new Map<number, readonly Buffer[]>();
  acknowledged = 0;
  pinned = false;
  disks: readonly Buffer[] = DISKS.map(({ sizeBytes }) => Buffer.alloc(sizeBytes));
  /** While it may be used. */
  group: JournalGroup | undefined;

  open(): Promise<JournalGroup> {
    // A journal that has other disks by now says which.
    const isNew = !this.files.paths().includes('group.json');
    const settings = { segmentBytes: 4000, reserveBytes: 0, retention: { tiers: TIERS, thinEveryMs: 0 } };
    const disks = isNew ? { disks: DISKS } : {};
    return openTestGroupOn(this.files, { ...settings, ...disks, create: true, logger: silentLogger });
  }

  /** All of it; throws at the first failure. */
  async live(): Promise<void> {
    this.group = await this.open();
    const { group } = this;
    await this.#putEverything(group);
    await this.#commit(group, this.disks.length);
    for (let count = 0; count < 4; count += 1) await this.#putEpoch(group);
    await group.pin(PINNED, 'kept');
    this.pinned = true;
    await this.#abandonOne(group);
    await group.changeDisks(MORE_DISKS);
    this.disks = MORE_DISKS.map(({ sizeBytes }, index) => {
      const disk = Buffer.alloc(sizeBytes);
      this.disks[index]?.copy(disk);
      return disk;
    });
    await this.#putEverything(group);
    await this.#commit(group, this.disks.length);
    for (let count = 0; count < 6; count += 1) await this.#putEpoch(group);
    await maintainFully(group);
    await this.#putEpoch(group);
    this.group = undefined;
    await group.close();
  }

  /** What must hold whatever happened, and that it goes on. */
  async check(group: JournalGroup, what: string): Promise<void> {
    const { acknowledged } = this;
    assert.ok(group.lastEpoch >= acknowledged, `${what}: J2: ${acknowledged} was acknowledged`);
    assert.ok(group.lastEpoch === 0 || this.states.has(group.lastEpoch), `${what}: J1`);
    for (const { epoch } of group.recoveryPoints()) {
      for (const [index, expected] of (this.states.get(epoch) ?? []).entries()) {
        const found = await readDisk(group, epoch, index);
        assert.ok(found.equals(expected), `${what}: J3: disk ${index} at epoch ${epoch} differs`);
      }
    }
    const isKept = group.recoveryPoint(PINNED) !== undefined;
    assert.ok(!this.pinned || isKept, `${what}: the pinned point is gone`);
    if (acknowledged > 0) assert.ok(group.newestPoint !== undefined, `${what}: a last good point is there`);
  }

  /** Begins anew from what is there, as a sender that compares everything would. */
  async goOn(group: JournalGroup): Promise<void> {
    this.disks = group.disks.map(({ sizeBytes }, index) => {
      const disk = Buffer.alloc(sizeBytes);
      const before = this.states.get(group.lastEpoch)?.[index];
      before?.copy(disk);
      return disk;
    });
    await this.#putEverything(group);
    await this.#commit(group, this.disks.length);
    await this.#putEpoch(group);
    await maintainFully(group);
  }

  async #putEverything(group: JournalGroup): Promise<void> {
    for (const [index, disk] of this.disks.entries()) {
      disk.write(`written by ${this.states.size}`, 100);
      const { header, payload } = rawExtent(index, 0, disk);
      await group.putExtent(header, payload);
    }
  }

  async #putEpoch(group: JournalGroup): Promise<void> {
    await this.#putSome(group);
    await this.#commit(group, 3);
  }

  async #putSome(group: JournalGroup): Promise<void> {
    const [first, second] = this.disks;
    assert.ok(first !== undefined && second !== undefined);
    const content = this.random.bytes(900);
    content.copy(first, 1500);
    const raw = rawExtent(0, 1500, content);
    await group.putExtent(raw.header, raw.payload);
    const text = Buffer.alloc(700, `epoch ${this.states.size}`);
    text.copy(second, 300);
    const zstd = zstdExtent(1, 300, text);
    await group.putExtent(zstd.header, zstd.payload);
    first.fill(0, 4000, 4600);
    await group.putZeroes(0, 4000, 600);
  }

  async #abandonOne(group: JournalGroup): Promise<void> {
    const before = this.disks.map((disk) => Buffer.from(disk));
    await this.#putSome(group);
    await group.abandon();
    this.disks = before;
  }

  async #commit(group: JournalGroup, extentCount: number): Promise<void> {
    const epoch = group.lastEpoch + 1;
    const state = this.disks.map((disk) => Buffer.from(disk));
    this.states.set(epoch, state);
    await group.commit(testCommit(epoch, extentCount));
    this.acknowledged = epoch;
  }
}

/** Whether the life ended without a failure; those of the storage are expected. */
async function livesOn(life: Life): Promise<boolean> {
  try {
    await life.live();
    return true;
  } catch (error) {
    const isExpected =
      error instanceof OperationError || (error instanceof Error && error.name === 'PowerCut');
    if (!isExpected) throw error;
    return false;
  }
}

/** The life of the program ends here; another one finds what is there. */
async function liveAgain(life: Life, what: string): Promise<void> {
  const group = await life.open();
  await life.check(group, what);
  await life.goOn(group);
  await life.check(group, `${what}, and gone on`);
  await group.close();
  const again = await life.open();
  await life.check(again, `${what}, gone on and opened again`);
  await again.close();
}

for (const [how, restart] of [
  ['the power goes', (files: SimulatedJournalFiles) => files.restartAfterPowerCut()],
  ['the process is killed', (files: SimulatedJournalFiles) => files.restartAfterKill()],
] as const) {
  test(`${how} at every operation of a whole life`, { timeout: 120_000 }, async () => {
    let operations = 0;
    for (let ended = false; !ended; operations += 1) {
      const life = new Life();
      life.files.cutPowerAfter(operations + 1);
      ended = (await livesOn(life)) && (await hasPower(life.files));
      restart(life.files);
      await liveAgain(life, `${how} at operation ${operations + 1}`);
    }
    assert.ok(operations > OPERATIONS_MIN, `${operations} operations`);
  });
}

/** A power cut while something superfluous is removed is not told to anybody. */
function hasPower(files: SimulatedJournalFiles): Promise<boolean> {
  return files.list('').then(
    () => true,
    () => false,
  );
}

test('each sync of a whole life fails once', { timeout: 120_000 }, async () => {
  let failed = 0;
  // Some may fail and do no harm; after so many in a row there are no more.
  for (let after = 0, unharmed = 0; unharmed < UNHARMED_MAX; after += 1) {
    const life = new Life();
    life.files.failSync(after);
    unharmed = (await livesOn(life)) ? unharmed + 1 : 0;
    if (unharmed > 0) continue;
    failed += 1;
    await recover(life, `sync ${after} failed`);
  }
  assert.ok(failed > OPERATIONS_MIN / 4, `${failed} syncs failed`);
});

test('the disk is full at every size a whole life passes through', { timeout: 120_000 }, async () => {
  let failed = 0;
  let capacityBytes = 0;
  for (let ended = false; !ended; capacityBytes += FULL_STEP_BYTES) {
    const life = new Life();
    life.files.setCapacity(capacityBytes);
    ended = await livesOn(life);
    if (ended) break;
    failed += 1;
    life.files.setCapacity(Number.POSITIVE_INFINITY);
    await recover(life, `the disk was full at ${capacityBytes} bytes`);
  }
  assert.ok(failed > 20, `${failed} times full`);
});

/** The same program goes on where it can; otherwise, as when it could not even be opened, another one. */
async function recover(life: Life, what: string): Promise<void> {
  const { group } = life;
  if (group !== undefined) {
    await group.abandon();
    await life.check(group, what);
    await group.close();
  }
  life.files.restartAfterKill();
  await liveAgain(life, what);
}
