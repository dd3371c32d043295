/**
 * How much space journals and volume take, how that changed, and what it leads to (J5). A sample a minute
 * of each is kept for a day, in memory: after a restart the measurement begins anew, and forecasts say so.
 *
 * A first copy is no churn: while one is under way the volume is not measured, and a journal is measured from
 * its first recovery point on.
 */
import type { JournalFacts, VolumeFacts } from '@landfall/channel';
import {
  forecastSpace,
  type SpaceBound,
  SpaceSeries,
  STAGING_RESERVE_BYTES,
  spaceBound,
} from '@landfall/journal';
import type { JournalSpace, SpaceForecast } from '@landfall/model';
import { type Clock, describeError, formatBytes, type Logger } from '@landfall/runtime';
import type { StagingSpace } from './file-space.ts';
import type { StagedServer } from './staged-server.ts';

/** From here on there is a warning. */
const NEARLY_SHARE = 0.9;
/** From here on maintenance makes no pauses. */
const URGENT_SHARE = 0.95;
/** An answer waits so long for a measurement to be complete. */
const ANSWER_MS = 5000;
/** A measurement that is not older is not made again. */
const FRESH_MS = 10_000;
/** What journals need in the end is told from measurements that are not older. */
const BOUND_AGE_MS_MAX = 10 * 60_000;
/** Between two pieces of a measurement. */
const PAUSE_MS = 1;

export interface SpaceKeeperOptions {
  /** Those whose journal is open, at this moment. */
  readonly servers: () => readonly SpacedServer[];
  readonly readVolume: () => Promise<StagingSpace>;
  readonly logger: Logger;
  readonly clock: Clock;
}

export type SpacedServer = Pick<StagedServer, 'sourceServerId'> & {
  readonly group: Pick<StagedServer['group'], 'space' | 'bytesOnDisk' | 'staging' | 'lastEpoch' | 'isOpen'>;
};

interface Measurement {
  progress: { readonly records: number; readonly recordsTotal: number };
  readonly ended: Promise<void>;
}

export class SpaceKeeper {
  readonly #options: SpaceKeeperOptions;
  readonly #series = new Map<string, SpaceSeries>();
  readonly #used = new Map<string, number>();
  readonly #spaces = new Map<string, JournalSpace>();
  readonly #measurements = new Map<string, Measurement>();
  readonly #warnings = new Map<string, string>();
  /** Said once of each. */
  readonly #unreadable = new Set<string>();
  #volumeSeries = new SpaceSeries();
  #volume: StagingSpace = { totalBytes: 0, freeBytes: Number.MAX_SAFE_INTEGER };

  constructor(options: SpaceKeeperOptions) {
    this.#options = options;
  }

  /** To be called every few seconds. One that cannot be read keeps none of the others from it. */
  async sample(): Promise<void> {
    await this.#sampleVolume();
    for (const server of this.#openServers()) {
      const { sourceServerId } = server;
      try {
        await this.#sampleServer(server);
        this.#unreadable.delete(sourceServerId);
      } catch (error) {
        const level = this.#unreadable.has(sourceServerId) ? 'debug' : 'error';
        this.#options.logger[level]('space-not-sampled', { sourceServerId, error });
        this.#unreadable.add(sourceServerId);
      }
    }
  }

  #openServers(): readonly SpacedServer[] {
    return this.#options.servers().filter(({ group }) => group.isOpen());
  }

  async #sampleVolume(): Promise<void> {
    const { readVolume, clock } = this.#options;
    this.#volume = await readVolume();
    const { totalBytes, freeBytes } = this.#volume;
    if (this.#openServers().some(({ group }) => group.lastEpoch === 0))
      this.#volumeSeries = new SpaceSeries();
    else addWhenDue(this.#volumeSeries, { atMs: clock.nowMs(), bytes: totalBytes - freeBytes });
  }

  /** Space runs out soon for this server: what to do. */
  warningOf(sourceServerId: string): string | undefined {
    return this.#warnings.get(sourceServerId);
  }

  /** Maintenance has to hurry. */
  isUrgent(sourceServerId: string): boolean {
    const server = this.#options.servers().find((one) => one.sourceServerId === sourceServerId);
    const limitBytes = server?.group.staging.limitBytes ?? Number.POSITIVE_INFINITY;
    const usedBytes = this.#used.get(sourceServerId) ?? 0;
    const { totalBytes, freeBytes } = this.#volume;
    return usedBytes >= URGENT_SHARE * limitBytes || freeBytes < (1 - URGENT_SHARE) * totalBytes;
  }

  /** Measures if the last measurement is old. Errors: JOURNAL_STORAGE_FAILED. */
  async describe(server: SpacedServer): Promise<JournalFacts> {
    const { sourceServerId, group } = server;
    await this.#sampleVolume();
    await this.#sampleServer(server);
    const measurement = this.#measure(server);
    await this.#waitFor(measurement.ended);
    const space = this.#spaces.get(sourceServerId);
    const volume = this.#volumeFacts();
    const { limitBytes } = group.staging;
    const warning = this.warningOf(sourceServerId);
    return {
      ...(space === undefined ? {} : { space }),
      ...(this.#measurements.has(sourceServerId) ? { measuring: measurement.progress } : {}),
      ...(limitBytes === Number.POSITIVE_INFINITY ? {} : { limitBytes }),
      forecast: this.#forecastOf(server, volume),
      volume,
      ...(warning === undefined ? {} : { warning }),
    };
  }

  async #sampleServer({ sourceServerId, group }: SpacedServer): Promise<void> {
    const bytes = await group.bytesOnDisk();
    this.#used.set(sourceServerId, bytes);
    const series = this.#series.get(sourceServerId) ?? new SpaceSeries();
    this.#series.set(sourceServerId, series);
    if (group.lastEpoch > 0) addWhenDue(series, { atMs: this.#options.clock.nowMs(), bytes });
    this.#warn(sourceServerId, this.#warningFor(bytes, group.staging.limitBytes));
  }

  #warningFor(usedBytes: number, limitBytes: number): string | undefined {
    if (usedBytes >= NEARLY_SHARE * limitBytes) {
      const what = `its journal takes ${formatBytes(usedBytes)} of the ${formatBytes(limitBytes)} it may`;
      return `${what}: raise the limit (\`landfall journal limit\`), unpin points or shorten tiers before it stalls`;
    }
    const { totalBytes, freeBytes } = this.#volume;
    if (freeBytes > (1 - NEARLY_SHARE) * totalBytes) return undefined;
    const what = `the staging volume has ${formatBytes(freeBytes)} of ${formatBytes(totalBytes)} left`;
    return `${what}: add storage, or keep less (\`landfall journal stat\` says what takes it) before replication stalls`;
  }

  #warn(sourceServerId: string, warning: string | undefined): void {
    const isNew = warning !== undefined && !this.#warnings.has(sourceServerId);
    if (warning === undefined) this.#warnings.delete(sourceServerId);
    else this.#warnings.set(sourceServerId, warning);
    if (isNew) this.#options.logger.warn('space-runs-out', { sourceServerId, warning });
  }

  #measure({ sourceServerId, group }: SpacedServer): Measurement {
    const { clock } = this.#options;
    const running = this.#measurements.get(sourceServerId);
    if (running !== undefined) return running;
    const last = this.#spaces.get(sourceServerId)?.measuredAtMs ?? Number.NEGATIVE_INFINITY;
    const progress = { records: 0, recordsTotal: 0 };
    if (Math.abs(clock.nowMs() - last) < FRESH_MS) return { progress, ended: Promise.resolve() };
    const pause = async (done: Measurement['progress']) => {
      measurement.progress = done;
      await clock.sleep(PAUSE_MS);
    };
    const ended = group
      .space({ nowMs: clock.nowMs(), pause })
      .then((space) => {
        this.#spaces.set(sourceServerId, space);
      })
      .finally(() => this.#measurements.delete(sourceServerId));
    const measurement: Measurement = { progress, ended };
    this.#measurements.set(sourceServerId, measurement);
    return measurement;
  }

  /** What comes of it after the answer is in the log. */
  async #waitFor(ended: Promise<void>): Promise<void> {
    const { clock, logger } = this.#options;
    const stop = new AbortController();
    const timeOut = clock.sleep(ANSWER_MS, stop.signal).catch((error: unknown) => {
      if (!stop.signal.aborted) throw error;
    });
    try {
      await Promise.race([ended, timeOut]);
    } finally {
      stop.abort();
    }
    ended.catch((error: unknown) => {
      logger.error('space-not-measured', { error, explanation: describeError(error) });
    });
  }

  #forecastOf({ sourceServerId, group }: SpacedServer, volume: VolumeFacts): SpaceForecast {
    const samples = this.#series.get(sourceServerId)?.samples ?? [];
    const usedBytes = this.#used.get(sourceServerId) ?? 0;
    const { limitBytes } = group.staging;
    const hasLimit = limitBytes !== Number.POSITIVE_INFINITY;
    const own = forecastSpace({
      samples,
      roomBytes: hasLimit ? limitBytes - usedBytes : roomOf(this.#volume),
      until: 'at its limit',
      ...this.#boundOf([sourceServerId], usedBytes, 0),
    });
    if (hasLimit) return own;
    const { growthBytesPerDay, boundBytes } = own;
    return { ...volume.forecast, growthBytesPerDay, boundBytes };
  }

  #volumeFacts(): VolumeFacts {
    const { totalBytes, freeBytes } = this.#volume;
    const ids = this.#options.servers().map(({ sourceServerId }) => sourceServerId);
    const journalBytes = ids.reduce((sum, id) => sum + (this.#used.get(id) ?? 0), 0);
    const usedBytes = totalBytes - freeBytes;
    const forecast = forecastSpace({
      samples: this.#volumeSeries.samples,
      roomBytes: roomOf(this.#volume),
      until: 'the staging volume is full',
      ...this.#boundOf(ids, usedBytes, Math.max(0, usedBytes - journalBytes)),
    });
    return { totalBytes, freeBytes, forecast };
  }

  /** What these need in the end, when it was measured lately for all of them, and whatever else there is. */
  #boundOf(ids: readonly string[], usedBytes: number, otherBytes: number): { readonly bound?: SpaceBound } {
    const nowMs = this.#options.clock.nowMs();
    const spaces = ids.flatMap((id) => this.#spaces.get(id) ?? []);
    const isFresh = ({ measuredAtMs }: JournalSpace) => Math.abs(nowMs - measuredAtMs) <= BOUND_AGE_MS_MAX;
    const known = spaces.filter(isFresh).flatMap((space) => spaceBound(space) ?? []);
    if (known.length === 0 || known.length < ids.length) return {};
    const bytes = known.reduce((sum, bound) => sum + bound, otherBytes);
    const historyMs = Math.min(...spaces.map((space) => space.historyMs));
    return { bound: { bytes, historyMs, usedBytes } };
  }
}

function addWhenDue(series: SpaceSeries, sample: { readonly atMs: number; readonly bytes: number }): void {
  if (series.isDue(sample.atMs)) series.add(sample);
}

function roomOf({ freeBytes }: StagingSpace): number {
  return freeBytes - STAGING_RESERVE_BYTES;
}
