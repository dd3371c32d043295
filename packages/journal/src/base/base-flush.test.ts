import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MIB, seededRandom, silentLogger } from '@landfall/runtime';
import { rawExtent, readDisk, sha256, testCommit } from '../extents.testing.ts';
import { SimulatedJournalFiles } from '../storage/simulated-journal-files.ts';
import { openTestGroupOn } from '../test-storage.testing.ts';

const NOTHING = Buffer.alloc(32);

test('after a flush that failed nobody is told that the base has what was written before it', async () => {
  const files = new SimulatedJournalFiles(seededRandom(1));
  const disks = [{ diskId: 'disk-0', sizeBytes: 4 * MIB }];
  const options = { disks, logger: silentLogger, create: true, reserveBytes: 0 };
  const group = await openTestGroupOn(files, options);
  const contents = [0, 1].map((chunk) => Buffer.alloc(MIB, `chunk ${chunk}`));
  const put = async (chunk: number, from = 0) => {
    const content = contents[chunk]?.subarray(from) ?? Buffer.alloc(0);
    const { header, payload } = rawExtent(0, chunk * MIB + from, content);
    await group.putExtent(header, payload);
  };
  await put(0);
  await put(1);
  const [first, second] = contents.map(sha256);
  assert.deepEqual(await group.chunkHashes(0, 0, 2), Buffer.concat([first ?? NOTHING, second ?? NOTHING]));

  files.failSync();
  await assert.rejects(group.commit(testCommit(1, 2)), { code: 'JOURNAL_STORAGE_FAILED' });
  await group.abandon();
  assert.deepEqual(await group.chunkHashes(0, 0, 2), Buffer.concat([NOTHING, NOTHING]));
  assert.deepEqual(await group.chunkHashes(0, 2, 1), sha256(Buffer.alloc(MIB)), 'it was never written');

  await put(0);
  await put(1, 1000);
  assert.deepEqual(await group.chunkHashes(0, 0, 2), Buffer.concat([first ?? NOTHING, second ?? NOTHING]));
  await group.commit(testCommit(1, 2));
  assert.ok((await readDisk(group, 1, 0)).equals(Buffer.concat([...contents, Buffer.alloc(2 * MIB)])));
  await group.close();
});
