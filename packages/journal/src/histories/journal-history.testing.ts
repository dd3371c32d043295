/**
 * Random histories of epochs against a plain model in memory, on storage that loses power at any write, is
 * killed, fails a sync, or is full. Whatever happened, after opening again: every acknowledged epoch is there
 * and reads as the model says (J2, J3), an epoch that was not acknowledged is there as a whole or not at all
 * (J1), and dropped epochs harmed nothing (J4). Disks join, grow, shrink, leave and come back in between.
 */
import assert from 'node:assert/strict';
import { OperationError, type Random, seededRandom, silentLogger } from '@landfall/runtime';
import { CHUNK_BYTES } from '../base/base-table.ts';
import { rawExtent, readDisk, sha256, testCommit, zstdExtent } from '../extents.testing.ts';
import type { JournalGroup } from '../group/journal-group.ts';
import { SimulatedJournalFiles } from '../storage/simulated-journal-files.ts';
import { openTestGroupOn } from '../test-storage.testing.ts';

/** Small ones, so that many histories run; a few have more than one chunk. */
const DISK_SIZES = [
  512,
  3 * 1024,
  10_000,
  32 * 1024,
  64 * 1024,
  65_537,
  100 * 1024 + 512,
  CHUNK_BYTES + 96 * 1024,
];
const SESSIONS_MAX = 5;
const EPOCHS_MAX = 6;
const EXTENTS_MAX = 5;
const DISKS_MAX = 5;

/** What the disks should hold, as the source server knows it. */
class History {
  readonly random: Random;
  readonly files: SimulatedJournalFiles;
  readonly disks: readonly { readonly diskId: string; readonly sizeBytes: number }[];
  /** Content of every disk at each epoch that was acknowledged or tried. */
  readonly states = new Map<number, readonly Buffer[]>();
  /** The newest epoch that was acknowledged, or seen after a restart. */
  acknowledged = 0;
  closed = 0;
  working: Buffer[];
  /** The disks may not be what they were at the creation any more. */
  disksChanged = false;
  /** The next epoch is made by comparing, as after every change of the disks. */
  mustCompare = false;
  /** In this session, during the first sync. */
  compared = false;
  openCount = 0;
  attempts = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.files = new SimulatedJournalFiles(this.random);
    const count = 1 + this.random.integer(3);
    this.disks = Array.from({ length: count }, (_, index) => {
      const sizeBytes = DISK_SIZES[this.random.integer(DISK_SIZES.length)] ?? CHUNK_BYTES;
      return { diskId: `disk-${index}`, sizeBytes };
    });
    this.working = this.disks.map((disk) => Buffer.alloc(disk.sizeBytes));
  }

  open(): Promise<JournalGroup> {
    const segmentBytes = [2_000, 20_000, 1_000_000][this.random.integer(3)] ?? 20_000;
    return openTestGroupOn(this.files, {
      ...(this.disksChanged ? {} : { disks: this.disks }),
      logger: silentLogger,
      create: true,
      segmentBytes,
      reserveBytes: 0,
    });
  }

  /** As after an abandon: the next epoch starts from the newest one there is. */
  startFrom(lastEpoch: number): void {
    this.acknowledged = Math.max(this.acknowledged, lastEpoch);
    this.closed = lastEpoch;
    this.openCount = 0;
    this.compared = false;
    const isWiped = lastEpoch === 0 && this.random.integer(3) === 0;
    if (isWiped) this.working = this.working.map((disk) => Buffer.alloc(disk.length));
    const state = this.states.get(lastEpoch);
    if (state !== undefined) this.working = state.map((disk) => Buffer.from(disk));
  }

  /** The source's disks are as large as the journal expects them in the next epoch. */
  takeSizesOf(group: JournalGroup): void {
    this.mustCompare = this.disksChanged;
    this.working = group.disks.map(({ sizeBytes }, index) => {
      const resized = Buffer.alloc(sizeBytes);
      this.working[index]?.copy(resized);
      return resized;
    });
  }
}

async function putSomething(history: History, group: JournalGroup): Promise<void> {
  const { random } = history;
  const present = [...history.working.entries()].filter(([, disk]) => disk.length > 0);
  const [diskIndex, disk] = present[random.integer(present.length)] ?? [];
  assert.ok(disk !== undefined && diskIndex !== undefined);
  const offset = random.integer(disk.length);
  const lengthMax = [1, 512, 4096, 65_536][random.integer(4)] ?? 1;
  const length = Math.min(disk.length - offset, 1 + random.integer(lengthMax));
  const kind = random.integer(4);
  if (kind === 0) {
    disk.fill(0, offset, offset + length);
    await group.putZeroes(diskIndex, offset, length);
  } else {
    const seed = random.bytes(Math.min(length, 16));
    const content = Buffer.alloc(length, seed);
    content.copy(disk, offset);
    const extent = (kind === 1 ? zstdExtent : rawExtent)(diskIndex, offset, content);
    await group.putExtent(extent.header, extent.payload);
  }
  history.openCount += 1;
}

/** As a sender that knows nothing of the replica: compares hashes and sends what differs. */
async function putDifferences(history: History, group: JournalGroup): Promise<void> {
  history.compared = true;
  for (const [diskIndex, disk] of history.working.entries()) {
    if (disk.length === 0) continue;
    const chunks = Math.ceil(disk.length / CHUNK_BYTES);
    const hashes = await group.chunkHashes(diskIndex, 0, chunks);
    for (let chunk = 0; chunk < chunks; chunk += 1) {
      const content = disk.subarray(chunk * CHUNK_BYTES, (chunk + 1) * CHUNK_BYTES);
      const known = hashes.subarray(chunk * 32, chunk * 32 + 32);
      if (known.equals(sha256(content))) continue;
      const { header, payload } = rawExtent(diskIndex, chunk * CHUNK_BYTES, content);
      await group.putExtent(header, payload);
      history.openCount += 1;
    }
  }
}

/** Returns the commit's promise: the next epoch may be put before it settles. */
function commitEpoch(history: History, group: JournalGroup): Promise<void> {
  const epoch = history.closed + 1;
  history.attempts += 1;
  const cutMonotonicNs = BigInt(history.attempts);
  const commit = { ...testCommit(epoch, history.openCount), cutMonotonicNs };
  history.states.set(
    epoch,
    history.working.map((disk) => Buffer.from(disk)),
  );
  history.closed = epoch;
  history.openCount = 0;
  return group.commit(commit).then(() => {
    history.acknowledged = Math.max(history.acknowledged, epoch);
  });
}

async function checkEverything(history: History, group: JournalGroup): Promise<void> {
  const { lastEpoch } = group;
  assert.ok(
    lastEpoch >= history.acknowledged,
    `J2: ${history.acknowledged} was acknowledged, ${lastEpoch} is there`,
  );
  assert.ok(lastEpoch === 0 || history.states.has(lastEpoch), 'J1: no epoch comes from nowhere');
  for (let epoch = 1; epoch <= lastEpoch; epoch += 1) {
    for (const [diskIndex, expected] of (history.states.get(epoch) ?? []).entries()) {
      assert.equal(group.diskSizeAt(diskIndex, epoch), expected.length, `J3: size at epoch ${epoch}`);
      const found = await readDisk(group, epoch, diskIndex);
      assert.ok(found.equals(expected), `J3: disk ${diskIndex} at epoch ${epoch} of ${lastEpoch} differs`);
    }
  }
  assert.equal(group.recoveryPointCount, lastEpoch);
  if (lastEpoch > 0) await checkHashes(history, group, lastEpoch);
}

async function checkHashes(history: History, group: JournalGroup, lastEpoch: number): Promise<void> {
  for (const [diskIndex, expected] of (history.states.get(lastEpoch) ?? []).entries()) {
    const chunks = Math.ceil(expected.length / CHUNK_BYTES);
    if (group.disks[diskIndex]?.sizeBytes !== expected.length || chunks === 0) continue;
    const hashes = await group.chunkHashes(diskIndex, 0, chunks);
    for (let chunk = 0; chunk < chunks; chunk += 1) {
      const content = expected.subarray(chunk * CHUNK_BYTES, (chunk + 1) * CHUNK_BYTES);
      assert.deepEqual(hashes.subarray(chunk * 32, chunk * 32 + 32), sha256(content));
    }
    if (group.isEmpty(diskIndex)) assert.ok(expected.every((byte) => byte === 0));
  }
}

async function writeEpochs(history: History, group: JournalGroup): Promise<void> {
  const { random, files } = history;
  const outcomes: Promise<{ readonly failure?: unknown }>[] = [];
  try {
    for (let epochs = random.integer(EPOCHS_MAX + 1); epochs > 0; epochs -= 1) {
      if (random.integer(8) === 0) files.failSync(random.integer(8));
      for (let puts = random.integer(EXTENTS_MAX + 1); puts > 0; puts -= 1)
        await putSomething(history, group);
      if (history.closed === 0 || history.mustCompare) {
        await putDifferences(history, group);
        history.mustCompare = false;
      }
      if (history.closed > 0 && random.integer(6) === 0) {
        for (const outcome of outcomes.splice(0)) throwFailure(await outcome);
        await group.abandon();
        history.startFrom(group.lastEpoch);
        history.takeSizesOf(group);
        continue;
      }
      const outcome = commitEpoch(history, group).then(
        () => ({}),
        (failure: unknown) => ({ failure }),
      );
      outcomes.push(outcome);
      if (random.integer(2) === 0) throwFailure(await outcome);
    }
  } finally {
    for (const outcome of outcomes) assertExpected((await outcome).failure);
  }
}

function throwFailure(outcome: { readonly failure?: unknown }): void {
  if (outcome.failure !== undefined) throw outcome.failure;
}

/** The storage failed: it is tried again before anything else is written. A power cut goes on up. */
function assertStorageError(error: unknown): void {
  if (!(error instanceof OperationError)) throw error;
  assertExpected(error);
}

function assertExpected(error: unknown): void {
  if (error === undefined) return;
  if (error instanceof OperationError) {
    if (['JOURNAL_STORAGE_FAILED', 'STAGING_FULL'].includes(error.code)) return;
  }
  if (error instanceof Error && error.name === 'PowerCut') return;
  throw error;
}

/** Some disks get another size, leave, come back or join; at least one is left. */
async function changeSomeDisks(history: History, group: JournalGroup): Promise<void> {
  const { random } = history;
  const size = () => DISK_SIZES[random.integer(DISK_SIZES.length)] ?? CHUNK_BYTES;
  const wanted = group.disks.flatMap(({ diskId, sizeBytes }, index) => {
    const kind = random.integer(6);
    if (kind === 0) return [{ diskId, sizeBytes: size() }];
    const leaves = index > 0 && (sizeBytes === 0 || kind === 1);
    return leaves ? [] : [{ diskId, sizeBytes: sizeBytes || size() }];
  });
  const joins = random.integer(3) === 0 && group.disks.length < DISKS_MAX;
  if (joins) wanted.push({ diskId: `disk-${group.disks.length}`, sizeBytes: size() });
  history.disksChanged = true;
  await group.changeDisks(wanted);
  assert.deepEqual(
    group.disks.filter(({ sizeBytes }) => sizeBytes > 0),
    wanted,
  );
}

/** One run of the program: it ends by a power cut, by being killed, or by closing. */
async function runSession(history: History): Promise<void> {
  const { random, files } = history;
  if (random.integer(4) !== 0) files.cutPowerAfter(1 + random.integer(80));
  let powerLost = false;
  try {
    const group = await history.open();
    for (let attempts = 1 + random.integer(2); attempts > 0; attempts -= 1) {
      await checkEverything(history, group);
      history.startFrom(group.lastEpoch);
      if (group.lastEpoch > 0 && random.integer(3) === 0) {
        await changeSomeDisks(history, group).catch((error: unknown) => {
          assertStorageError(error);
          return changeSomeDisks(history, group);
        });
      }
      history.takeSizesOf(group);
      const full = random.integer(6) === 0;
      if (full) files.setCapacity((await files.allocatedBytes()) + random.integer(50_000));
      await writeEpochs(history, group).catch(assertExpected);
      files.setCapacity(Number.POSITIVE_INFINITY);
      await group.abandon();
    }
    if (random.integer(3) === 0) await group.close();
  } catch (error) {
    assertExpected(error);
    powerLost = true;
  }
  files.setCapacity(Number.POSITIVE_INFINITY);
  // Where the power would have been cut, the process may have been killed instead.
  if (random.integer(powerLost ? 4 : 2) === 0) files.restartAfterKill();
  else files.restartAfterPowerCut();
}

export async function runHistory(seed: number): Promise<void> {
  const history = new History(seed);
  for (let sessions = 1 + history.random.integer(SESSIONS_MAX); sessions > 0; sessions -= 1) {
    await runSession(history);
  }
  const group = await history.open();
  await checkEverything(history, group);
  await group.close();
}
