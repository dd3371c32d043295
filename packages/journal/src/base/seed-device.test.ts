import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { MIB, seededRandom, silentLogger } from '@landfall/runtime';
import { putEpoch, rawExtent } from '../extents.testing.ts';
import { openJournalGroupOn } from '../group/open-journal-group.ts';
import type { JournalFile } from '../storage/journal-files.ts';
import { SimulatedJournalFiles } from '../storage/simulated-journal-files.ts';
import { openTestGroupOn } from '../test-storage.testing.ts';
import { checkSeedable, SeedDevice } from './seed-device.ts';

const SIZE_BYTES = 3 * MIB + 512;
const DISKS = [{ diskId: 'disk-0', sizeBytes: SIZE_BYTES }];
const SETTINGS = { disks: DISKS, logger: silentLogger, create: true, reserveBytes: 0 };

function hashesOf(content: Buffer): Buffer {
  const chunks = [0, 1, 2, 3].map((chunk) => content.subarray(chunk * MIB, (chunk + 1) * MIB));
  return Buffer.concat(chunks.map((chunk) => createHash('sha256').update(chunk).digest()));
}

for (let seed = 1; seed <= 4; seed += 1) {
  test(`writes and zeroes in any order leave what a disk would have, also when opened again (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const files = new SimulatedJournalFiles(random);
    const group = await openTestGroupOn(files, SETTINGS);
    const device = new SeedDevice(group, 0);
    const model = Buffer.alloc(SIZE_BYTES);
    for (let count = 12; count > 0; count -= 1) {
      const lengthBytes = 1 + random.integer(MIB + MIB / 2);
      const offsetBytes = random.integer(SIZE_BYTES - lengthBytes);
      if (random.integer(3) === 0) {
        model.fill(0, offsetBytes, offsetBytes + lengthBytes);
        await device.writeZeroes(offsetBytes, lengthBytes);
      } else {
        const content = random.bytes(lengthBytes);
        content.copy(model, offsetBytes);
        await device.write(offsetBytes, content);
        content.fill(0xff); // Its owner may do with it what it likes.
      }
    }
    await device.flush();
    assert.ok((await group.chunkHashes(0, 0, 4)).equals(hashesOf(model)));
    await group.close();
    const again = await openTestGroupOn(files, SETTINGS);
    assert.equal(again.lastEpoch, 0);
    assert.ok((await again.chunkHashes(0, 0, 4)).equals(hashesOf(model)));
    await again.close();
  });
}

/** Storage that fails to write the base, some time after it was asked to. */
class FailingBaseFiles extends SimulatedJournalFiles {
  override async open(path: string): Promise<JournalFile> {
    const file = await super.open(path);
    if (path !== 'disk-0/base') return file;
    return {
      sizeBytes: () => file.sizeBytes(),
      read: (position, target) => file.read(position, target),
      readParts: (position, parts) => file.readParts(position, parts),
      write: async () => {
        for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
        throw Object.assign(new Error('the storage failed'), { code: 'EIO' });
      },
      truncate: (sizeBytes) => file.truncate(sizeBytes),
      sync: () => file.sync(),
      close: () => file.close(),
    };
  }
}

test('a write that fails when it was already taken is told by the flush', async () => {
  const group = await openJournalGroupOn(new FailingBaseFiles(seededRandom(1)), SETTINGS);
  const device = new SeedDevice(group, 0);
  await device.write(0, Buffer.alloc(4096, 1));
  await assert.rejects(device.flush(), { code: 'JOURNAL_STORAGE_FAILED' });
  assert.equal((device.failure as { code?: string } | undefined)?.code, 'JOURNAL_STORAGE_FAILED');
  await group.close();
});

test('a full disk is told, at the latest when everything is to be written', async () => {
  const files = new SimulatedJournalFiles(seededRandom(1));
  const group = await openTestGroupOn(files, SETTINGS);
  const device = new SeedDevice(group, 0);
  files.setCapacity(MIB);
  const content = seededRandom(2).bytes(SIZE_BYTES);
  const filling = async () => {
    await device.write(0, content);
    await device.flush();
  };
  await assert.rejects(filling(), { code: 'STAGING_FULL' });
  await assert.rejects(device.flush(), { code: 'STAGING_FULL' }, 'and again: it is not forgotten');
  files.setCapacity(Number.POSITIVE_INFINITY);
  await group.close();
});

test('a disk with a recovery point is not seeded', async () => {
  const group = await openTestGroupOn(new SimulatedJournalFiles(seededRandom(1)), SETTINGS);
  checkSeedable(group, 's-1');
  await putEpoch(group, [rawExtent(0, 0, Buffer.alloc(512, 1))]);
  assert.throws(() => checkSeedable(group, 's-1'), { code: 'SEED_TOO_LATE' });
  await group.close();
});
