/**
 * The maths of the timeline: a window of time on a strip of pixels. Pure.
 *
 * T1  A window is never shorter than `SPAN_MS_MIN`, never longer than what there is to see, and lies in it.
 * T2  Zooming keeps the instant under the pointer where it is, as far as T1 lets it.
 * T3  `timeAt` and `positionOf` are each other's inverse.
 */
export interface TimeWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

export const SPAN_MS_MIN = 1000;
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** What the buttons offer, longest first. */
export const SPANS_MS = [
  30 * DAY_MS,
  7 * DAY_MS,
  DAY_MS,
  HOUR_MS,
  10 * MINUTE_MS,
  MINUTE_MS,
  10 * SECOND_MS,
  SECOND_MS,
];

/** Distances between marks that a person reads easily. */
const STEPS_MS = [
  100,
  200,
  500,
  SECOND_MS,
  2 * SECOND_MS,
  5 * SECOND_MS,
  10 * SECOND_MS,
  30 * SECOND_MS,
  MINUTE_MS,
  2 * MINUTE_MS,
  5 * MINUTE_MS,
  10 * MINUTE_MS,
  30 * MINUTE_MS,
  HOUR_MS,
  2 * HOUR_MS,
  6 * HOUR_MS,
  12 * HOUR_MS,
  DAY_MS,
  2 * DAY_MS,
  7 * DAY_MS,
];

export function spanOf({ fromMs, toMs }: TimeWindow): number {
  return toMs - fromMs;
}

/** T1 */
export function clampWindow(window: TimeWindow, limits: TimeWindow): TimeWindow {
  const longest = Math.max(SPAN_MS_MIN, spanOf(limits));
  const span = Math.min(longest, Math.max(SPAN_MS_MIN, spanOf(window)));
  const middle = (window.fromMs + window.toMs) / 2;
  const latest = Math.max(limits.fromMs, limits.toMs - span);
  const fromMs = Math.min(latest, Math.max(limits.fromMs, Math.round(middle - span / 2)));
  return { fromMs, toMs: fromMs + Math.round(span) };
}

/** T2: a factor above 1 shows less. */
export function zoom(window: TimeWindow, factor: number, anchorMs: number, limits: TimeWindow): TimeWindow {
  const span = Math.min(
    Math.max(SPAN_MS_MIN, spanOf(limits)),
    Math.max(SPAN_MS_MIN, spanOf(window) / factor),
  );
  const share = (anchorMs - window.fromMs) / spanOf(window);
  const fromMs = Math.round(anchorMs - share * span);
  return clampWindow({ fromMs, toMs: fromMs + Math.round(span) }, limits);
}

export function pan(window: TimeWindow, byMs: number, limits: TimeWindow): TimeWindow {
  return clampWindow({ fromMs: window.fromMs + byMs, toMs: window.toMs + byMs }, limits);
}

/** So long, with an instant of interest in its middle. */
export function windowAround(timeMs: number, spanMs: number, limits: TimeWindow): TimeWindow {
  const fromMs = Math.round(timeMs - spanMs / 2);
  return clampWindow({ fromMs, toMs: fromMs + spanMs }, limits);
}

export function positionOf(timeMs: number, window: TimeWindow, width: number): number {
  return ((timeMs - window.fromMs) / spanOf(window)) * width;
}

/** To the millisecond. */
export function timeAt(position: number, window: TimeWindow, width: number): number {
  return Math.round(window.fromMs + (position / width) * spanOf(window));
}

export interface Tick {
  readonly timeMs: number;
  readonly stepMs: number;
}

/** Marks at round times of a clock that is `offsetMs` ahead of UTC, at most `countMax`. */
export function ticks(window: TimeWindow, countMax: number, offsetMs = 0): readonly Tick[] {
  const wanted = spanOf(window) / Math.max(1, countMax);
  const stepMs = STEPS_MS.find((step) => step >= wanted) ?? Math.ceil(wanted / DAY_MS) * DAY_MS;
  const first = Math.ceil((window.fromMs + offsetMs) / stepMs) * stepMs - offsetMs;
  const count = Math.max(0, Math.floor((window.toMs - first) / stepMs) + 1);
  return Array.from({ length: count }, (_, index) => ({ timeMs: first + index * stepMs, stepMs }));
}

export interface Bin {
  readonly position: number;
  readonly count: number;
}

/** How many instants fall on each strip of `binWidth` pixels; empty strips are left out. */
export function bins(
  timesMs: readonly number[],
  window: TimeWindow,
  { width, binWidth }: { readonly width: number; readonly binWidth: number },
): readonly Bin[] {
  const counts = new Map<number, number>();
  for (const timeMs of timesMs) {
    if (timeMs < window.fromMs || timeMs > window.toMs) continue;
    const last = Math.max(0, Math.ceil(width / binWidth) - 1);
    const bin = Math.min(last, Math.floor(positionOf(timeMs, window, width) / binWidth));
    counts.set(bin, (counts.get(bin) ?? 0) + 1);
  }
  return [...counts]
    .sort(([left], [right]) => left - right)
    .map(([bin, count]) => ({ position: bin * binWidth, count }));
}

export interface TierBand extends TimeWindow {
  /** One point of so many milliseconds; 0: every point. */
  readonly everyMs: number;
}

/** Where on the axis each tier of retention keeps what; the finest is the newest. */
export function tierBands(
  tiers: readonly { readonly everyMs: number; readonly forMs: number }[],
  limits: TimeWindow,
): readonly TierBand[] {
  const bands: TierBand[] = [];
  let toMs = limits.toMs;
  for (const { everyMs, forMs } of tiers) {
    const fromMs = Math.max(limits.fromMs, limits.toMs - forMs);
    if (fromMs < toMs) bands.push({ fromMs, toMs, everyMs });
    toMs = Math.min(toMs, fromMs);
  }
  return bands;
}

/** The instant of `candidates` that is nearest to a place, if one is within reach. */
export function nearest(timeMs: number, candidates: readonly number[], reachMs: number): number | undefined {
  let best: number | undefined;
  for (const candidate of candidates) {
    const distance = Math.abs(candidate - timeMs);
    if (distance <= reachMs && (best === undefined || distance < Math.abs(best - timeMs))) best = candidate;
  }
  return best;
}
