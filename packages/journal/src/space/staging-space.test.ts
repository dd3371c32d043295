import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperationError, seededRandom } from '@landfall/runtime';
import fc from 'fast-check';
import { maintainFully, openToMaintain, writeJournal } from '../compaction/compacted-journal.testing.ts';
import { putEpoch, rawExtent, readDisk } from '../extents.testing.ts';
import { SimulatedJournalFiles } from '../storage/simulated-journal-files.ts';
import { StagingSpace } from './staging-space.ts';

const isLimit = (error: unknown) => error instanceof OperationError && error.code === 'JOURNAL_LIMIT_REACHED';

test('what is taken never passes the limit, and everything that fits is given', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 900 }), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.integer({ min: 0, max: 8000 }), async (takes, limitBytes) => {
      const files = new SimulatedJournalFiles(seededRandom(1));
      const file = await files.create('written');
      const space = new StagingSpace(files, 0);
      space.limitTo(limitBytes);
      let used = 0;
      for (const bytes of takes) {
        const fits = used + bytes <= limitBytes;
        const taken = await space.take(bytes).then(
          () => true,
          (error: unknown) => {
            if (isLimit(error)) return false;
            throw error;
          },
        );
        assert.equal(taken, fits, `${bytes} of ${limitBytes} after ${used}`);
        if (!taken) continue;
        await file.write(used, [Buffer.alloc(bytes, 1)]);
        used += bytes;
      }
      assert.ok(used <= limitBytes);
    }),
  );
});

test('at its limit a journal refuses with what to do, keeps every point, and goes on when it is raised', async () => {
  const { files, states } = await writeJournal(3);
  const group = await openToMaintain(files);
  group.staging.limitTo((await files.allocatedBytes()) + 400);
  const { header, payload } = rawExtent(0, 0, Buffer.alloc(350, 'x'));
  await assert.rejects(group.putExtent(header, payload), (error: unknown) => {
    assert.ok(isLimit(error) && error instanceof OperationError);
    assert.match(error.hint ?? '', /raise the limit.*unpin points, shorten tiers/);
    return !error.retryable;
  });
  await group.abandon();
  assert.equal(group.recoveryPointCount, 45);
  assert.ok((await readDisk(group, 45, 0)).equals(states.get(45)?.[0] ?? Buffer.alloc(0)));
  group.staging.limitTo(Number.POSITIVE_INFINITY);
  assert.equal(await putEpoch(group, [{ header, payload }]), 46);
  await group.close();
});

test('a journal below its limit again goes on by itself: compaction is not limited', async () => {
  const { files } = await writeJournal(4);
  const group = await openToMaintain(files);
  group.staging.limitTo(await files.allocatedBytes());
  const extent = rawExtent(0, 0, Buffer.alloc(350, 'x'));
  await assert.rejects(putEpoch(group, [extent]), isLimit);
  await group.abandon();
  assert.ok((await maintainFully(group)) > 0);
  assert.equal(await putEpoch(group, [extent]), 46);
  await group.close();
});
