import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Link, Message } from '@landfall/wire';
import { AGENT, Conversation, type ConversationOptions } from '../testing/conversation.testing.ts';

const BLOCKS = 3000;
const BANDWIDTH = 400_000;

/** Twelve chunks of bytes that travel as they are, by any connection. */
function createConversation(options: ConversationOptions = {}): Conversation {
  const conversation = new Conversation({ blockCounts: [BLOCKS], ...options });
  for (let block = 0; block < BLOCKS; block += 1) conversation.source.write(0, block, block * 3 + 1);
  return conversation;
}

/** Any of them, in turn: memory never keeps anybody waiting. */
function inTurn(): (waiting: readonly number[]) => number {
  let turn = 0;
  return (waiting) => {
    turn += 1;
    return turn % waiting.length;
  };
}

function laneBytes({ lanePairs }: Conversation): number {
  return lanePairs.reduce((sum, { right }) => sum + right.bytesReceived, 0);
}

test('a first copy goes by all connections, and the replica is the source', async () => {
  const conversation = createConversation({ sender: { streams: 4, pickLane: inTurn() } });
  conversation.start();
  await conversation.until(() => conversation.store.lastEpoch > 0);
  assert.deepEqual(conversation.store.epochs[0]?.disks, conversation.source.stamps);
  assert.equal(conversation.lanePairs.length, 3);
  for (const { right } of conversation.lanePairs) assert.ok(right.bytesReceived > 2_000_000);
  const { bytesSent } = conversation.sender.status();
  assert.ok(bytesSent > BLOCKS * 4096, 'what goes by lanes counts');
  await conversation.until(() => (conversation.progress.at(-1)?.lastEpoch ?? 0) > 0);
  assert.ok((conversation.progress.at(-1)?.bytesReceived ?? 0) > BLOCKS * 4096, 'on both sides');
  await conversation.end();
});

test('while the first connection is fast enough, nothing goes by lanes', async () => {
  const conversation = createConversation({ sender: { streams: 4, bandwidth: 2_000_000 } });
  conversation.start();
  await conversation.until(() => conversation.store.lastEpoch > 0);
  assert.ok(laneBytes(conversation) < 10_000, `${laneBytes(conversation)} bytes by lanes`);
  await conversation.end();
});

test('the bandwidth cap holds over all connections together', async () => {
  const sender = { streams: 4, pickLane: inTurn(), bandwidth: BANDWIDTH };
  const conversation = createConversation({ sender });
  conversation.start();
  await conversation.pass(10_000);
  const { bytesSent } = conversation.sender.status();
  const wanted = 10 * BANDWIDTH;
  assert.ok(bytesSent > 0.85 * wanted && bytesSent < 1.1 * wanted, `${bytesSent} bytes in 10 s`);
  assert.ok(laneBytes(conversation) > bytesSent / 2, 'most of them by lanes');
  await conversation.end();
});

test('the server says how many there may be', async () => {
  const conversation = createConversation({ streamsMax: 2, sender: { streams: 8, pickLane: inTurn() } });
  conversation.start();
  await conversation.until(() => conversation.store.lastEpoch > 0);
  assert.equal(conversation.lanePairs.length, 1);
  await conversation.end();
});

for (const [who, options] of Object.entries({
  'a server that knows no lanes': { streamsMax: 1, sender: { streams: 4 } },
  'an agent that knows no lanes': { sender: { streams: 1 } },
})) {
  test(`with ${who} there is one connection`, async () => {
    const conversation = createConversation(options);
    conversation.start();
    await conversation.until(() => conversation.store.lastEpoch > 0);
    assert.equal(conversation.lanePairs.length, 0);
    assert.deepEqual(conversation.store.epochs.at(-1)?.disks, conversation.source.stamps);
    await conversation.end();
  });
}

for (const [how, lose] of Object.entries({
  'is cut': (conversation: Conversation) => conversation.lanePairs.at(-1)?.cut(),
  'falls silent': (conversation: Conversation) => conversation.lanePairs.at(-1)?.blackHole(),
})) {
  test(`when one lane ${how} the session ends, and the next one goes on with what is left`, async () => {
    const sender = { streams: 3, pickLane: inTurn(), bandwidth: 4 * BANDWIDTH };
    const conversation = createConversation({ sender });
    conversation.start();
    await conversation.until(() => laneBytes(conversation) > 1_000_000);
    lose(conversation);
    await conversation.until(() => conversation.store.lastEpoch > 0);
    assert.equal(conversation.connections, 2);
    assert.equal(conversation.lanePairs.length, 4);
    assert.deepEqual(conversation.store.epochs.at(-1)?.disks, conversation.source.stamps);
    assert.notEqual(conversation.sender.status().state, 'STALLED', 'a lost lane is no refusal');
    await conversation.end();
  });
}

test('a lane that cannot be opened is done without', async () => {
  const conversation = createConversation();
  const sender = conversation.createSender({
    streams: 3,
    connect: async (_signal, lane) => {
      if (lane === 0) return conversation.connect();
      if (lane === 2) throw new Error('the firewall lets few through');
      return conversation.connectLane();
    },
  });
  const stop = new AbortController();
  const running = sender.run(stop.signal);
  await conversation.pass(10 * 60_000);
  assert.equal(sender.status().state, 'CONTINUOUS');
  assert.deepEqual([conversation.connections, conversation.lanePairs.length], [1, 1]);
  stop.abort();
  await conversation.settle(running);
  await conversation.end();
});

/** Greets by hand, as an agent that asks for one lane. */
async function greetByHand(conversation: Conversation): Promise<string> {
  const link = conversation.connect();
  const disks = [{ diskId: 'disk-0', deviceName: '/dev/sda', sizeBytes: BLOCKS * 4096 }];
  const agent = { sourceServerId: AGENT.programId, agentVersion: '1' };
  await link.send({ type: 'HELLO', protocolVersions: [1], ...agent, disks, lanes: 1 });
  const welcome = await answerOf(conversation, link);
  assert.ok(welcome.type === 'WELCOME' && welcome.lanes === 1 && welcome.laneToken !== undefined);
  assert.match(welcome.laneToken, /^[0-9a-f]{64}$/);
  return welcome.laneToken;
}

async function answerOf(conversation: Conversation, link: Link): Promise<Message> {
  const { value } = await conversation.settle(link.messages()[Symbol.asyncIterator]().next());
  return value;
}

for (const [what, attempt] of Object.entries({
  'shows another token': { peer: AGENT, spoil: (token: string) => `${token.slice(0, -1)}x` },
  'shows another certificate of the same agent': { peer: { ...AGENT, fingerprint: '01' } },
  'is of another agent': { peer: { ...AGENT, programId: 's-2' } },
})) {
  test(`a lane is refused that ${what}, and the session goes on`, async () => {
    const conversation = createConversation();
    const token = await greetByHand(conversation);
    const link = conversation.connectLane(attempt.peer);
    const spoil = 'spoil' in attempt ? attempt.spoil : (same: string) => same;
    await link.send({ type: 'LANE', token: spoil(token) });
    const answer = await answerOf(conversation, link);
    assert.ok(answer.type === 'REFUSE' && answer.code === 'LANE_REFUSED', answer.type);
    const lane = conversation.connectLane();
    await lane.send({ type: 'LANE', token });
    assert.equal((await answerOf(conversation, lane)).type, 'LANE_OPEN');
    await conversation.end();
  });
}

test('no more lanes are let in than were granted, and none after the session', async () => {
  const conversation = createConversation();
  const token = await greetByHand(conversation);
  const codes: string[] = [];
  const open = async () => {
    const link = conversation.connectLane();
    await link.send({ type: 'LANE', token });
    const answer = await answerOf(conversation, link);
    codes.push(answer.type === 'REFUSE' ? answer.code : answer.type);
  };
  await open();
  await open();
  conversation.pair?.cut();
  await conversation.pass(5000);
  await open();
  assert.deepEqual(codes, ['LANE_OPEN', 'LANE_REFUSED', 'LANE_REFUSED']);
  await conversation.end();
});
