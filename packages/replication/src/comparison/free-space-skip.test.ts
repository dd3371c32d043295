import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '@landfall/runtime';
import { Conversation } from '../testing/conversation.testing.ts';
import { BLOCK_BYTES } from '../testing/stamped-disk.testing.ts';

const CHUNK_BLOCKS = 256;
const BLOCK_COUNTS = [4 * CHUNK_BLOCKS, CHUNK_BLOCKS];

function fullConversation(): Conversation {
  const conversation = new Conversation({ blockCounts: BLOCK_COUNTS });
  BLOCK_COUNTS.forEach((count, diskIndex) => {
    for (let block = 0; block < count; block += 1) conversation.source.write(diskIndex, block, block + 1);
  });
  return conversation;
}

function leftOutOf(conversation: Conversation): number {
  return conversation.source.leftOut.flatMap((flags) => [...flags]).filter((flag) => flag === 1).length;
}

test('on an empty replica free blocks are not read, and count as replicated', async () => {
  const conversation = fullConversation();
  const { source, sender, store } = conversation;
  source.free = [{ diskIndex: 0, first: 300, count: 700 }];
  conversation.start();
  await conversation.until(() => sender.status().state === 'CONTINUOUS');
  assert.ok(leftOutOf(conversation) > 500, `${leftOutOf(conversation)} blocks were left out`);
  const [disk, other] = sender.status().disks;
  assert.equal(disk?.replicatedStorageBytes, 4 * CHUNK_BLOCKS * BLOCK_BYTES);
  assert.equal(other?.replicatedStorageBytes, CHUNK_BLOCKS * BLOCK_BYTES);
  assert.equal(sender.status().bytesRead, (5 * CHUNK_BLOCKS - leftOutOf(conversation)) * BLOCK_BYTES);
  const replica = store.epochs.at(-1)?.disks[0];
  for (let block = 0; block < 4 * CHUNK_BLOCKS; block += 1) {
    const isLeftOut = source.leftOut[0]?.[block] === 1;
    assert.equal(replica?.[block], isLeftOut ? 0 : block + 1);
  }
  await conversation.end();
});

test('what is written to a free block after the first sync is replicated', async () => {
  const conversation = fullConversation();
  const { source, sender, store } = conversation;
  source.free = [{ diskIndex: 0, first: 300, count: 700 }];
  conversation.start();
  await conversation.until(() => sender.status().state === 'CONTINUOUS');
  const block = source.leftOut[0]?.lastIndexOf(1) ?? -1;
  source.write(0, block, 9999);
  await conversation.settle(sender.takeRecoveryPoint());
  assert.equal(store.epochs.at(-1)?.disks[0]?.[block], 9999);
  await conversation.end();
});

test('a rescan leaves out whole chunks only', async () => {
  const conversation = fullConversation();
  const { source, sender } = conversation;
  conversation.start();
  await conversation.until(() => sender.status().state === 'CONTINUOUS');
  assert.equal(leftOutOf(conversation), 0);
  source.free = [{ diskIndex: 0, first: CHUNK_BLOCKS * 2 - 10, count: CHUNK_BLOCKS * 2 }];
  source.loseSight();
  source.noticeLoss();
  await conversation.until(() => sender.status().state === 'RESCAN');
  await conversation.until(() => sender.status().state === 'CONTINUOUS');
  const flags = source.leftOut[0] ?? new Uint8Array();
  assert.equal(leftOutOf(conversation), CHUNK_BLOCKS);
  assert.ok(flags.subarray(2 * CHUNK_BLOCKS, 3 * CHUNK_BLOCKS).every((flag) => flag === 1));
  await conversation.end();
});

test('a source that cannot say what is free is replicated whole, and the log says so', async () => {
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (event: string) => warnings.push(event) };
  const conversation = new Conversation({ blockCounts: BLOCK_COUNTS, logger });
  conversation.source.forgetFree = async () => {
    throw new Error('no such folder');
  };
  conversation.source.write(0, 5, 1);
  conversation.start();
  await conversation.settle(conversation.sender.takeRecoveryPoint());
  assert.deepEqual(warnings, ['free-space-unknown']);
  assert.equal(conversation.store.epochs.at(-1)?.disks[0]?.[5], 1);
  await conversation.end();
});
