/**
 * A process of its own: `node stamped-writer.ts LOG SEED BLOCKS DEVICE…`. Writes stamped blocks with direct
 * I/O to all devices in turn of chance, several at once, in bursts with pauses, until SIGTERM; then waits for
 * those under way. A line of the log for each write once it is acknowledged (see StampedWrite).
 */
import { constants, openSync, readSync, write as writeFile, writeSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { type Random, seededRandom, systemClock, systemErrorCode } from '../../packages/runtime/src/index.ts';
import { STAMP_BYTES, writeStamp } from './stamped-block.ts';

const IN_FLIGHT = 4;
const BLOCKS_A_WRITE_MAX = 8;
const BURST_WRITES_MAX = 200;
const PAUSE_MS_MAX = 60;
/** Some blocks are written far more often than others: their versions are what a cut must choose between. */
const HOT_BLOCKS = 32;

interface Target {
  readonly files: readonly number[];
  readonly blocks: number;
  readonly log: number;
  readonly random: Random;
}

/** Blocks with a write under way: `disk/block`. */
const busy = new Set<string>();
let lastWrite = 0;
let lastTick = 0;
let stopping = false;

function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Memory at an address that direct I/O takes, found by trying. */
function alignedMemory(file: number): Buffer {
  const bytes = BLOCKS_A_WRITE_MAX * STAMP_BYTES;
  const memory = Buffer.alloc(bytes + STAMP_BYTES);
  for (let offset = 0; offset < STAMP_BYTES; offset += 16) {
    try {
      readSync(file, memory, offset, bytes, 0);
      return memory.subarray(offset, offset + bytes);
    } catch (error) {
      if (systemErrorCode(error) !== 'EINVAL') throw error;
    }
  }
  throw new Error('no aligned memory');
}

function choosePlace({ files, blocks, random }: Target) {
  for (;;) {
    const disk = random.integer(files.length);
    const count = random.integer(3) === 0 ? 1 + random.integer(BLOCKS_A_WRITE_MAX) : 1;
    const range = random.integer(2) === 0 ? HOT_BLOCKS : blocks;
    const block = random.integer(range - count + 1);
    const keys = Array.from({ length: count }, (_, index) => `${disk}/${block + index}`);
    if (keys.every((key) => !busy.has(key))) return { disk, block, count, keys };
  }
}

async function writeOnce(target: Target, memory: Buffer): Promise<void> {
  const { disk, block, count, keys } = choosePlace(target);
  for (const key of keys) busy.add(key);
  lastWrite += 1;
  const write = lastWrite;
  for (let index = 0; index < count; index += 1) {
    const part = memory.subarray(index * STAMP_BYTES, (index + 1) * STAMP_BYTES);
    writeStamp(part, { disk, block: block + index, write });
  }
  lastTick += 1;
  const issue = `${lastTick} ${nowMs()}`;
  await promisify(writeFile)(target.files[disk] ?? -1, memory, 0, count * STAMP_BYTES, block * STAMP_BYTES);
  lastTick += 1;
  writeSync(target.log, `${write} ${disk} ${block} ${count} ${issue} ${lastTick} ${nowMs()}\n`);
  for (const key of keys) busy.delete(key);
}

async function main([logPath = '', seed = '', blocks = '', ...devices]: readonly string[]): Promise<void> {
  process.once('SIGTERM', () => {
    stopping = true;
  });
  const files = devices.map((device) => openSync(device, constants.O_RDWR | constants.O_DIRECT));
  const random = seededRandom(Number(seed));
  const target = { files, blocks: Number(blocks), log: openSync(logPath, 'a'), random };
  const memories = Array.from({ length: IN_FLIGHT }, () => alignedMemory(files[0] ?? -1));
  while (!stopping) {
    let left = 1 + random.integer(BURST_WRITES_MAX);
    const work = async (memory: Buffer) => {
      while (left > 0 && !stopping) {
        left -= 1;
        await writeOnce(target, memory);
      }
    };
    await Promise.all(memories.map(work));
    await systemClock.sleep(random.integer(PAUSE_MS_MAX));
  }
}

await main(process.argv.slice(2));
