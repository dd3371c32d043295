/**
 * The history of every server's replication: samples wait in memory and go to the store in batches.
 *
 * H3  At most one transaction every 10 s, of a sixth of the servers that have something to be written, those
 *     that wait longest first. So each is written once a minute, whatever their number, and a control plane
 *     that is killed has lost a minute at most. With 2,000 servers a batch is 334 of them: 1,002 rows of
 *     about 1 KB, in statements of 100 servers.
 * H4  What waits is bounded: 30 buckets of 10 s a server, the oldest forgotten first when the store is away
 *     for longer. With 2,000 servers that is reckoned to be 3 MB as a rule and 15 MB at most.
 * H5  A bucket is taken from those that wait inside the transaction that writes it, and transactions run one
 *     after another (S2): who reads inside one finds each sample once. Only a commit whose answer was lost
 *     makes samples count twice, which moves a mean by less than the samples differ.
 * H6  A server that was deleted has no history, and gets none by what was still waiting.
 */
import { type Clock, describeError, type Logger } from '@landfall/runtime';
import {
  deleteExpiredSegments,
  findExistingServers,
  findSegments,
  type MetricSegmentRecord,
  saveSegments,
} from '../store/replication-metrics.ts';
import type { Queries } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import {
  addToBuckets,
  bucketOf,
  type MetricBucket,
  type MetricBuckets,
  type MetricSample,
} from './metric-bucket.ts';
import { decodeSegment, encodeSegment } from './metric-segment.ts';
import {
  chooseResolution,
  FINEST_BUCKET_MS,
  keptSinceMs,
  METRIC_TIERS,
  type MetricRange,
  type MetricResolution,
  type MetricTier,
  pointsOf,
  segmentsOf,
  startOf,
} from './metric-tiers.ts';

/** All servers together: each sample of theirs counts as one. No id of a server is like it. */
export const ALL_SERVERS = '*';
const WRITE_EVERY_MS = 10_000;
const ROUND_BATCHES = 6;
const STATEMENT_SERVERS_MAX = 100;
export const WAITING_BUCKETS_MAX = 30;

type Waiting = Map<string, Map<number, MetricBucket>>;

export interface MetricHistory extends MetricResolution {
  readonly points: MetricBuckets;
}

export interface ReplicationHistoryOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
}

export class ReplicationHistory {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Logger;
  /** Whoever waits longest is first. */
  readonly #waiting: Waiting = new Map();

  constructor({ store, clock, log }: ReplicationHistoryOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
  }

  add(sourceServerId: string, sample: MetricSample): void {
    const startMs = startOf(this.#clock.nowMs(), FINEST_BUCKET_MS);
    const bucket = bucketOf(sample);
    for (const id of [sourceServerId, ALL_SERVERS]) this.#wait(id, startMs, bucket);
  }

  /** For inside of the transaction that deletes the server's rows. */
  forget(sourceServerId: string): void {
    this.#waiting.delete(sourceServerId);
  }

  /** Up to the last report, of a server or of ALL_SERVERS. */
  read(sourceServerId: string, range: MetricRange): Promise<MetricHistory> {
    const resolution = chooseResolution(range, this.#clock.nowMs());
    const { tier, fromMs } = resolution;
    return this.#store.transaction(async (tx) => {
      const rows = await findSegments(tx, [sourceServerId], {
        bucketMs: tier.bucketMs,
        fromMs: startOf(fromMs, tier.segmentMs),
        toMs: range.toMs,
      });
      const buckets = new Map<number, MetricBucket>();
      for (const row of rows) addAll(buckets, decodeSegment(row.document, row));
      const waiting = segmentsOf(this.#waiting.get(sourceServerId) ?? new Map(), tier);
      for (const segment of waiting.values()) addAll(buckets, segment);
      return { ...resolution, points: pointsOf(buckets, resolution, range.toMs) };
    });
  }

  /** Writes until the signal, and the rest then. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#clock.sleep(WRITE_EVERY_MS, signal);
        await this.write(Math.ceil(this.#waiting.size / ROUND_BATCHES));
      } catch (error) {
        if (!signal.aborted) {
          this.#log.error('replication-history-not-kept', { error, explanation: describeError(error) });
        }
      }
    }
    await this.write(this.#waiting.size);
  }

  /** In one transaction, so many servers. */
  async write(serversMax: number): Promise<void> {
    if (serversMax === 0 || this.#waiting.size === 0) return;
    const taken: Waiting = new Map();
    try {
      await this.#store.transaction(async (tx) => {
        for (const [id, buckets] of [...this.#waiting].slice(0, serversMax)) {
          this.#waiting.delete(id);
          taken.set(id, buckets);
        }
        await this.#writeTaken(tx, taken);
      });
    } catch (error) {
      for (const [id, buckets] of taken) {
        for (const [startMs, bucket] of buckets) this.#wait(id, startMs, bucket);
      }
      throw error;
    }
  }

  async #writeTaken(tx: Queries, taken: Waiting): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const ids = [...taken.keys()];
    for (let from = 0; from < ids.length; from += STATEMENT_SERVERS_MAX) {
      const some = ids.slice(from, from + STATEMENT_SERVERS_MAX);
      const existing = await findExistingServers(tx, some);
      const kept = some.filter((id) => id === ALL_SERVERS || existing.has(id));
      if (kept.length === 0) continue;
      const fresh = new Map(kept.map((id) => [id, taken.get(id) ?? new Map()]));
      for (const tier of METRIC_TIERS) {
        await writeTier(tx, fresh, tier);
        const before = { bucketMs: tier.bucketMs, beforeMs: keptSinceMs(tier, nowMs) };
        await deleteExpiredSegments(tx, kept, before);
      }
    }
  }

  #wait(id: string, startMs: number, bucket: MetricBucket): void {
    const buckets = this.#waiting.get(id) ?? new Map<number, MetricBucket>();
    this.#waiting.set(id, buckets);
    addToBuckets(buckets, startMs, bucket);
    if (buckets.size > WAITING_BUCKETS_MAX) buckets.delete(Math.min(...buckets.keys()));
  }
}

/** Reads the segments that get something, adds it, and writes them whole. */
async function writeTier(
  tx: Queries,
  fresh: ReadonlyMap<string, MetricBuckets>,
  tier: MetricTier,
): Promise<void> {
  const { bucketMs, segmentMs } = tier;
  const starts = [...fresh.values()].flatMap((buckets) => [...buckets.keys()]);
  const fromMs = startOf(Math.min(...starts), segmentMs);
  const toMs = Math.max(...starts) + 1;
  const known = new Map<string, MetricSegmentRecord>();
  for (const row of await findSegments(tx, [...fresh.keys()], { bucketMs, fromMs, toMs })) {
    known.set(`${row.sourceServerId} ${row.startMs}`, row);
  }
  const rows: MetricSegmentRecord[] = [];
  for (const [sourceServerId, buckets] of fresh) {
    for (const [startMs, added] of segmentsOf(buckets, tier)) {
      const place = { startMs, bucketMs };
      const before = known.get(`${sourceServerId} ${startMs}`);
      const segment = before === undefined ? new Map() : decodeSegment(before.document, place);
      addAll(segment, added);
      rows.push({ sourceServerId, ...place, document: encodeSegment(segment, place) });
    }
  }
  await saveSegments(tx, rows);
}

function addAll(buckets: Map<number, MetricBucket>, added: MetricBuckets): void {
  for (const [startMs, bucket] of added) addToBuckets(buckets, startMs, bucket);
}
