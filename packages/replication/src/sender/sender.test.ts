import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperationError } from '@landfall/runtime';
import { Conversation } from '../testing/conversation.testing.ts';

const BLOCK = 4096;
const MIB = 1024 * 1024;

function fill(conversation: Conversation, blocks: number): void {
  for (let block = 0; block < blocks; block += 1) conversation.source.write(0, block, block + 2);
}

/** Two chunks of bytes that travel as they are. */
function fillIncompressible(conversation: Conversation): void {
  for (let block = 0; block < 512; block += 1) conversation.source.write(0, block, block * 3 + 1);
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const [outcome] = await Promise.allSettled([promise]);
  assert.ok(outcome.status === 'rejected' && outcome.reason instanceof OperationError);
  return outcome.reason.code;
}

test('a first sync sends what is not zero, hashes nothing, and ends in a recovery point', async () => {
  const conversation = new Conversation();
  fill(conversation, 100);
  assert.equal(conversation.sender.status().state, 'INITIATING');
  conversation.start();
  const point = await conversation.settle(conversation.sender.takeRecoveryPoint());
  assert.equal(point.epoch, 1);
  assert.deepEqual(conversation.store.epochs[0]?.disks, conversation.source.stamps);
  const status = conversation.sender.status();
  assert.equal(status.state, 'CONTINUOUS');
  assert.equal(status.lastEpoch, 1);
  assert.ok(status.bytesSent < 110 * BLOCK, `${status.bytesSent} bytes for 100 blocks`);
  assert.ok(status.bytesRead >= 768 * BLOCK);
  assert.ok((status.firstSyncDurationMs ?? 0) > 0);
  assert.equal(status.disks[0]?.replicatedStorageBytes, 512 * BLOCK);
  await conversation.end();
  assert.equal(conversation.sender.status().state, 'STOPPED');
});

test('a disk of zeroes gets a recovery point, and nothing is sent while nothing changes', async () => {
  const conversation = new Conversation();
  conversation.start();
  await conversation.until(() => conversation.store.lastEpoch === 1);
  await conversation.pass(5000);
  assert.equal(conversation.store.lastEpoch, 1);
  const { lagMs } = conversation.sender.status();
  assert.ok(lagMs !== null && lagMs < 500, `caught up until ${lagMs} ms ago`);
  await conversation.end();
});

test('a recovery point is forced when nothing changed, and its cut is not older than the call', async () => {
  const conversation = new Conversation();
  conversation.start();
  await conversation.until(() => conversation.store.lastEpoch === 1);
  const calledNs = conversation.clock.monotonicNs();
  const point = await conversation.settle(conversation.sender.takeRecoveryPoint());
  assert.equal(point.epoch, 2);
  const stored = conversation.store.epochs.find(({ commit }) => commit.epoch === 2);
  assert.ok(stored !== undefined && stored.commit.cutMonotonicNs >= calledNs);
  assert.equal(stored.commit.extentCount, 0);
  await conversation.end();
});

test('a new process compares by hashes and sends only the chunks that differ', async () => {
  const conversation = new Conversation();
  fill(conversation, 512);
  conversation.start();
  await conversation.until(() => conversation.store.lastEpoch > 0);
  await conversation.end();
  conversation.source.write(0, 300, 999);
  const again = conversation.createSender();
  const stop = new AbortController();
  const running = again.run(stop.signal);
  await conversation.settle(again.takeRecoveryPoint());
  assert.deepEqual(conversation.store.epochs.at(-1)?.disks, conversation.source.stamps);
  const { bytesSent } = again.status();
  assert.ok(bytesSent > 10_000 && bytesSent < 1.1 * 1024 * 1024, `${bytesSent} bytes for one chunk`);
  stop.abort();
  await conversation.settle(running);
});

test('a process that knows exactly where the replica is goes on without comparing', async () => {
  const conversation = new Conversation();
  fill(conversation, 512);
  conversation.start();
  await conversation.until(() => conversation.sender.status().state === 'CONTINUOUS');
  const { journalId, lastEpoch } = conversation.sender.status();
  await conversation.end();
  conversation.source.write(0, 300, 999);
  const again = conversation.createSender({ previous: { journalId: journalId ?? '', lastEpoch } });
  const stop = new AbortController();
  const running = again.run(stop.signal);
  await conversation.settle(again.takeRecoveryPoint());
  assert.deepEqual(conversation.store.epochs.at(-1)?.disks, conversation.source.stamps);
  assert.ok(again.status().bytesRead <= 16 * BLOCK, 'only the changed block was read');
  stop.abort();
  await conversation.settle(running);
});

test('C6: a process that knew an earlier state, and what was taken since, goes on without comparing', async () => {
  const conversation = new Conversation();
  fill(conversation, 512);
  conversation.start();
  await conversation.until(() => conversation.sender.status().state === 'CONTINUOUS');
  const debt = conversation.sender.debt();
  assert.ok(debt !== undefined);
  const { journalId, lastEpoch } = debt;
  const uncertain = [...debt.taken];
  conversation.source.write(0, 7, 777);
  await conversation.settle(conversation.sender.takeRecoveryPoint());
  assert.ok(conversation.store.lastEpoch > lastEpoch, 'the replica is further on');
  await conversation.end();
  conversation.source.write(0, 300, 999);
  for (const { diskIndex, ...extent } of uncertain) conversation.source.markDirty(diskIndex, extent);
  conversation.source.markDirty(0, { offsetBytes: 7 * BLOCK, lengthBytes: BLOCK });
  const again = conversation.createSender({ previous: { journalId, lastEpoch } });
  const stop = new AbortController();
  const running = again.run(stop.signal);
  await conversation.settle(again.takeRecoveryPoint());
  assert.equal(again.status().state, 'CONTINUOUS');
  assert.ok(
    again.status().bytesRead <= 64 * BLOCK,
    `only what changed was read: ${again.status().bytesRead}`,
  );
  assert.deepEqual(conversation.store.epochs.at(-1)?.disks, conversation.source.stamps);
  stop.abort();
  await conversation.settle(running);
});

test('a replica behind what an earlier process knew is compared, and so is another one', async () => {
  for (const kept of [
    { journalId: 'journal-0', epochsKept: 1 },
    { journalId: 'another', epochsKept: 9 },
  ]) {
    const conversation = new Conversation();
    fill(conversation, 64);
    conversation.start();
    await conversation.until(() => conversation.sender.debt() !== undefined);
    for (const value of [1, 2]) {
      conversation.source.write(0, 3, value);
      await conversation.settle(conversation.sender.takeRecoveryPoint());
    }
    const debt = conversation.sender.debt();
    assert.ok(debt !== undefined && debt.lastEpoch > 1);
    await conversation.end();
    conversation.store = conversation.store.replaced(kept);
    const { journalId, lastEpoch } = debt;
    const again = conversation.createSender({ previous: { journalId, lastEpoch } });
    const stop = new AbortController();
    const running = again.run(stop.signal);
    await conversation.settle(again.takeRecoveryPoint());
    assert.deepEqual(conversation.store.epochs.at(-1)?.disks, conversation.source.stamps);
    assert.ok(again.status().bytesRead >= 512 * BLOCK, 'everything was read');
    stop.abort();
    await conversation.settle(running);
  }
});

test('there is no debt to note in a first copy, nor after a doubt', async () => {
  const conversation = new Conversation();
  fill(conversation, 64);
  assert.equal(conversation.sender.debt(), undefined);
  conversation.start();
  await conversation.until(() => conversation.sender.status().state === 'CONTINUOUS');
  assert.equal(conversation.sender.debt()?.lastEpoch, conversation.store.lastEpoch);
  conversation.source.noticeLoss();
  assert.equal(conversation.sender.debt(), undefined);
  await conversation.settle(conversation.sender.takeRecoveryPoint());
  await conversation.until(() => conversation.sender.debt() !== undefined);
  await conversation.end();
});

test('C5: doubt during a first sync compares with what the abandoned copy left behind', async () => {
  const conversation = new Conversation({ sender: { bandwidth: 100_000 } });
  fill(conversation, 400);
  conversation.start();
  await conversation.pass(3000);
  assert.equal(conversation.sender.status().state, 'INITIAL_SYNC');
  for (let block = 0; block < 400; block += 1) conversation.source.write(0, block, 0);
  conversation.source.noticeLoss();
  conversation.sender.setBandwidth(0);
  await conversation.settle(conversation.sender.takeRecoveryPoint());
  assert.deepEqual(conversation.store.epochs.at(-1)?.disks, conversation.source.stamps);
  await conversation.end();
});

test('a first sync that was cut sends only what did not arrive', async () => {
  const conversation = new Conversation({ sender: { bandwidth: 500_000 } });
  fillIncompressible(conversation);
  conversation.start();
  await conversation.pass(3000);
  conversation.pair?.cut();
  await conversation.settle(conversation.sender.takeRecoveryPoint());
  assert.deepEqual(conversation.store.epochs.at(-1)?.disks, conversation.source.stamps);
  const { bytesSent } = conversation.sender.status();
  assert.ok(bytesSent < 2.7 * MIB, `${bytesSent} bytes for 2 MiB, cut after 1.5 MiB`);
  await conversation.end();
});

test('without a single epoch nothing is trusted that was compared before a crash', async () => {
  const conversation = new Conversation({ sender: { bandwidth: 500_000 } });
  fillIncompressible(conversation);
  conversation.start();
  await conversation.pass(3000);
  await conversation.end();
  const again = conversation.createSender({ bandwidth: 200_000 });
  const stop = new AbortController();
  const running = again.run(stop.signal);
  await conversation.pass(1500);
  assert.ok(again.status().bytesRead > 1.1 * MIB, 'the first chunk was compared, the second is being sent');
  conversation.store = conversation.store.crash('LOST');
  conversation.pair?.cut();
  again.setBandwidth(0);
  await conversation.settle(again.takeRecoveryPoint());
  assert.deepEqual(conversation.store.epochs.at(-1)?.disks, conversation.source.stamps);
  stop.abort();
  await conversation.settle(running);
});

test('a disk that cannot be read shows as stalled with its reason, and nothing is lost', async () => {
  const conversation = new Conversation();
  conversation.start();
  await conversation.until(() => conversation.store.lastEpoch === 1);
  conversation.source.unreadable = true;
  conversation.source.write(0, 7, 77);
  await conversation.until(() => conversation.sender.status().state === 'STALLED');
  const { error, connected } = conversation.sender.status();
  assert.equal(error?.code, 'DISK_UNREADABLE');
  assert.match(error.rawError, /cannot be read/);
  assert.equal(connected, true);
  conversation.source.unreadable = false;
  await conversation.until(() => conversation.store.lastEpoch === 2);
  assert.equal(conversation.sender.status().state, 'CONTINUOUS');
  assert.deepEqual(conversation.store.epochs.at(-1)?.disks, conversation.source.stamps);
  await conversation.end();
});

test('a full staging disk shows as stalled until it has room again', async () => {
  const conversation = new Conversation();
  conversation.start();
  await conversation.until(() => conversation.store.lastEpoch === 1);
  conversation.store.failure = new OperationError('STAGING_FULL', 'the staging disk is full', {
    hint: 'add space',
    retryable: true,
  });
  conversation.source.write(0, 7, 77);
  await conversation.until(() => conversation.sender.status().state === 'STALLED');
  assert.equal(conversation.sender.status().error?.code, 'STAGING_FULL');
  assert.match(conversation.sender.status().error?.rawError ?? '', /add space/);
  await conversation.pass(60_000);
  assert.ok(conversation.connections < 30, `${conversation.connections} connections in a minute`);
  assert.equal(conversation.sender.status().state, 'STALLED');
  conversation.store.failure = undefined;
  await conversation.until(() => conversation.sender.status().state === 'CONTINUOUS');
  assert.deepEqual(conversation.store.epochs.at(-1)?.disks, conversation.source.stamps);
  await conversation.end();
});

test('a lost connection shows as disconnected, and is made again', async () => {
  const conversation = new Conversation();
  conversation.start();
  await conversation.until(() => conversation.store.lastEpoch === 1);
  conversation.down = true;
  conversation.pair?.cut();
  conversation.source.write(0, 1, 11);
  await conversation.until(() => conversation.sender.status().state === 'DISCONNECTED');
  await conversation.pass(10_000);
  conversation.down = false;
  assert.equal(conversation.sender.status().error?.error, 'UNSTABLE_NETWORK');
  await conversation.until(() => conversation.store.lastEpoch === 2);
  assert.equal(conversation.connections, 2);
  assert.equal(conversation.sender.status().error, undefined);
  await conversation.end();
});

test('a peer that falls silent is given up, and another connection made', async () => {
  const conversation = new Conversation();
  conversation.start();
  await conversation.until(() => conversation.store.lastEpoch === 1);
  conversation.pair?.blackHole();
  conversation.source.write(0, 1, 11);
  await conversation.until(() => conversation.store.lastEpoch === 2);
  assert.equal(conversation.connections, 2);
  await conversation.end();
});

test('nothing is sent while paused, and recovery points are refused', async () => {
  const conversation = new Conversation();
  conversation.start();
  await conversation.until(() => conversation.store.lastEpoch === 1);
  conversation.sender.pause();
  await conversation.pass(1000);
  conversation.source.write(0, 3, 33);
  await conversation.pass(5000);
  assert.equal(conversation.store.lastEpoch, 1);
  assert.equal(conversation.sender.status().state, 'PAUSED');
  assert.equal(await codeOf(conversation.sender.takeRecoveryPoint()), 'REPLICATION_PAUSED');
  conversation.sender.resume();
  await conversation.until(() => conversation.store.lastEpoch === 2);
  await conversation.end();
  assert.equal(await codeOf(conversation.sender.takeRecoveryPoint()), 'REPLICATION_STOPPED');
});

test('the bandwidth cap holds over time and can be lifted', async () => {
  const bandwidth = 100_000;
  const conversation = new Conversation({ sender: { bandwidth } });
  fillIncompressible(conversation);
  conversation.start();
  await conversation.pass(10_000);
  const { bytesSent, state, etaMs } = conversation.sender.status();
  assert.ok(
    bytesSent > 0.85 * 10 * bandwidth && bytesSent < 1.1 * 10 * bandwidth,
    `${bytesSent} bytes in 10 s`,
  );
  assert.equal(state, 'INITIAL_SYNC');
  assert.ok(etaMs !== null && etaMs > 3000 && etaMs < 60_000, `${etaMs} ms to go`);
  conversation.sender.setBandwidth(0);
  await conversation.settle(conversation.sender.takeRecoveryPoint());
  await conversation.end();
});

test('epochs leave at the interval that was set', async () => {
  const conversation = new Conversation({ sender: { epochIntervalMs: 500 } });
  conversation.start();
  await conversation.until(() => conversation.store.lastEpoch === 1);
  for (let write = 0; write < 100; write += 1) {
    conversation.source.write(0, write, write + 1);
    await conversation.pass(50);
  }
  const epochs = conversation.store.lastEpoch - 1;
  assert.ok(epochs >= 5 && epochs <= 11, `${epochs} epochs in 5 s`);
  const { lagP50Ms, lagP99Ms } = conversation.sender.status();
  assert.ok(lagP50Ms !== null && lagP99Ms !== null && lagP50Ms <= lagP99Ms && lagP99Ms < 100);
  await conversation.end();
});

test('a stop while a connection is being made ends the sender, though the connection is still made', async () => {
  const conversation = new Conversation();
  const stop = new AbortController();
  const sender = conversation.createSender({
    connect: async () => {
      await conversation.clock.sleep(100);
      return conversation.connect();
    },
  });
  const running = sender.run(stop.signal);
  await conversation.pass(50);
  stop.abort();
  await conversation.clock.settle(running, 5000);
  assert.equal(sender.status().state, 'STOPPED');
  await conversation.end();
});
