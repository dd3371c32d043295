/** A disk that is added to a server with recovery points: copied beside its epochs, then part of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Conversation } from '../testing/conversation.testing.ts';

const BLOCK = 4096;

function fill(conversation: Conversation, blocks: number): void {
  for (let block = 0; block < blocks; block += 1) conversation.source.write(0, block, block + 2);
}

test('an added disk is copied beside the points of the others, and then joins with a new greeting', async () => {
  const conversation = new Conversation({ blockCounts: [256, 4096], sender: { epochIntervalMs: 5 } });
  const { source } = conversation;
  fill(conversation, 100);
  conversation.start();
  await conversation.until(() => conversation.store.lastEpoch === 1);
  source.joiningDisks = [1];
  for (let block = 0; block < 4096; block += 1) source.write(1, block, block * 5 + 1);
  let pointsBefore = 0;
  while (source.joiningDisks.length > 0) {
    source.write(0, pointsBefore % 256, 7000 + pointsBefore);
    const left = source.dirtyBytes(1);
    const point = await conversation.settle(conversation.sender.takeRecoveryPoint());
    if (source.joiningDisks.length === 0) break;
    const stored = conversation.store.epochs[point.epoch - 1];
    assert.deepEqual(stored?.disks[0], source.truth.get(stored?.commit.cutMonotonicNs ?? 0n)?.[0]);
    assert.ok(source.dirtyBytes(1) < left, 'the copy goes on meanwhile');
    pointsBefore += 1;
  }
  assert.ok(pointsBefore >= 5, `${pointsBefore} points came while the disk was copied`);
  await conversation.until(() => conversation.connections === 2);
  source.write(1, 17, 99);
  const joined = await conversation.settle(conversation.sender.takeRecoveryPoint());
  assert.deepEqual(conversation.store.epochs[joined.epoch - 1]?.disks, source.stamps);
  assert.equal(conversation.sender.status().state, 'CONTINUOUS');
  await conversation.end();
});

test('C6: an agent that begins again while a disk is copied goes on with the copy, without comparing', async () => {
  const conversation = new Conversation({ blockCounts: [256, 8192], sender: { epochIntervalMs: 5 } });
  const { source } = conversation;
  fill(conversation, 100);
  conversation.start();
  await conversation.until(() => conversation.store.lastEpoch === 1);
  source.joiningDisks = [1];
  for (let block = 0; block < 8192; block += 1) source.write(1, block, block * 5 + 1);
  await conversation.until(() => source.dirtyBytes(1) < 1000 * BLOCK);
  const debt = conversation.sender.debt();
  assert.ok(debt !== undefined && source.joiningDisks.length > 0, 'the copy is under way');
  const { journalId, lastEpoch } = debt;
  const uncertain = [...debt.taken];
  await conversation.end();
  const handedOverAtTheEnd = [...(conversation.sender.debt()?.taken ?? [])];
  for (const { diskIndex, ...extent } of [...uncertain, ...handedOverAtTheEnd]) {
    source.markDirty(diskIndex, extent);
  }
  const leftBytes = source.dirtyBytes(0) + source.dirtyBytes(1);
  const again = conversation.createSender({ previous: { journalId, lastEpoch }, epochIntervalMs: 5 });
  const stop = new AbortController();
  const running = again.run(stop.signal);
  await conversation.until(() => source.joiningDisks.length === 0);
  source.write(1, 17, 99);
  await conversation.settle(again.takeRecoveryPoint());
  assert.deepEqual(conversation.store.epochs.at(-1)?.disks, source.stamps);
  const { bytesRead } = again.status();
  assert.ok(bytesRead >= 32 * BLOCK && leftBytes < 4000 * BLOCK, `${leftBytes} bytes are left of the copy`);
  assert.ok(bytesRead < 6000 * BLOCK, `${bytesRead} bytes read, not all of the disks`);
  stop.abort();
  await conversation.settle(running);
});

test('before the first point there is nothing to keep waiting: an added disk is copied with the rest', async () => {
  const conversation = new Conversation({ blockCounts: [64, 64] });
  conversation.source.joiningDisks = [1];
  conversation.source.write(1, 3, 5);
  conversation.start();
  await conversation.until(() => conversation.store.lastEpoch === 1);
  assert.deepEqual(conversation.source.joiningDisks, []);
  assert.deepEqual(conversation.store.epochs[0]?.disks, conversation.source.stamps);
  await conversation.end();
});
