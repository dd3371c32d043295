/**
 * What the journal writes in its whole life, against what it was given: appending once, rewriting less than
 * once (K1), the base less than once, tables a 32nd (B4).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RetentionTier } from '@landfall/model';
import { seededRandom, silentLogger } from '@landfall/runtime';
import { rawExtent } from '../extents.testing.ts';
import type { JournalGroup } from '../group/journal-group.ts';
import { openJournalGroupOn } from '../group/open-journal-group.ts';
import type { JournalFile, JournalFiles } from '../storage/journal-files.ts';
import { SimulatedJournalFiles } from '../storage/simulated-journal-files.ts';

const BLOCK = 4096;
const BLOCKS = 256;
const EPOCHS = 3000;
const TIERS: readonly RetentionTier[] = [
  { everyMs: 0, forMs: 30_000 },
  { everyMs: 1000, forMs: 120_000 },
  { everyMs: 10_000, forMs: 300_000 },
];

/** Counts the bytes written into files. */
function counting(files: SimulatedJournalFiles, counted: { bytes: number; documents: number }): JournalFiles {
  const counter = (file: JournalFile): JournalFile => ({
    sizeBytes: () => file.sizeBytes(),
    read: (position, target) => file.read(position, target),
    readParts: (position, parts) => file.readParts(position, parts),
    write: (position, parts) => {
      counted.bytes += parts.reduce((sum, part) => sum + part.length, 0);
      return file.write(position, parts);
    },
    truncate: (size) => file.truncate(size),
    sync: () => file.sync(),
    close: () => file.close(),
  });
  return {
    create: async (path) => counter(await files.create(path)),
    open: async (path) => counter(await files.open(path)),
    readWhole: (path) => files.readWhole(path),
    replace: (path, content) => {
      counted.documents += content.length;
      return files.replace(path, content);
    },
    ensureFolder: () => files.ensureFolder(),
    list: (path) => files.list(path),
    syncFolder: (path) => files.syncFolder(path),
    remove: (path) => files.remove(path),
    allocatedBytes: (path) => files.allocatedBytes(path),
    freeBytes: () => files.freeBytes(),
    lock: () => files.lock(),
  };
}

async function liveOf(group: JournalGroup, pick: () => number): Promise<number> {
  const random = seededRandom(11);
  let given = 0;
  for (let epoch = 1; epoch <= EPOCHS; epoch += 1) {
    let count = 0;
    for (; count < 4; count += 1) {
      const { header, payload } = rawExtent(0, pick() * BLOCK, Buffer.alloc(BLOCK, random.bytes(16)));
      await group.putExtent(header, payload);
      given += payload.length;
    }
    const cutMonotonicNs = BigInt(epoch) * 200_000_000n;
    const cutTimeMs = 1_700_000_000_000 + epoch * 200;
    await group.commit({
      epoch,
      cutTimeMs,
      cutMonotonicNs,
      extentCount: count,
      consistency: 'CRASH_CONSISTENT',
    });
    if (epoch % 20 > 0) continue;
    while ((await group.maintain()).hasMore);
  }
  return given;
}

const random = seededRandom(12);
const PATTERNS: readonly (readonly [string, () => number])[] = [
  ['random', () => random.integer(BLOCKS)],
  ['a hot tenth', () => random.integer(random.integer(10) === 0 ? BLOCKS : 25)],
  [
    'round and round',
    (() => {
      let next = 0;
      return () => next++ % BLOCKS;
    })(),
  ],
];

for (const [name, pick] of PATTERNS) {
  test(`writes of ${name}: at most three times what was given is written, and old segments go`, async (t) => {
    const counted = { bytes: 0, documents: 0 };
    const files = new SimulatedJournalFiles(seededRandom(13));
    const group = await openJournalGroupOn(counting(files, counted), {
      ...{ disks: [{ diskId: 'disk-0', sizeBytes: BLOCK * BLOCKS }], create: true, logger: silentLogger },
      ...{ reserveBytes: 0, segmentBytes: 500_000, retention: { tiers: TIERS, thinEveryMs: 1000 } },
    });
    const given = await liveOf(group, pick);
    await group.close();
    const ratio = counted.bytes / given;
    const kept = (await files.allocatedBytes()) / given;
    t.diagnostic(
      `written ${ratio.toFixed(2)} times, kept ${kept.toFixed(2)}, documents ${counted.documents}`,
    );
    assert.ok(ratio < 3, `${ratio.toFixed(2)} times`);
    assert.ok(kept < 0.6, `${kept.toFixed(2)} of it is left`);
  });
}
