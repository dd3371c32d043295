import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CODEC_RAW, payloadChecksum } from '@landfall/block';
import { OperationError, seededRandom, silentLogger } from '@landfall/runtime';
import { VirtualClock } from '@landfall/runtime/virtual-clock';
import { createMemoryLinkPair, type Hello, type Link, type Message } from '@landfall/wire';
import { AGENT } from '../testing/conversation.testing.ts';
import { MemoryEpochStore } from '../testing/memory-epoch-store.testing.ts';
import { blockContent, chunkHashesOf } from '../testing/stamped-disk.testing.ts';
import { checkHello, DISK_BYTES_MAX } from './incoming-epoch.ts';
import { createReceiver } from './receiver.ts';
import type { ReceiverOptions, ReceiverPeer, ReceiverProgress } from './receiver-options.ts';

const BLOCK = 4096;
const HELLO: Hello = {
  type: 'HELLO',
  protocolVersions: [1],
  sourceServerId: 's-1',
  agentVersion: '1',
  disks: [{ diskId: 'disk-0', deviceName: '/dev/sda', sizeBytes: 64 * BLOCK }],
};

function extent(block: number, stamp: number, change: Partial<{ checksum: number }> = {}): Message {
  const payload = blockContent(stamp);
  const header = { diskIndex: 0, offsetBytes: block * BLOCK, lengthBytes: BLOCK };
  return {
    type: 'EXTENT',
    header: { ...header, codec: CODEC_RAW, checksum: payloadChecksum(payload), ...change },
    payload,
  };
}

function commit(epoch: number, extentCount: number): Message {
  const cutMonotonicNs = BigInt(epoch);
  return {
    type: 'COMMIT',
    epoch,
    cutTimeMs: epoch,
    cutMonotonicNs,
    consistency: 'CRASH_CONSISTENT',
    extentCount,
  };
}

class Bench {
  readonly clock = new VirtualClock();
  readonly random = seededRandom(1);
  readonly progress: ReceiverProgress[] = [];
  readonly store: MemoryEpochStore;
  readonly receiver: ReturnType<typeof createReceiver>;
  readonly served: Promise<void>[] = [];

  constructor(options: Partial<ReceiverOptions> & { readonly syncMsMax?: number } = {}) {
    const { clock, random } = this;
    const { syncMsMax = 0 } = options;
    this.store = new MemoryEpochStore({
      clock,
      random,
      blockCounts: [64],
      journalId: 'journal-0',
      syncMsMax,
    });
    this.receiver = createReceiver({
      resolveStore: async () => this.store,
      ...{
        logger: silentLogger,
        clock,
        onProgress: (progress: ReceiverProgress) => this.progress.push(progress),
      },
      ...options,
    });
  }

  dial(peer: ReceiverPeer = AGENT): Talk {
    const pair = createMemoryLinkPair({ clock: this.clock, random: this.random });
    this.served.push(this.receiver.serveLink(pair.right, peer));
    return new Talk(this, pair.left);
  }

  async welcomed(): Promise<Talk> {
    const talk = this.dial();
    await talk.say(HELLO);
    assert.equal((await talk.hear()).type, 'WELCOME');
    return talk;
  }

  settle<Result>(promise: Promise<Result>): Promise<Result> {
    return this.clock.settle(promise, 600_000);
  }
}

class Talk {
  readonly link: Link;
  readonly #bench: Bench;
  readonly #incoming: AsyncIterator<Message>;

  constructor(bench: Bench, link: Link) {
    this.#bench = bench;
    this.link = link;
    this.#incoming = link.messages()[Symbol.asyncIterator]();
  }

  async say(...messages: Message[]): Promise<void> {
    for (const message of messages) await this.#bench.settle(this.link.send(message));
  }

  /** The next message that is not a sign of life. */
  async hear(): Promise<Message> {
    for (;;) {
      const next = await this.#bench.settle(this.#incoming.next());
      assert.ok(next.done !== true, 'the connection ended');
      if (next.value.type !== 'PING') return next.value;
    }
  }

  async hearRefusal(): Promise<string> {
    const message = await this.hear();
    assert.equal(message.type, 'REFUSE');
    this.link.destroy();
    return message.code;
  }

  async hang(): Promise<void> {
    this.link.destroy();
    await this.#bench.settle(Promise.all(this.#bench.served));
  }
}

function diskOf(sizeBytes: number): Hello['disks'][number] {
  return { diskId: 'disk-9', deviceName: '/dev/sdz', sizeBytes };
}

const refusals: readonly [string, string, Partial<Hello>, Partial<ReceiverPeer>][] = [
  ['another protocol version', 'PROTOCOL_VERSION_UNSUPPORTED', { protocolVersions: [2, 3] }, {}],
  ['the certificate of another server', 'IDENTITY_MISMATCH', {}, { programId: 's-2' }],
  ['the certificate of another role', 'IDENTITY_MISMATCH', {}, { role: 'launch-host' }],
  ['one disk twice', 'DISKS_MISMATCH', { disks: [...HELLO.disks, ...HELLO.disks] }, {}],
  ['a disk larger than any', 'DISKS_MISMATCH', { disks: [...HELLO.disks, diskOf(DISK_BYTES_MAX + 1)] }, {}],
  ['a disk of nearly 2^53 bytes', 'DISKS_MISMATCH', { disks: [diskOf(Number.MAX_SAFE_INTEGER)] }, {}],
];

for (const [what, code, hello, peer] of refusals) {
  test(`an agent with ${what} is refused with ${code}, before its store is looked for`, async () => {
    const resolveStore = () => assert.fail('a store was looked for');
    const bench = new Bench({ resolveStore });
    const talk = bench.dial({ ...AGENT, ...peer });
    await talk.say({ ...HELLO, ...hello });
    assert.equal(await talk.hearRefusal(), code);
    await talk.hang();
  });
}

test('a disk of 1 PiB is the largest one that is admitted', () => {
  assert.equal(DISK_BYTES_MAX, 1024 ** 5);
  checkHello({ ...HELLO, disks: [diskOf(DISK_BYTES_MAX)] }, AGENT);
});

test('what the store is refused for reaches the agent with its code', async () => {
  const resolveStore = async () => {
    throw new OperationError('DISKS_MISMATCH', 'other disks', { hint: 'enrol again' });
  };
  const bench = new Bench({ resolveStore });
  const talk = bench.dial();
  await talk.say(HELLO);
  assert.equal(await talk.hearRefusal(), 'DISKS_MISMATCH');
  await talk.hang();
});

test('a connection that does not say HELLO is ended', async () => {
  const bench = new Bench();
  const early = bench.dial();
  await early.say({ type: 'ABANDON' });
  assert.equal(await early.hearRefusal(), 'PROTOCOL_VIOLATION');
  bench.dial();
  await bench.settle(Promise.all(bench.served));
});

const violations: readonly [string, string, readonly Message[]][] = [
  ['an extent past the end', 'EXTENT_OUT_OF_BOUNDS', [extent(64, 5)]],
  ['a zero range past the end', 'EXTENT_OUT_OF_BOUNDS', [zeroes(0, 65)]],
  ['an extent of no disk of its own', 'EXTENT_OUT_OF_BOUNDS', [{ ...zeroes(0, 1), diskIndex: 1 } as Message]],
  ['hashes of chunks that are not there', 'EXTENT_OUT_OF_BOUNDS', [hashes(1, 1)]],
  ['a wrong checksum', 'EXTENT_DAMAGED', [extent(0, 5, { checksum: 1 })]],
  ['an epoch too far', 'EPOCH_OUT_OF_ORDER', [commit(2, 0)]],
  ['an epoch twice', 'EPOCH_OUT_OF_ORDER', [commit(1, 0), commit(1, 0)]],
  ['an extent missing', 'EXTENT_COUNT_MISMATCH', [extent(0, 5), commit(1, 2)]],
  ['a message of the server', 'PROTOCOL_VIOLATION', [{ type: 'DURABLE', epoch: 1 }]],
];

function zeroes(block: number, count: number): Message {
  return { type: 'ZEROES', diskIndex: 0, offsetBytes: block * BLOCK, lengthBytes: count * BLOCK };
}

function hashes(firstChunk: number, count: number): Message {
  return { type: 'HASHES_REQUEST', requestId: 1, diskIndex: 0, firstChunk, count };
}

for (const [what, code, messages] of violations) {
  test(`${what} is refused with ${code}, and the open epoch is dropped`, async () => {
    const bench = new Bench();
    const talk = await bench.welcomed();
    await talk.say(...messages);
    let heard = await talk.hear();
    while (heard.type === 'DURABLE') heard = await talk.hear();
    assert.equal(heard.type === 'REFUSE' ? heard.code : heard.type, code);
    await talk.hang();
    assert.ok(bench.store.epochs.length <= 1);
    assert.equal(bench.progress.at(-1)?.failure?.code, code);
  });
}

test('J2: an epoch is acknowledged when it is durable, while the next ones already arrive', async () => {
  const bench = new Bench({ syncMsMax: 5000 });
  const talk = await bench.welcomed();
  await talk.say(extent(0, 5), commit(1, 1), extent(1, 6), commit(2, 1), extent(2, 7), commit(3, 1));
  for (const epoch of [1, 2, 3]) {
    assert.deepEqual(await talk.hear(), { type: 'DURABLE', epoch });
    assert.ok(bench.store.lastEpoch >= epoch);
  }
  assert.deepEqual([...(bench.store.epochs[2]?.disks[0]?.subarray(0, 3) ?? [])], [5, 6, 7]);
  await talk.hang();
});

test('C7: what was not committed is dropped with the connection, what was committed stays', async () => {
  const bench = new Bench({ syncMsMax: 1000 });
  const talk = await bench.welcomed();
  await talk.say(extent(0, 5), commit(1, 1), extent(1, 6));
  await talk.hang();
  assert.equal(bench.store.lastEpoch, 1);
  assert.equal(bench.progress.at(-1)?.connected, false);
  const committed = chunkHashesOf(Uint32Array.from([5, ...new Array<number>(63).fill(0)]), 0, 1);
  assert.deepEqual(await bench.settle(bench.store.chunkHashes(0, 0, 1)), committed);
  const again = await bench.welcomed();
  await again.say(extent(2, 7), commit(2, 1));
  assert.deepEqual(await again.hear(), { type: 'DURABLE', epoch: 2 });
  assert.deepEqual([...(bench.store.epochs[1]?.disks[0]?.subarray(0, 3) ?? [])], [5, 0, 7]);
  await again.hang();
});

test('ABANDON drops the open epoch and the conversation goes on', async () => {
  const bench = new Bench({ syncMsMax: 1000 });
  const talk = await bench.welcomed();
  await talk.say(extent(0, 5), commit(1, 1), extent(1, 6), { type: 'ABANDON' }, extent(2, 7), commit(2, 1));
  assert.deepEqual(await talk.hear(), { type: 'DURABLE', epoch: 1 });
  assert.deepEqual(await talk.hear(), { type: 'DURABLE', epoch: 2 });
  assert.deepEqual([...(bench.store.epochs[1]?.disks[0]?.subarray(0, 3) ?? [])], [5, 0, 7]);
  await talk.hang();
});

test('hashes are of the state with every epoch committed before', async () => {
  const bench = new Bench({ syncMsMax: 1000 });
  const talk = await bench.welcomed();
  await talk.say(extent(0, 5), commit(1, 1), hashes(0, 1));
  assert.deepEqual(await talk.hear(), { type: 'DURABLE', epoch: 1 });
  const answer = await talk.hear();
  assert.equal(answer.type, 'HASHES');
  assert.deepEqual(answer.hashes, await bench.settle(bench.store.chunkHashes(0, 0, 1)));
  await talk.hang();
});

test('a full store refuses with its code, and the epoch on its way is not acknowledged', async () => {
  const bench = new Bench();
  const talk = await bench.welcomed();
  await talk.say(extent(0, 5));
  await bench.settle(bench.clock.sleep(5));
  bench.store.failure = new OperationError('STAGING_FULL', 'full', { retryable: true });
  await talk.say(commit(1, 1), extent(1, 6));
  assert.equal(await talk.hearRefusal(), 'STAGING_FULL');
  await talk.hang();
  assert.equal(bench.store.lastEpoch, 0);
});

test('a newer connection of the same server wins, and begins when the older has let go', async () => {
  const bench = new Bench({ syncMsMax: 3000 });
  const older = await bench.welcomed();
  await older.say(extent(0, 5), commit(1, 1), extent(1, 6));
  await bench.settle(bench.clock.sleep(5));
  const newer = bench.dial();
  await newer.say(HELLO);
  const welcome = await newer.hear();
  assert.ok(
    welcome.type === 'WELCOME' && welcome.lastEpoch === 1,
    'the older one’s epoch became durable first',
  );
  let heard = await older.hear();
  while (heard.type === 'DURABLE') heard = await older.hear();
  assert.equal(heard.type === 'REFUSE' ? heard.code : heard.type, 'SUPERSEDED');
  await newer.say(extent(2, 7), commit(2, 1));
  assert.deepEqual(await newer.hear(), { type: 'DURABLE', epoch: 2 });
  assert.deepEqual([...(bench.store.epochs[1]?.disks[0]?.subarray(0, 3) ?? [])], [5, 0, 7]);
  older.link.destroy();
  await newer.hang();
});

test('of many that wait, the newest is served', async () => {
  const bench = new Bench({ syncMsMax: 3000 });
  const first = await bench.welcomed();
  await first.say(extent(0, 5), commit(1, 1));
  const talks = [bench.dial(), bench.dial(), bench.dial()];
  for (const talk of talks) await talk.say(HELLO);
  const answers: string[] = [];
  for (const talk of talks) answers.push((await talk.hear()).type);
  assert.equal(answers.filter((type) => type === 'WELCOME').length, 1);
  for (const talk of [first, ...talks]) talk.link.destroy();
  await bench.settle(Promise.all(bench.served));
});

test('disconnecting a server frees its store', async () => {
  const bench = new Bench({ syncMsMax: 1000 });
  const talk = await bench.welcomed();
  await talk.say(extent(0, 5), commit(1, 1), extent(1, 5));
  await bench.settle(bench.clock.sleep(5));
  const freed = bench.receiver.disconnect('s-1');
  await bench.settle(freed);
  assert.equal(bench.store.lastEpoch, 1);
  await bench.settle(bench.receiver.disconnect('s-9'));
  talk.link.destroy();
  await bench.settle(bench.receiver.close());
  await bench.settle(Promise.all(bench.served));
});
