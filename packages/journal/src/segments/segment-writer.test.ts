import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MIB, seededRandom } from '@landfall/runtime';
import { rawExtent, testCommit } from '../extents.testing.ts';
import { SimulatedJournalFiles } from '../storage/simulated-journal-files.ts';
import { participantsOf } from './segment-records.ts';
import { SegmentWriter } from './segment-writer.ts';

const NAME = { journalId: Buffer.alloc(16, 7), diskIndex: 0, segmentNumber: 1 };
/** More than an open epoch may have in the page cache. */
const LARGE_EPOCH_MIB = 70;
const PAYLOAD = Buffer.alloc(MIB, 'x');

async function putMebibytes(writer: SegmentWriter, epoch: number, count: number): Promise<void> {
  const { header } = rawExtent(0, 0, PAYLOAD);
  for (let put = 0; put < count; put += 1) await writer.appendExtent({ header, payload: PAYLOAD }, epoch);
}

async function close(writer: SegmentWriter, epoch: number, extentCount: number): Promise<void> {
  const commit = { ...testCommit(epoch, extentCount), durableEpoch: 0, participants: participantsOf([0]) };
  await writer.appendCommit(commit);
  writer.acceptCommit(commit);
}

test('a large epoch is written by the storage while it is still open', async () => {
  const files = new SimulatedJournalFiles(seededRandom(1));
  const writer = await SegmentWriter.create(files, NAME);
  files.failSync();
  await assert.rejects(putMebibytes(writer, 2, LARGE_EPOCH_MIB), { code: 'EIO' });
});

test('a flush that fails while an epoch is open fails the closed one before it too (J2)', async () => {
  const files = new SimulatedJournalFiles(seededRandom(1));
  const writer = await SegmentWriter.create(files, NAME);
  await putMebibytes(writer, 2, 1);
  await close(writer, 2, 1);
  files.failSync();
  await assert.rejects(putMebibytes(writer, 3, LARGE_EPOCH_MIB), { code: 'EIO' });
  await assert.rejects(writer.rollBack(), { code: 'EIO' });
  await assert.rejects(writer.sync(), { code: 'EIO' }, 'what the flush was for is not known to be durable');
  writer.reopenUndurable(0);
  await writer.rollBack();
  assert.equal(writer.committedBytes, writer.durableBytes);
  await putMebibytes(writer, 2, 1);
  await close(writer, 2, 1);
  await writer.sync();
  assert.equal(writer.durableBytes, writer.endBytes);
  await writer.close();
});
