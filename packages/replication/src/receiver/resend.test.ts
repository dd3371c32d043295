/** A server that lost bytes asks for them again (J6). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Message } from '@landfall/wire';
import { AGENT, Conversation } from '../testing/conversation.testing.ts';

const BLOCK = 4096;

async function synced(): Promise<Conversation> {
  const conversation = new Conversation();
  for (let block = 0; block < 200; block += 1) conversation.source.write(0, block, block + 2);
  conversation.start();
  await conversation.until(() => conversation.sender.status().state === 'CONTINUOUS');
  return conversation;
}

test('what is asked for comes with the next epoch', async () => {
  const conversation = await synced();
  const { receiver, store, source } = conversation;
  store.corrupt(0, 17, 99_999);
  const before = store.lastEpoch;
  const ranges = [{ diskId: 'disk-0', offsetBytes: 17 * BLOCK, lengthBytes: BLOCK }];
  assert.equal(receiver.resend(AGENT.programId, ranges), true);
  await conversation.until(() => store.lastEpoch > before);
  assert.deepEqual(store.epochs.at(-1)?.disks, source.stamps);
  assert.equal(store.epochs.at(-1)?.commit.extentCount, 1);
  await conversation.end();
});

test('nobody is asked who is not there, has no such disk, or does not understand', async () => {
  const conversation = await synced();
  const { receiver } = conversation;
  const range = { diskId: 'disk-0', offsetBytes: 0, lengthBytes: BLOCK };
  assert.equal(receiver.resend('s-other', [range]), false);
  assert.equal(receiver.resend(AGENT.programId, [{ ...range, diskId: 'disk-7' }]), false);
  await conversation.end();
  assert.equal(receiver.resend(AGENT.programId, [range]), false);
});

test('an agent of before there were features is never sent one', async () => {
  const conversation = new Conversation();
  const link = conversation.connect();
  const disks = conversation.source.disks.map(({ diskId, deviceName, sizeBytes }) => {
    return { diskId, deviceName, sizeBytes };
  });
  const hello = { sourceServerId: AGENT.programId, agentVersion: '0.0.1', disks };
  await conversation.settle(link.send({ type: 'HELLO', protocolVersions: [1], ...hello }));
  const incoming = link.messages()[Symbol.asyncIterator]();
  const welcome = await conversation.settle(incoming.next());
  assert.equal((welcome.value as Message).type, 'WELCOME');
  await conversation.pass(5);
  const range = { diskId: 'disk-0', offsetBytes: 0, lengthBytes: BLOCK };
  assert.equal(conversation.receiver.resend(AGENT.programId, [range]), false);
  await conversation.end();
});

test('a server that asks for what is on no disk is left', async () => {
  const conversation = await synced();
  const before = conversation.connections;
  const extents = [{ diskIndex: 0, offsetBytes: 1e12, lengthBytes: 1 }];
  await conversation.settle(conversation.pair?.right.send({ type: 'RESEND', extents }) ?? Promise.resolve());
  await conversation.until(() => conversation.connections > before);
  await conversation.end();
});
