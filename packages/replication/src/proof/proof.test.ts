/** Proofs of equality over the real ends of the conversation, on virtual time. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { hashTreeRoot } from '@landfall/block';
import type { ProofFacts, ProofResult } from '@landfall/model';
import { Conversation } from '../testing/conversation.testing.ts';
import { chunkHashesOf } from '../testing/stamped-disk.testing.ts';

const MIB = 1024 * 1024;
const BLOCKS = [4 * 256 + 30, 256];

async function synced(blockCounts = BLOCKS): Promise<Conversation> {
  const conversation = new Conversation({ blockCounts, cutBlocksMax: 1024 });
  for (let block = 0; block < (blockCounts[0] ?? 0); block += 3)
    conversation.source.write(0, block, block + 7);
  for (let block = 0; block < (blockCounts[1] ?? 0); block += 2)
    conversation.source.write(1, block, block + 9);
  conversation.start();
  await conversation.until(() => conversation.sender.status().state === 'CONTINUOUS');
  return conversation;
}

function factsOf(conversation: Conversation): ProofFacts {
  const { proof } = conversation.sender.status();
  assert.ok(proof !== undefined, 'a proof is wanted');
  return proof;
}

async function resultOf(conversation: Conversation): Promise<ProofResult> {
  await conversation.until(() => factsOf(conversation).state !== 'RUNNING');
  const { result, reason } = factsOf(conversation);
  assert.ok(result !== undefined, reason);
  return result;
}

/** What the store holds at an epoch. */
function rootsAt(conversation: Conversation, epoch: number): readonly string[] {
  const stored = conversation.store.epochs.find(({ commit }) => commit.epoch === epoch);
  assert.ok(stored !== undefined);
  return stored.disks.map((stamps) => {
    const chunks = Math.ceil(stamps.length / 256);
    return hashTreeRoot(chunkHashesOf(stamps, 0, chunks)).toString('hex');
  });
}

test('a disk that rests is proved at once, and the root is that of the replica at the last point', async () => {
  const conversation = await synced();
  conversation.sender.setProof({ proofId: 'p-1' });
  const result = await resultOf(conversation);
  assert.deepEqual(result.differenceCounts, { DIFFERENT: 0, DAMAGED: 0, LEFT_OUT: 0 });
  assert.deepEqual(
    result.disks.map(({ chunks, chunksChangedSince }) => ({ chunks, chunksChangedSince })),
    [
      { chunks: 5, chunksChangedSince: 0 },
      { chunks: 1, chunksChangedSince: 0 },
    ],
  );
  assert.deepEqual(
    result.disks.map(({ rootSha256 }) => rootSha256),
    rootsAt(conversation, result.last.epoch),
  );
  assert.ok(result.first.epoch < result.last.epoch && result.first.cutTimeMs < result.last.cutTimeMs);
  await conversation.end();
});

test('under writes everywhere, and one chunk that is never quiet, every chunk is found equal', async () => {
  const conversation = await synced();
  const { clock, random, source } = conversation;
  let writing = true;
  const writer = (async () => {
    for (let stamp = 100_000; writing; stamp += 2) {
      source.write(0, random.integer(BLOCKS[0] ?? 0), stamp);
      source.write(1, random.integer(256), stamp + 1);
      await clock.sleep(7);
    }
  })();
  conversation.sender.setProof({ proofId: 'p-1' });
  const result = await resultOf(conversation);
  writing = false;
  await conversation.settle(writer);
  assert.deepEqual(result.differenceCounts, { DIFFERENT: 0, DAMAGED: 0, LEFT_OUT: 0 });
  assert.ok((result.disks[1]?.chunksSentWhole ?? 0) === 1, JSON.stringify(result.disks));
  assert.ok((result.disks[0]?.chunksChangedSince ?? 0) > 0);
  await conversation.end();
});

test('a write that nobody saw is named, is sent, and the chunk is then found equal', async () => {
  const conversation = await synced();
  conversation.source.writeUnseen(0, 2 * 256 + 5, 4_000_000);
  conversation.sender.setProof({ proofId: 'p-1' });
  const result = await resultOf(conversation);
  assert.deepEqual(
    result.differences.map(({ epoch: _, ...difference }) => difference),
    [{ kind: 'DIFFERENT', diskId: 'disk-0', offsetBytes: 2 * MIB, lengthBytes: MIB }],
  );
  assert.deepEqual(conversation.store.epochs.at(-1)?.disks, conversation.source.stamps);
  await conversation.end();
});

test('a byte that changed in the replica is named, and the newest state is repaired', async () => {
  const conversation = await synced();
  conversation.store.corrupt(1, 17, 666);
  conversation.sender.setProof({ proofId: 'p-1' });
  const result = await resultOf(conversation);
  assert.equal(result.differenceCounts.DIFFERENT, 1);
  assert.equal(result.differences[0]?.diskId, 'disk-1');
  assert.deepEqual(conversation.store.epochs.at(-1)?.disks, conversation.source.stamps);
  await conversation.end();
});

test('what was left out as free is replicated, and is no fault', async () => {
  const conversation = await synced();
  conversation.source.leftOut[0]?.fill(1, 300, 301);
  conversation.source.writeUnseen(0, 300, 4_000_000);
  conversation.sender.setProof({ proofId: 'p-1' });
  const result = await resultOf(conversation);
  assert.deepEqual(result.differenceCounts, { DIFFERENT: 0, DAMAGED: 0, LEFT_OUT: 1 });
  await conversation.end();
});

test('a replica that loses everything it is sent is never called equal', async () => {
  const conversation = await synced();
  conversation.store.losesWrites = true;
  conversation.source.writeUnseen(0, 1, 4_000_000);
  conversation.sender.setProof({ proofId: 'p-1' });
  await conversation.until(() => factsOf(conversation).state === 'FAILED');
  assert.match(factsOf(conversation).reason ?? '', /disk-0 at offset 0 differs although/);
  await conversation.end();
});

test('a proof goes on over lost connections; the same id changes nothing, another begins anew', async () => {
  const conversation = await synced();
  conversation.sender.setProof({ proofId: 'p-1' });
  await conversation.pass(60);
  conversation.pair?.cut();
  conversation.sender.setProof({ proofId: 'p-1' });
  const result = await resultOf(conversation);
  assert.ok(conversation.connections > 1);
  conversation.sender.setProof({ proofId: 'p-1' });
  assert.deepEqual(factsOf(conversation).result, result);
  conversation.sender.setProof({ proofId: 'p-2' });
  assert.equal(factsOf(conversation).state, 'RUNNING');
  await resultOf(conversation);
  conversation.sender.setProof(undefined);
  assert.equal(conversation.sender.status().proof, undefined);
  await conversation.end();
});

test('a loss of sight in the middle makes no wrong claim', async () => {
  const conversation = await synced();
  conversation.sender.setProof({ proofId: 'p-1' });
  await conversation.pass(20);
  conversation.source.loseSight();
  conversation.source.write(0, 700, 5_000_000);
  await conversation.pass(30);
  conversation.source.noticeLoss();
  const result = await resultOf(conversation);
  assert.deepEqual(result.differenceCounts, { DIFFERENT: 0, DAMAGED: 0, LEFT_OUT: 0 });
  assert.deepEqual(conversation.store.epochs.at(-1)?.disks, conversation.source.stamps);
  await conversation.end();
});

test('a source without tracking cannot be proved', async () => {
  const conversation = await synced();
  const sender = conversation.createSender({ source: withoutWatch(conversation) });
  sender.setProof({ proofId: 'p-1' });
  assert.equal(sender.status().proof?.state, 'FAILED');
  await conversation.end();
});

function withoutWatch({ source }: Conversation) {
  const { disks, generation } = source;
  return {
    ...{ disks, generation },
    dirtyBytes: (index: number) => source.dirtyBytes(index),
    markDirty: (index: number, extent: { offsetBytes: number; lengthBytes: number }) =>
      source.markDirty(index, extent),
    takeBulk: (bytesMax: number) => source.takeBulk(bytesMax),
    nextCut: (options: { waitMs: number; signal: AbortSignal }) => source.nextCut(options),
  };
}

test('the hash tree is that of RFC 6962 over the hashes of the chunks', () => {
  const sha = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
  const chunks = ['a', 'b', 'c'].map((text) => sha(Buffer.from(text)));
  const [a, b, c] = chunks.map((hash) => sha(Buffer.from([0]), hash));
  assert.ok(a !== undefined && b !== undefined && c !== undefined);
  const expected = sha(Buffer.from([1]), sha(Buffer.from([1]), a, b), c);
  assert.ok(hashTreeRoot(Buffer.concat(chunks)).equals(expected));
  assert.ok(hashTreeRoot(chunks[0] ?? Buffer.alloc(0)).equals(a));
});
