/**
 * The tripwire of a real journal over a real ext4: files encrypted in place, copied and deleted, and what
 * only looks like it. Time is given, everything else is from a seed.
 */
import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { payloadChecksum } from '@landfall/block';
import { type JournalGroup, openJournalGroup } from '@landfall/journal';
import type { EpochStore } from '@landfall/replication';
import { createLogger, MIB, type Random, runChecked, seededRandom, silentLogger } from '@landfall/runtime';
import { contentOf } from './content.ts';
import { SETTLE_MS } from './detector.ts';
import { DiskUsage, findExt4, isSet } from './disk-usage.ts';
import { ServerTripwire } from './server-tripwire.ts';

const BLOCK_BYTES = 4096;
const DISK_BYTES = 192 * MIB;
const FILES = 56;
const FILE_BYTES = 2 * MIB;
const START_MS = Date.UTC(2026, 4, 1);
const CHUNK_BLOCKS = 64;
const SEED = Number(process.env.LANDFALL_TRIPWIRE_SEED ?? 1);

interface Server {
  readonly group: JournalGroup;
  readonly store: EpochStore;
  readonly tripwire: ServerTripwire;
  readonly random: Random;
  readonly lines: string[];
  /** The disk as it is now. */
  readonly image: Buffer;
  nowMs: number;
  /** The clock of the replication server, beside that of the source. */
  aheadMs: number;
  epoch: number;
}

/** A file system with 112 MiB of text, replicated. */
async function replicated(t: TestContext): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-tripwire-'));
  const random = seededRandom(SEED);
  made ??= makeImage();
  const image = Buffer.from(await made);
  const disks = [{ diskId: 'disk-0', sizeBytes: DISK_BYTES }];
  const options = { disks, create: true, reserveBytes: 0, logger: silentLogger };
  const group = await openJournalGroup({ folder: join(folder, 'journal'), ...options });
  t.after(async () => {
    await group.close();
    await rm(folder, { recursive: true });
  });
  const lines: string[] = [];
  const logger = createLogger({ program: 'test', write: (line) => lines.push(line) });
  const tripwire = new ServerTripwire({ sourceServerId: 's-1', group, random, logger });
  const store = tripwire.changes.watch(group);
  const server = { group, store, tripwire, random, lines, image, nowMs: START_MS, aheadMs: 0, epoch: 0 };
  await write(
    server,
    blocksWhere(image, () => true),
  );
  return server;
}

/** The same for all tests: each gets a copy. */
let made: Promise<Buffer> | undefined;

async function makeImage(): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-tripwire-files-'));
  const random = seededRandom(SEED);
  await mkdir(join(folder, 'files'));
  for (let index = 0; index < FILES; index += 1) {
    await writeFile(join(folder, 'files', `${index}.txt`), text(random));
  }
  const path = join(folder, 'disk.img');
  await writeFile(path, '');
  await truncate(path, DISK_BYTES);
  await runChecked(['mkfs.ext4', '-q', '-F', '-b', String(BLOCK_BYTES), '-d', join(folder, 'files'), path]);
  const image = await readFile(path);
  await rm(folder, { recursive: true });
  return image;
}

function text(random: Random): Buffer {
  const words = Array.from({ length: 500 }, () => random.integer(2 ** 40).toString(36));
  const bytes = Buffer.alloc(FILE_BYTES);
  for (let at = 0; at < FILE_BYTES; ) at += bytes.write(`${words[random.integer(500)]} `, at, 'latin1') || 1;
  return bytes;
}

function blocksWhere(image: Buffer, choose: (content: Buffer) => boolean): readonly number[] {
  const count = image.length / BLOCK_BYTES;
  return Array.from({ length: count }, (_, block) => block).filter((block) => choose(at(image, block)));
}

function at(image: Buffer, block: number): Buffer {
  return image.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES);
}

/** An epoch a second, of so many blocks each, as they are in the image now; each second is looked at. */
async function write(server: Server, blocks: readonly number[], blocksEach = blocks.length): Promise<void> {
  for (let from = 0; from < blocks.length; from += blocksEach) {
    server.nowMs += 1000;
    server.epoch += 1;
    const some = blocks.slice(from, from + blocksEach);
    let extentCount = 0;
    for (const { block, count } of runsOf(some)) {
      const payload = Buffer.from(server.image.subarray(block * BLOCK_BYTES, (block + count) * BLOCK_BYTES));
      const place = { diskIndex: 0, offsetBytes: block * BLOCK_BYTES, lengthBytes: payload.length };
      await server.store.putExtent({ ...place, codec: 0, checksum: payloadChecksum(payload) }, payload);
      extentCount += 1;
    }
    const cut = { cutTimeMs: server.nowMs, cutMonotonicNs: BigInt(server.nowMs) * 1_000_000n };
    await server.store.commit({ epoch: server.epoch, ...cut, consistency: 'CRASH_CONSISTENT', extentCount });
    await server.tripwire.look(server.nowMs + server.aheadMs);
  }
}

function runsOf(blocks: readonly number[]): readonly { readonly block: number; readonly count: number }[] {
  const runs: { block: number; count: number }[] = [];
  for (const block of blocks) {
    const last = runs.at(-1);
    const joins = last !== undefined && last.block + last.count === block && last.count < CHUNK_BLOCKS;
    if (joins) last.count += 1;
    else runs.push({ block, count: 1 });
  }
  return runs;
}

async function wait(server: Server, ms: number): Promise<void> {
  for (const endMs = server.nowMs + ms; server.nowMs < endMs; ) {
    server.nowMs += 1000;
    await server.tripwire.look(server.nowMs + server.aheadMs);
  }
}

function encrypt(server: Server, blocks: readonly number[], from: Buffer = server.image): void {
  const cipher = createCipheriv('aes-256-ctr', server.random.bytes(32), server.random.bytes(16));
  for (const block of blocks) cipher.update(Buffer.from(at(from, block))).copy(at(server.image, block));
}

/** What of the disk is in use, by its own records. */
async function usage(server: Server) {
  const view = await server.group.openView(server.group.lastEpoch);
  const [device] = view.disks;
  assert.ok(device !== undefined);
  const volumes = await findExt4(device);
  const disk = new DiskUsage(device, volumes);
  const blocks = blocksWhere(server.image, () => true);
  const states = await Promise.all(blocks.map((block) => disk.at(block * BLOCK_BYTES)));
  await view.close();
  return { free: blocks.filter((block) => states[block] === 'FREE'), volumes };
}

/** Text has no byte above 0x7f; what ext4 keeps for itself is not like that for a whole block. */
function textBlocks({ image }: Server): readonly number[] {
  return blocksWhere(image, (content) => {
    return (content[100] ?? 0) >= 0x20 && content.every((byte) => byte >= 0x20 && byte < 0x80);
  });
}

/** Clears their bits, as the kernel does some time after files were deleted. */
async function free(server: Server, blocks: readonly number[]): Promise<void> {
  const { volumes } = await usage(server);
  const touched = new Set<number>();
  for (const { superblock } of volumes) {
    const [descriptors] = [server.image.subarray(BLOCK_BYTES)];
    for (const block of blocks) {
      const group = Math.floor(block / superblock.blocksPerGroup);
      const bitmapBlock = descriptors.readUInt32LE(group * superblock.descriptorBytes);
      const bit = block % superblock.blocksPerGroup;
      const bitmap = at(server.image, bitmapBlock);
      assert.ok(isSet(bitmap, bit));
      bitmap[bit >>> 3] = (bitmap[bit >>> 3] ?? 0) & ~(1 << (bit & 7));
      touched.add(bitmapBlock);
    }
  }
  await write(server, [...touched]);
}

function noiseInto(server: Server, blocks: readonly number[]): void {
  encrypt(server, blocks, Buffer.alloc(server.image.length));
}

test(`files encrypted in place are an incident, and the pinned point is older than it (seed ${SEED})`, async (t) => {
  const server = await replicated(t);
  await write(server, [10], 1);
  await wait(server, 20_000);
  await write(server, [10], 1);
  const lastGoodEpoch = server.epoch;
  const blocks = textBlocks(server);
  assert.ok(blocks.length * BLOCK_BYTES >= 70 * MIB);
  await wait(server, 10_000);
  const beganMs = server.nowMs;
  encrypt(server, blocks);
  await write(server, blocks, 1024);
  await wait(server, SETTLE_MS);
  const [incident] = server.tripwire.incidents;
  assert.ok(incident !== undefined, 'it was noticed');
  assert.equal(server.tripwire.incidents.length, 1);
  assert.equal(incident.pinnedEpoch, lastGoodEpoch);
  assert.ok(incident.detectedAtMs - beganMs <= SETTLE_MS + 2000);
  const convertedShare = incident.convertedBytes / (blocks.length * BLOCK_BYTES);
  assert.ok(convertedShare > 0.7 && convertedShare < 1.3, `estimated ${convertedShare} of what it was`);
  assert.match(server.group.pins[0]?.name ?? '', /^before suspected ransomware/);
  assert.ok(server.lines.some((line) => line.includes('"RANSOMWARE_SUSPECTED"')));
});

test('every other 64 KiB encrypted is an incident as well', async (t) => {
  const server = await replicated(t);
  const blocks = textBlocks(server).filter((block) => Math.floor(block / 16) % 2 === 0);
  encrypt(server, blocks);
  await write(server, blocks, 512);
  await wait(server, SETTLE_MS);
  assert.equal(server.tripwire.incidents.length, 1);
});

test('an encrypted copy and the original deleted is an incident', async (t) => {
  const server = await replicated(t);
  await wait(server, 90_000);
  await write(server, [10]);
  const originals = textBlocks(server).slice(0, 12_000);
  const { free: room } = await usage(server);
  const copies = room.slice(0, originals.length);
  noiseInto(server, copies);
  await write(server, copies, 1024);
  assert.equal(server.tripwire.incidents.length, 0, 'so far it is a download');
  await free(server, originals);
  await wait(server, 60_000);
  assert.equal(server.tripwire.incidents.length, 1);
  // The second point is too young: originals may be deleted a while before their copies are on the disk.
  assert.equal(server.tripwire.incidents[0]?.pinnedEpoch, 1);
});

test('an encrypted copy is noticed although the clock is set back on the way', async (t) => {
  const server = await replicated(t);
  await wait(server, 90_000);
  const originals = textBlocks(server).slice(0, 12_000);
  const { free: room } = await usage(server);
  const copies = room.slice(0, originals.length);
  noiseInto(server, copies);
  await write(server, copies, 1024);
  server.aheadMs = -3_600_000;
  await free(server, originals);
  await wait(server, 60_000);
  assert.equal(server.tripwire.incidents.length, 1);
});

test('noise in free space is none: a download, a backup, the remains of deleted files overwritten', async (t) => {
  const server = await replicated(t);
  await free(server, textBlocks(server).slice(0, 10_000));
  const { free: room } = await usage(server);
  const structured = room.filter((block) => contentOf(at(server.image, block)) === 'STRUCTURED');
  assert.ok(structured.length >= 9000, 'there are remains');
  await wait(server, 40 * 60_000);
  noiseInto(server, structured);
  await write(server, structured, 512);
  await wait(server, 120_000);
  assert.equal(server.tripwire.incidents.length, 0);
});

test('files overwritten with other text, and noise with other noise, are none', async (t) => {
  const server = await replicated(t);
  const blocks = textBlocks(server);
  for (const block of blocks) at(server.image, block).reverse();
  await write(server, blocks, 1024);
  // Too little for an alarm, and it is noise from then on.
  const noise = blocks.slice(0, 7000);
  for (let round = 0; round < 6; round += 1) {
    encrypt(server, noise);
    await write(server, noise, 1024);
  }
  await wait(server, 120_000);
  assert.equal(server.tripwire.incidents.length, 0);
});

test('compressed logs in the place of logs that were deleted just now are none', async (t) => {
  const server = await replicated(t);
  const logs = textBlocks(server);
  const reused = logs.slice(0, 9000);
  const { free: room } = await usage(server);
  noiseInto(server, [...reused, ...room.slice(0, 1000)]);
  // The disk does not know yet that they were deleted.
  await write(server, reused, 512);
  await write(server, room.slice(0, 1000), 512);
  await free(server, logs.slice(9000));
  await wait(server, 120_000);
  assert.equal(server.tripwire.incidents.length, 0);
});
