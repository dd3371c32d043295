/**
 * What a killed program left behind the last epoch: it is cut off while the journal is open already, and
 * nothing new is acknowledged before that is durable.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger, MIB, seededRandom, silentLogger } from '@landfall/runtime';
import { putEpoch, rawExtent, readDisk, testCommit } from '../extents.testing.ts';
import type { JournalFile } from '../storage/journal-files.ts';
import { SimulatedJournalFiles } from '../storage/simulated-journal-files.ts';
import { openTestGroupOn } from '../test-storage.testing.ts';
import type { JournalGroup } from './journal-group.ts';
import type { JournalGroupSettings } from './open-journal-group.ts';

const DISK_BYTES = 8000;
const LARGE_DISK_BYTES = 3 * MIB;
const SEEDS = 30;
const OPERATIONS_MAX = 4;
const SYNCS_MAX = 4;
const SEGMENT = 'disk-0/segments/0001';

function openWith(
  files: SimulatedJournalFiles,
  sizeBytes: number,
  settings: Partial<JournalGroupSettings> = {},
): Promise<JournalGroup> {
  const disks = ['disk-0', 'disk-1'].map((diskId) => ({ diskId, sizeBytes }));
  const defaults = { disks, logger: silentLogger, create: true, reserveBytes: 0 };
  return openTestGroupOn(files, { ...defaults, ...settings });
}

/** A journal of two epochs whose program is killed in the third. */
async function leaveTail(files: SimulatedJournalFiles): Promise<void> {
  const group = await openWith(files, LARGE_DISK_BYTES);
  await putEpoch(group, []);
  await putEpoch(group, [rawExtent(0, 0, Buffer.alloc(1000, 'kept'))]);
  const { header, payload } = rawExtent(0, 0, Buffer.alloc(2 * MIB, 'torn'));
  await group.putExtent(header, payload);
  await group.putExtent(header, payload); // When this has resolved, the one before it is written.
  files.restartAfterKill();
}

/** Files whose truncation waits for a word. */
class SlowFiles extends SimulatedJournalFiles {
  goOn: () => void = () => undefined;
  readonly #gate = new Promise<void>((resolve) => {
    this.goOn = resolve;
  });

  override async open(path: string): Promise<JournalFile> {
    const file = await super.open(path);
    const truncate = async (sizeBytes: number) => {
      await this.#gate;
      await file.truncate(sizeBytes);
    };
    return { ...file, truncate };
  }
}

test('a torn tail is cut off and said so', async () => {
  const files = new SimulatedJournalFiles(seededRandom(1));
  await leaveTail(files);
  const tornBytes = files.content(SEGMENT).length;
  const lines: string[] = [];
  const logger = createLogger({ program: 'test', write: (line) => lines.push(line) });
  const group = await openWith(files, LARGE_DISK_BYTES, { logger });
  assert.equal(group.lastEpoch, 2);
  assert.ok(lines.some((line) => line.includes('journal-torn-tail-cut') && line.includes(SEGMENT)));
  await putEpoch(group, [rawExtent(1, 0, Buffer.alloc(1000, 'new'))]);
  assert.ok(files.content(SEGMENT).length < tornBytes - MIB);
  await group.close();
});

test('a journal is read before its tail is gone, and written afterwards', async () => {
  const files = new SlowFiles(seededRandom(1));
  await leaveTail(files);
  const tornBytes = files.content(SEGMENT).length;
  const group = await openWith(files, LARGE_DISK_BYTES);
  assert.equal((await readDisk(group, 2, 0)).toString('utf8', 0, 8), 'keptkept');
  let isAcknowledged = false;
  const acknowledged = putEpoch(group, [rawExtent(1, 0, Buffer.alloc(1000, 'new'))]).then(() => {
    isAcknowledged = true;
  });
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
  assert.ok(!isAcknowledged && files.content(SEGMENT).length === tornBytes);
  files.goOn();
  await acknowledged;
  assert.ok(files.content(SEGMENT).length < tornBytes - MIB);
  await group.close();
});

/** The third epoch, on both disks, ends with the program, at one of its operations. */
async function killInThirdEpoch(files: SimulatedJournalFiles, operation: number): Promise<void> {
  const group = await openWith(files, DISK_BYTES);
  await putEpoch(group, []);
  const extents = [0, 1].map((disk) => rawExtent(disk, 0, Buffer.alloc(1000, `before on ${disk}`)));
  await putEpoch(group, extents);
  files.cutPowerAfter(operation);
  const commit = { ...testCommit(3, 2), cutTimeMs: testCommit(3, 2).cutTimeMs - 500 };
  for (const { header, payload } of extents) await group.putExtent(header, payload);
  await Promise.allSettled([group.commit(commit)]);
  files.restartAfterKill();
}

/** As a sender does: what fails is given up, and sent again. */
async function putInSpite(group: JournalGroup, content: Buffer): Promise<void> {
  const { header, payload } = rawExtent(1, 0, content);
  for (let attempt = 1; ; attempt += 1) {
    try {
      await group.abandon();
      await group.putExtent(header, payload);
      return await group.commit(testCommit(group.lastEpoch + 1, 1));
    } catch (error) {
      if (attempt === 4) throw error;
    }
  }
}

test('whichever sync of a cut fails, an epoch of one disk is never mixed up with what another one had', async () => {
  let epochsAgain = 0;
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    for (let operation = 1; operation <= OPERATIONS_MAX; operation += 1) {
      for (let sync = 0; sync <= SYNCS_MAX; sync += 1) {
        const files = new SimulatedJournalFiles(seededRandom(seed));
        await killInThirdEpoch(files, operation);
        const group = await openWith(files, DISK_BYTES);
        files.failSync(sync);
        const content = Buffer.alloc(1000, `epoch after ${group.lastEpoch}`);
        if (group.lastEpoch === 2) epochsAgain += 1;
        await putInSpite(group, content);
        const acknowledged = group.lastEpoch;
        files.restartAfterPowerCut();
        const again = await openWith(files, DISK_BYTES);
        const what = `seed ${seed}, operation ${operation}, sync ${sync}`;
        assert.ok(again.lastEpoch >= acknowledged, `${what}: J2: ${again.lastEpoch} of ${acknowledged}`);
        const found = (await readDisk(again, acknowledged, 1)).subarray(0, 1000);
        assert.ok(found.equals(content), `${what}: J3`);
        await again.close();
      }
    }
  }
  assert.ok(epochsAgain > SEEDS, `${epochsAgain} epochs were written a second time`);
});
