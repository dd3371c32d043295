/** Views of different moments on real files, each verified, while epochs are appended and segments sealed. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MIB, type Random, seededRandom, silentLogger } from '@landfall/runtime';
import { putEpoch, rawExtent, type TestExtent, zstdExtent } from '../extents.testing.ts';
import type { JournalGroup } from '../group/journal-group.ts';
import { openJournalGroup } from '../group/open-journal-group.ts';

const SEED = 20_261_126;
const SIZE_BYTES = 3 * MIB + 4096;
const VIEWS = 20;
const EPOCHS_BEFORE = 30;
const EPOCHS_MEANWHILE = 60;
const READ_BYTES_MAX = 300_000;
/** Of each view: small steps that are read ahead, and anywhere. */
const READS = 40;

/** The disk as it was at each epoch. */
type History = Buffer[];

test(`${VIEWS} views of different moments are right while writing goes on (seed ${SEED})`, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-views-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const random = seededRandom(SEED);
  const group = await openJournalGroup({
    folder,
    disks: [{ diskId: 'disk-0', sizeBytes: SIZE_BYTES }],
    logger: silentLogger,
    create: true,
    segmentBytes: MIB,
    reserveBytes: 0,
  });
  const history: History = [Buffer.alloc(SIZE_BYTES)];
  await append(group, history, { count: EPOCHS_BEFORE, random });
  const epochs = Array.from({ length: VIEWS }, () => 1 + random.integer(EPOCHS_BEFORE));
  const reading = epochs.map((epoch, index) => readView(group, history, { epoch, seed: SEED + index }));
  await Promise.all([...reading, append(group, history, { count: EPOCHS_MEANWHILE, random })]);
  assert.equal(group.lastEpoch, EPOCHS_BEFORE + EPOCHS_MEANWHILE);
  await readView(group, history, { epoch: group.lastEpoch, seed: SEED });
  await group.close();
});

async function append(
  group: JournalGroup,
  history: History,
  { count, random }: { readonly count: number; readonly random: Random },
): Promise<void> {
  for (let epoch = 0; epoch < count; epoch += 1) {
    const next = Buffer.from(history.at(-1) ?? Buffer.alloc(0));
    const extents = Array.from({ length: 1 + random.integer(12) }, () => randomExtent(next, random));
    history.push(next);
    await putEpoch(group, extents);
  }
}

function randomExtent(disk: Buffer, random: Random): TestExtent {
  const offset = random.integer(SIZE_BYTES / 512) * 512;
  const length = Math.min(SIZE_BYTES - offset, 512 * (1 + random.integer(200)));
  const content = Buffer.alloc(length, `${random.integer(1_000_000)} `);
  content.copy(disk, offset);
  return random.integer(2) === 0 ? rawExtent(0, offset, content) : zstdExtent(0, offset, content);
}

async function readView(
  group: JournalGroup,
  history: History,
  { epoch, seed }: { readonly epoch: number; readonly seed: number },
): Promise<void> {
  const random = seededRandom(seed);
  const expected = history[epoch] ?? Buffer.alloc(0);
  const view = await group.openView(epoch);
  const [device] = view.disks;
  assert.ok(device !== undefined);
  const check = async (offset: number, length: number) => {
    const target = Buffer.alloc(Math.min(length, SIZE_BYTES - offset));
    await device.read(offset, target);
    const same = target.equals(expected.subarray(offset, offset + target.length));
    assert.ok(same, `epoch ${epoch}, ${target.length} bytes at ${offset}`);
  };
  for (let step = 0; step < READS; step += 1) await check(step * 4096, 4096);
  for (let step = 0; step < READS; step += 1) {
    await check(random.integer(SIZE_BYTES), 1 + random.integer(READ_BYTES_MAX));
  }
  await check(0, SIZE_BYTES);
  await view.close();
}
