/** Damaged and invented file systems: never a crash, never a loop, never anything free outside the volume. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Random, runChecked, seededRandom, systemClock } from '@landfall/runtime';
import { CRC32C_START, crc32c } from './crc32c.ts';
import { readExt4FreeSpace } from './ext4-free-space.ts';
import { demand, NotProved } from './proof.ts';

const ROUNDS = Number(process.env.LANDFALL_FUZZ_ROUNDS ?? 40);
const SEED = Number(process.env.LANDFALL_FUZZ_SEED ?? 1);
const SIZE_BYTES = 4 * 1024 * 1024;
const NEVER = new AbortController().signal;
const CLOCK = { ...systemClock, sleep: async () => undefined };
const VARIANTS = [
  ['-O', '^metadata_csum,^has_journal', '-b', '1024', '-g', '512'],
  ['-O', '^has_journal', '-b', '1024', '-g', '1024'],
  ['-O', '^has_journal,bigalloc', '-b', '4096', '-C', '16384'],
  ['-O', '^has_journal,meta_bg,^resize_inode,^metadata_csum,uninit_bg', '-b', '1024', '-g', '256'],
];

test(`ext4 with ${ROUNDS} kinds of damage for each layout`, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'landfall-fuzz-'));
  context.after(() => rmSync(folder, { recursive: true }));
  let [proved, refused] = [0, 0];
  for (const [index, variant] of VARIANTS.entries()) {
    const whole = await makeImage(join(folder, `${index}.img`), variant);
    assert.ok(((await freeBytesOf(whole)) ?? 0) > 0, 'undamaged, it has free space');
    for (let round = 0; round < ROUNDS; round += 1) {
      const random = seededRandom(SEED + index * ROUNDS + round);
      const damaged = damage(Buffer.from(whole), random);
      const free = await freeBytesOf(damaged, `variant ${index}, seed ${SEED + index * ROUNDS + round}`);
      if (free === undefined) refused += 1;
      else proved += 1;
    }
  }
  context.diagnostic(`${proved} proved in part or whole, ${refused} refused`);
  assert.ok(refused > 0 && proved > 0);
});

test('bytes that are no file system are refused', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const random = seededRandom(SEED + round);
    const bytes = random.bytes(8 * 1024);
    if (round % 2 === 0) bytes.writeUInt16LE(0xef53, 1024 + 0x38);
    assert.equal(await freeBytesOf(bytes), undefined);
  }
});

async function makeImage(path: string, variant: readonly string[]): Promise<Buffer> {
  writeFileSync(path, '');
  truncateSync(path, SIZE_BYTES);
  await runChecked(['mkfs.ext4', '-q', '-F', ...variant, path]);
  return readFileSync(path);
}

/** Some bytes of the superblock (its checksum made right again), or of the first blocks. */
function damage(bytes: Buffer, random: Random): Buffer {
  for (let count = 1 + random.integer(4); count > 0; count -= 1) {
    const at = random.integer(2) === 0 ? 1024 + random.integer(0x180) : random.integer(64 * 1024);
    const values = [0, 1, 0x7f, 0x80, 0xff, random.integer(256)];
    bytes[at] = values[random.integer(values.length)] ?? 0;
  }
  bytes.writeUInt32LE(crc32c(CRC32C_START, bytes.subarray(1024, 1024 + 0x3fc)), 1024 + 0x3fc);
  return bytes;
}

/** `undefined`: refused. */
async function freeBytesOf(bytes: Buffer, what = ''): Promise<number | undefined> {
  const found = new Uint8Array(Math.ceil(bytes.length / 1024));
  const read = async (offset: number, length: number) => {
    demand(offset >= 0 && length > 0 && offset + length <= bytes.length, 'it cannot be read whole');
    return Buffer.from(bytes.subarray(offset, offset + length));
  };
  const volume = { sizeBytes: bytes.length, isWritable: true, read, clock: CLOCK, signal: NEVER };
  try {
    await readExt4FreeSpace(volume, (offset, length) => {
      assert.ok(length > 0 && offset >= 0 && offset + length <= bytes.length, `${what}: inside the volume`);
      const units = found.subarray(offset / 1024, (offset + length) / 1024);
      assert.ok(
        units.every((unit) => unit === 0),
        `${what}: nothing is found twice`,
      );
      units.fill(1);
    });
    return found.reduce((sum, unit) => sum + unit, 0) * 1024;
  } catch (error) {
    if (error instanceof NotProved) return undefined;
    throw error;
  }
}
