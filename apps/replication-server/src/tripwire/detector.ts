/**
 * From what was observed of a server's changes to "something encrypts its files". Pure: time is that of the
 * observations. The signal is bytes that were in use, could be told from noise, and no longer can. It is
 * summed over several windows, because a fast attack must be noticed within seconds, and a slow one at all.
 *
 * D1 An alarm needs a volume (of its window, and more than what is usual for the server), from at least
 *    PIECES_MIN pieces. LARGE_FACTOR times the volume is an alarm at once.
 *    Less is only suspect at first: a deleted file whose blocks were given to a compressed one looks the same
 *    until the disk knows what is free. After SETTLE_MS it does. Who compresses has freed several times as
 *    much as there is noise; who encrypts in place has freed nothing.
 * D2 One attack is one incident: until it has been quiet for QUIET_MS, or somebody has acknowledged it, what
 *    comes belongs to it.
 * D3 The onset is never later than the first conversion that counts for the alarm; where conversions followed
 *    each other without a break before the window began, it is when they began.
 */
import { type DayPeaks, LearnedPeaks } from './learned-peaks.ts';
import { type PointInHistory, SlidingSum } from './sliding-sum.ts';

export interface Conversion {
  /** Of the replication server's clock. */
  readonly atMs: number;
  readonly bytes: number;
  /** That it is an estimate from. */
  readonly pieces: number;
  /** The first epoch it may have happened in. */
  readonly first: PointInHistory;
  readonly diskIndexes: readonly number[];
  /** Two states of the disk were compared already. */
  readonly isCompared?: boolean;
}

export interface Incident {
  readonly detectedAtMs: number;
  /** The first epoch that may belong to it. */
  readonly onset: PointInHistory;
  /** Of those at once, when it was detected. */
  readonly windowMs: number;
  /** Estimated, so far. */
  readonly convertedBytes: number;
  readonly diskIndexes: readonly number[];
  readonly lastSeenAtMs: number;
  readonly endedAtMs?: number;
  readonly acknowledgedAtMs?: number;
  /** The recovery point that was pinned. */
  readonly pinnedEpoch?: number;
}

export interface DetectorState {
  readonly days: readonly DayPeaks[];
  /** Newest last. */
  readonly incidents: readonly Incident[];
}

/** The volume of an alarm, not yet one. */
export interface Candidate {
  readonly scale: number;
  readonly onset: PointInHistory;
  readonly convertedBytes: number;
  /** D1: it needs no explanation. */
  readonly isCertain: boolean;
}

/** What happened beside it, since its onset. */
export interface Circumstances {
  readonly freedStructuredBytes: number;
  readonly newUniformBytes: number;
}

const MIB = 1024 * 1024;
const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
export const SCALES = [
  { windowMs: 3 * MINUTE_MS, bytesMin: 32 * MIB },
  { windowMs: 30 * MINUTE_MS, bytesMin: 64 * MIB },
  { windowMs: 360 * MINUTE_MS, bytesMin: 256 * MIB },
] as const;
export const LARGE_FACTOR = 4;
const PIECES_MIN = 12;
/** ext4 commits every 5 s, and what was committed is written after 30 s, looked for every 5 s. */
export const SETTLE_MS = 45 * SECOND_MS;
/** Structured bytes that are gone for each byte of noise: more is compression. */
export const FREED_RATIO_MAX = 2.5;
const REFUSED_PAUSE_MS = 15 * SECOND_MS;
export const QUIET_MS = 10 * MINUTE_MS;
/** Conversions belong together while there are at least so many in so long. */
const RUN_WINDOW_MS = 3 * MINUTE_MS;
const RUN_BYTES_MIN = MIB;
const INCIDENTS_MAX = 16;
const FRESH: DetectorState = { days: [], incidents: [] };

export class TripwireDetector {
  readonly #sums = SCALES.map(({ windowMs }) => new SlidingSum(windowMs));
  readonly #run = new SlidingSum(RUN_WINDOW_MS);
  readonly #peaks: LearnedPeaks;
  #runBegan: PointInHistory | undefined;
  /** When something of each disk was last converted. */
  readonly #disksAtMs = new Map<number, number>();
  #incidents: readonly Incident[];
  #nowMs = 0;
  /** When what was copied was last found out. */
  #comparedAtMs = Number.NEGATIVE_INFINITY;
  #refusedAtMs = Number.NEGATIVE_INFINITY;

  constructor({ days, incidents }: DetectorState = FRESH) {
    this.#peaks = new LearnedPeaks(days);
    this.#incidents = incidents;
  }

  get state(): DetectorState {
    return { days: this.#peaks.days, incidents: this.#incidents };
  }

  get incidents(): readonly Incident[] {
    return this.#incidents;
  }

  /** Nothing converted is an observation as well. */
  observe(conversion: Conversion): void {
    // Whoever observes has a time that goes forward.
    this.#nowMs = Math.max(this.#nowMs, conversion.atMs);
    const { bytes, pieces, first } = conversion;
    for (const diskIndex of conversion.diskIndexes) this.#disksAtMs.set(diskIndex, this.#nowMs);
    if (conversion.isCompared === true) this.#comparedAtMs = this.#nowMs;
    for (const sum of [...this.#sums, this.#run]) {
      if (bytes > 0) sum.add(this.#nowMs, { bytes, pieces }, first);
      else sum.moveTo(this.#nowMs);
    }
    this.#followRun();
    this.#endIncident();
    if (this.#open !== undefined) this.#continue(this.#open, conversion);
    this.#notePeaks();
  }

  /** What to decide about now. */
  candidate(): Candidate | undefined {
    if (this.#open !== undefined) return undefined;
    const scale = this.#sums.findIndex((_sum, index) => this.#isDue(index));
    const sum = this.#sums[scale];
    if (sum === undefined) return undefined;
    const onset = earliest([this.#runBegan, sum.first]);
    const isCertain = this.#isLarge(scale) || this.#comparedAtMs >= this.#nowMs - sum.windowMs;
    return onset && { scale, onset, convertedBytes: sum.bytes, isCertain };
  }

  /** The incident that begins, unless what happened beside it explains it (D1). */
  decide(
    candidate: Candidate,
    { freedStructuredBytes, newUniformBytes }: Circumstances,
  ): Incident | undefined {
    const { convertedBytes, isCertain } = candidate;
    const ratio = (freedStructuredBytes + convertedBytes) / (newUniformBytes + convertedBytes);
    if (isCertain || ratio <= FREED_RATIO_MAX) return this.#begin(candidate);
    this.#refusedAtMs = this.#nowMs;
    return undefined;
  }

  /** `wasExpected`: its day counts for what is usual. Resolves to whether there was something to it. */
  acknowledge(atMs: number, wasExpected: boolean): boolean {
    const waiting = this.#incidents.filter((incident) => incident.acknowledgedAtMs === undefined);
    if (wasExpected) for (const { detectedAtMs } of waiting) this.#peaks.doubt(detectedAtMs, false);
    this.#incidents = this.#incidents.map((incident) => ({
      ...incident,
      acknowledgedAtMs: incident.acknowledgedAtMs ?? atMs,
      endedAtMs: incident.endedAtMs ?? atMs,
    }));
    for (const sum of [...this.#sums, this.#run]) sum.clear();
    this.#runBegan = undefined;
    this.#comparedAtMs = Number.NEGATIVE_INFINITY;
    return waiting.length > 0;
  }

  notePin(incident: Incident, pinnedEpoch: number): void {
    this.#replace(incident.detectedAtMs, (known) => ({ ...known, pinnedEpoch }));
  }

  get #open(): Incident | undefined {
    const last = this.#incidents.at(-1);
    return last !== undefined && last.endedAtMs === undefined ? last : undefined;
  }

  #followRun(): void {
    if (this.#run.bytes < RUN_BYTES_MIN) this.#runBegan = undefined;
    else this.#runBegan ??= this.#run.first;
  }

  #notePeaks(): void {
    this.#peaks.note(
      this.#nowMs,
      this.#sums.map((sum) => sum.bytes),
    );
    if (this.#open !== undefined) this.#peaks.doubt(this.#nowMs, true);
  }

  /** Whether the window has the volume of an alarm, and has waited for what could explain it. */
  #isDue(scale: number): boolean {
    const sum = this.#sums[scale];
    const bytesMin = SCALES[scale]?.bytesMin ?? Number.POSITIVE_INFINITY;
    if (sum === undefined || sum.pieces < PIECES_MIN || sum.bytes < bytesMin) return false;
    if (sum.bytes <= this.#peaks.usual(this.#nowMs, scale)) return false;
    if (this.#isLarge(scale) || this.#comparedAtMs >= this.#nowMs - sum.windowMs) return true;
    const isSettled = this.#nowMs - (sum.firstAtMs ?? this.#nowMs) >= SETTLE_MS;
    return isSettled && this.#nowMs - this.#refusedAtMs >= REFUSED_PAUSE_MS;
  }

  #isLarge(scale: number): boolean {
    const bytesMin = SCALES[scale]?.bytesMin ?? Number.POSITIVE_INFINITY;
    return (this.#sums[scale]?.bytes ?? 0) >= bytesMin * LARGE_FACTOR;
  }

  #begin({ scale, onset, convertedBytes }: Candidate): Incident {
    const windowMs = SCALES[scale]?.windowMs ?? 0;
    const recent = [...this.#disksAtMs].filter(([, atMs]) => atMs >= this.#nowMs - windowMs);
    const incident: Incident = {
      detectedAtMs: this.#nowMs,
      onset,
      windowMs,
      convertedBytes,
      diskIndexes: recent.map(([diskIndex]) => diskIndex).sort((left, right) => left - right),
      lastSeenAtMs: this.#nowMs,
    };
    this.#incidents = [...this.#incidents, incident].slice(-INCIDENTS_MAX);
    this.#peaks.doubt(this.#nowMs, true);
    return incident;
  }

  #continue({ detectedAtMs }: Incident, { bytes, diskIndexes }: Conversion): void {
    if (bytes === 0) return;
    this.#replace(detectedAtMs, (known) => ({
      ...known,
      convertedBytes: known.convertedBytes + bytes,
      diskIndexes: [...new Set([...known.diskIndexes, ...diskIndexes])].sort((left, right) => left - right),
      lastSeenAtMs: this.#nowMs,
    }));
  }

  /** D2: what it left in the windows does not begin another one. */
  #endIncident(): void {
    const open = this.#open;
    if (open === undefined || this.#nowMs - open.lastSeenAtMs < QUIET_MS) return;
    this.#replace(open.detectedAtMs, (known) => ({ ...known, endedAtMs: this.#nowMs }));
    for (const sum of this.#sums) sum.clear();
    this.#comparedAtMs = Number.NEGATIVE_INFINITY;
  }

  #replace(detectedAtMs: number, change: (incident: Incident) => Incident): void {
    this.#incidents = this.#incidents.map((incident) =>
      incident.detectedAtMs === detectedAtMs ? change(incident) : incident,
    );
  }
}

function earliest(points: readonly (PointInHistory | undefined)[]): PointInHistory | undefined {
  return points.reduce((first, point) => {
    return first === undefined || (point !== undefined && point.epoch < first.epoch) ? point : first;
  }, undefined);
}
