/** The bound against what a server needs that really goes on so: blocks, points and tiers in memory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RetentionTier } from '@landfall/model';
import { type Random, seededRandom, systemRandom } from '@landfall/runtime';
import { type AgedPoint, pointsToKeep } from '../points/retention-policy.ts';
import { type BoundedSpace, spaceBound } from './space-bound.ts';
import { SpaceTally } from './space-tally.ts';

const TIERS: readonly RetentionTier[] = [
  { everyMs: 0, forMs: 2000 },
  { everyMs: 1000, forMs: 20_000 },
  { everyMs: 5000, forMs: 60_000 },
];
const CUT_MS = 100;
const SERVERS = 12;
const SEED_FROM = systemRandom.integer(1_000_000_000);

interface VersionOfBlock {
  readonly epoch: number;
  readonly block: number;
  overwrittenEpoch: number;
}

class ChangingServer {
  readonly #random: Random;
  readonly #blocks: number;
  readonly #writesPerEpoch: number;
  readonly #hotBlocks: number;
  #points: AgedPoint[] = [{ epoch: 1, timelineMs: 0, consistency: 'CRASH_CONSISTENT' }];
  #versions: VersionOfBlock[] = [];
  readonly #newest = new Map<number, VersionOfBlock>();
  #epoch = 1;

  constructor(random: Random) {
    this.#random = random;
    this.#blocks = 50 + random.integer(400);
    this.#hotBlocks = 1 + random.integer(this.#blocks);
    this.#writesPerEpoch = 1 + random.integer(12);
  }

  run(epochs: number): void {
    for (let left = epochs; left > 0; left -= 1) this.#cut();
    const kept = pointsToKeep(this.#points, TIERS, () => false);
    this.#points = this.#points.filter((_, row) => kept[row]);
    const isSeen = ({ epoch, overwrittenEpoch }: VersionOfBlock) =>
      this.#points.some((point) => epoch <= point.epoch && point.epoch < overwrittenEpoch);
    this.#versions = this.#versions.filter(isSeen);
  }

  get space(): BoundedSpace {
    const tally = new SpaceTally({ points: this.#points, tiers: TIERS, marked: new Set(), read: new Set() });
    for (const { epoch, overwrittenEpoch } of this.#versions) tally.add(epoch, overwrittenEpoch, 1);
    const { tiers, ...rest } = tally.result;
    return {
      ...rest,
      tiers: TIERS.map((tier, index) => ({ ...tier, points: 0, bytes: 0, costBytes: 0, ...tiers[index] })),
      ...{ baseBytes: this.#blocks, tableBytes: 0, diskBytes: this.#blocks, heldBytes: 0, otherBytes: 0 },
      historyMs: (this.#points.at(-1)?.timelineMs ?? 0) - (this.#points[0]?.timelineMs ?? 0),
    };
  }

  #cut(): void {
    this.#epoch += 1;
    for (let left = this.#writesPerEpoch; left > 0; left -= 1) {
      const block = this.#random.integer(this.#random.integer(4) === 0 ? this.#blocks : this.#hotBlocks);
      const version = { epoch: this.#epoch, block, overwrittenEpoch: Number.POSITIVE_INFINITY };
      const before = this.#newest.get(block);
      if (before !== undefined) before.overwrittenEpoch = this.#epoch;
      this.#newest.set(block, version);
      this.#versions.push(version);
    }
    const timelineMs = (this.#epoch - 1) * CUT_MS;
    this.#points.push({ epoch: this.#epoch, timelineMs, consistency: 'CRASH_CONSISTENT' });
  }
}

/** As much as compaction may leave of it. */
function neededOf({ baseBytes, newestBytes, tiers, passing }: BoundedSpace): number {
  const live = tiers.reduce((sum, { bytes }) => sum + bytes, newestBytes + passing.bytes);
  return baseBytes + live / 0.45;
}

test(`a server that goes on as it did never needs more, ${SERVERS} servers from seed ${SEED_FROM}`, (t) => {
  const ratios: number[] = [];
  for (let seed = SEED_FROM; seed < SEED_FROM + SERVERS; seed += 1) {
    const server = new ChangingServer(seededRandom(seed));
    server.run(120 + seededRandom(seed).integer(300));
    const bound = spaceBound(server.space, 0) ?? 0;
    let needed = 0;
    for (let step = 0; step < 20; step += 1) {
      server.run(50);
      needed = Math.max(needed, neededOf(server.space));
    }
    // Random churn is not exactly the same in every second.
    assert.ok(needed <= bound * 1.1, `seed ${seed}: ${needed} was needed, below ${bound} was told`);
    ratios.push(bound / needed);
  }
  t.diagnostic(`bound / needed: ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')}`);
});

test('too little history gives no bound; with a full history it does not grow with the tiers', () => {
  const server = new ChangingServer(seededRandom(1));
  assert.equal(spaceBound(server.space, 0), undefined);
  server.run(1);
  assert.equal(spaceBound(server.space, 0), undefined, 'a tenth of the first tier is not covered');
  server.run(900);
  const { space } = server;
  assert.ok(space.historyMs >= 60_000, `${space.historyMs} ms`);
  assert.ok((spaceBound(space, 0) ?? 0) <= neededOf(space) * 1.05 + space.diskBytes);
});
