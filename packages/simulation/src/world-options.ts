/** One seed's world: its disks, its speeds, its limits, all drawn from the seed. */
import type { EpochSource, TraceSource } from '@landfall/capture';
import type { JournalFiles } from '@landfall/journal';
import type { RetentionTier } from '@landfall/model';
import type { EpochStore } from '@landfall/replication';
import type { Random } from '@landfall/runtime';
import type { Link } from '@landfall/wire';
import { BLOCK_BYTES, SECTORS_PER_BLOCK } from './sector-content.ts';

/** A part of the product with a fault built in, to prove that the checks find it. */
export interface Mutant {
  readonly trace?: (trace: TraceSource) => TraceSource;
  readonly source?: (source: EpochSource) => EpochSource;
  readonly store?: (store: EpochStore) => EpochStore;
  readonly files?: (files: JournalFiles) => JournalFiles;
  /** Of one run of the replication server: every connection of an agent, as it is read there. */
  readonly links?: () => (link: Link) => Link;
  /** By which tiers points really go. */
  readonly tiers?: (tiers: readonly RetentionTier[]) => readonly RetentionTier[];
}

/** How the journal is kept small in this world. */
export interface WorldRetention {
  readonly tiers: readonly RetentionTier[];
  readonly tableFactor: number;
}

export interface WorldSizes {
  /** One disk has several chunks of 1 MiB, extents are large, and nothing compresses. */
  readonly isLarge: boolean;
  readonly sectorCounts: readonly number[];
  readonly changesMax: number;
  readonly windowBytes: number;
  readonly cutIntervalMs: number;
  readonly idleCutIntervalMs: number;
  readonly bulkBytes: number;
  readonly cutDirtyBytesMax: number;
  readonly epochsInFlightMax: number;
  readonly readsInFlightMax: number;
  readonly latencyMsMax: number;
  readonly pieceBytesMax: number;
  readonly syncMsMax: number;
  readonly segmentBytes: number;
  /** Connections of a session that the agent asks for, and that the replication server grants. */
  readonly streams: number;
  readonly streamsMax: number;
}

const BLOCKS_MAX = 24;
const FINEST_MS_MAX = 150;
const COARSER_MS_MAX = 300;
const LARGE_ONE_IN = 12;
const CHUNK_BLOCKS = 256;
const BULK_BLOCKS_MAX = 8;
const LARGE_BULK_BLOCKS_MAX = 300;

export function drawWorldSizes(random: Random): WorldSizes {
  const isLarge = random.integer(LARGE_ONE_IN) === 0;
  const sectorCounts = Array.from({ length: 1 + random.integer(3) }, (_, index) =>
    drawSectorCount(random, isLarge && index === 0),
  );
  const blocks = sectorCounts.reduce((sum, count) => sum + Math.ceil(count / SECTORS_PER_BLOCK), 0);
  const windowBlocks = 1 + random.integer(blocks + 8);
  const changesMax = 100 + random.integer(700);
  const cutIntervalMs = random.integer(3) === 0 ? 0 : random.integer(60);
  return {
    isLarge,
    sectorCounts,
    changesMax,
    windowBytes: windowBlocks * BLOCK_BYTES,
    cutIntervalMs,
    idleCutIntervalMs: cutIntervalMs % 2 === 0 ? 0 : 500,
    bulkBytes: (1 + random.integer(isLarge ? LARGE_BULK_BLOCKS_MAX : BULK_BLOCKS_MAX)) * BLOCK_BYTES,
    cutDirtyBytesMax: (1 + random.integer(windowBlocks)) * BLOCK_BYTES,
    epochsInFlightMax: 1 + random.integer(12),
    readsInFlightMax: 1 + random.integer(8),
    latencyMsMax: random.integer(4),
    pieceBytesMax: 1 + random.integer(40_000),
    syncMsMax: [0, 1, 8, 60][random.integer(4)] ?? 1,
    segmentBytes: [3000, 60_000, 1_000_000][random.integer(3)] ?? 60_000,
    streams: 1 + random.integer(5),
    streamsMax: 1 + random.integer(5),
  };
}

/**
 * In every second world, from a stream of its own: the others run, event by event, as they did before there
 * was any. The finest tier keeps every point, so that it is known of some that they must be there.
 */
export function drawRetention(random: Random): WorldRetention | undefined {
  if (random.integer(2) === 0) return undefined;
  const tiers: RetentionTier[] = [{ everyMs: 0, forMs: random.integer(FINEST_MS_MAX) }];
  for (let count = random.integer(3); count > 0; count -= 1) {
    const { everyMs, forMs } = tiers.at(-1) as RetentionTier;
    tiers.push({
      everyMs: (everyMs || 20) * (2 + random.integer(4)),
      forMs: forMs + 1 + random.integer(COARSER_MS_MAX),
    });
  }
  return { tiers, tableFactor: [0, 1, 2][random.integer(3)] ?? 0 };
}

function drawSectorCount(random: Random, isLarge: boolean): number {
  const blocks = (isLarge ? CHUNK_BLOCKS : 1) + random.integer(BLOCKS_MAX);
  const missingSectors = random.integer(4) === 0 ? random.integer(SECTORS_PER_BLOCK) : 0;
  return blocks * SECTORS_PER_BLOCK - missingSectors;
}
