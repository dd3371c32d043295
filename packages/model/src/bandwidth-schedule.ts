/**
 * Caps by day of week and time of day, in a named time zone: agent and control plane compute the same.
 *
 * B1 A window goes by what the clock on the wall there shows: where an hour is skipped, so is what lies in
 *    it; where one comes twice, the window holds both times.
 * B2 A window that ends at or before its beginning goes on into the next day; it belongs to the day it
 *    begins.
 * B3 In a window its cap replaces the server's own cap; where windows overlap, the strictest holds.
 * B4 Caps change on whole minutes, and clocks only on whole quarter hours of UTC.
 */
export const WEEKDAYS = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

export interface BandwidthWindow {
  readonly days: readonly Weekday[];
  /** `HH:MM`, from 00:00 to 23:59. */
  readonly from: string;
  /** The first minute that is not in it any more. */
  readonly to: string;
  /** Megabits a second; 0: no cap. */
  readonly mbps: number;
}

export interface BandwidthSchedule {
  /** IANA name, such as `Europe/Berlin` or `UTC`. */
  readonly timeZone: string;
  readonly windows: readonly BandwidthWindow[];
}

export interface CapChange {
  readonly atMs: number;
  readonly mbps: number;
}

export const BANDWIDTH_WINDOWS_MAX = 32;

const MINUTE_MS = 60_000;
const QUARTER_MS = 15 * MINUTE_MS;
const DAY_MINUTES = 24 * 60;
/** A schedule repeats every week; one day more for clocks that change meanwhile. */
const HORIZON_MS = 8 * DAY_MINUTES * MINUTE_MS;

/** Megabits a second at that instant; 0: no cap. `otherwiseMbps` is the server's own cap. */
export function capAt(schedule: BandwidthSchedule | undefined, atMs: number, otherwiseMbps: number): number {
  if (schedule === undefined) return otherwiseMbps;
  const wall = wallTime(schedule.timeZone, atMs);
  const caps = schedule.windows.filter((window) => holds(window, wall)).map(({ mbps }) => mbps);
  return caps.length === 0 ? otherwiseMbps : caps.reduce(stricter);
}

/** The next instant at which `capAt` answers something else, if there is one within eight days. */
export function nextCapChange(
  schedule: BandwidthSchedule | undefined,
  fromMs: number,
  otherwiseMbps: number,
): CapChange | undefined {
  if (schedule === undefined || schedule.windows.length === 0) return undefined;
  const before = capAt(schedule, fromMs, otherwiseMbps);
  const edges = schedule.windows.flatMap(({ from, to }) => [minuteOf(from), minuteOf(to), 0]);
  for (let atMs = fromMs; atMs < fromMs + HORIZON_MS; ) {
    atMs = nextEdgeMs(schedule.timeZone, atMs, edges);
    const mbps = capAt(schedule, atMs, otherwiseMbps);
    if (mbps !== before) return { atMs, mbps };
  }
  return undefined;
}

/** Why a schedule cannot be used; `undefined` when it can. */
export function scheduleFault(schedule: BandwidthSchedule): string | undefined {
  if (!isTimeZone(schedule.timeZone)) return `there is no time zone named ${schedule.timeZone}`;
  if (schedule.windows.length > BANDWIDTH_WINDOWS_MAX) return `at most ${BANDWIDTH_WINDOWS_MAX} windows`;
  for (const { days, from, to, mbps } of schedule.windows) {
    if (days.length === 0 || days.some((day) => !WEEKDAYS.includes(day))) {
      return `days are ${WEEKDAYS.join(', ')}, and at least one`;
    }
    const bad = [from, to].find((time) => !/^([01]\d|2[0-3]):[0-5]\d$/.test(time));
    if (bad !== undefined) return `${bad} is not a time from 00:00 to 23:59`;
    if (!Number.isSafeInteger(mbps) || mbps < 0) return `${mbps} is not a whole number of megabits a second`;
  }
  return undefined;
}

interface WallTime {
  readonly weekday: number;
  readonly minute: number;
}

function holds({ days, from, to }: BandwidthWindow, { weekday, minute }: WallTime): boolean {
  const begins = minuteOf(from);
  const ends = minuteOf(to);
  const isDay = (index: number) => days.some((day) => WEEKDAYS.indexOf(day) === index);
  if (begins < ends) return isDay(weekday) && minute >= begins && minute < ends;
  return (isDay(weekday) && minute >= begins) || (isDay((weekday + 6) % 7) && minute < ends);
}

/** B4: what lies between here and the answer holds throughout. */
function nextEdgeMs(timeZone: string, atMs: number, edges: readonly number[]): number {
  const { minute } = wallTime(timeZone, atMs);
  const untilEdge = edges.map((edge) => ((edge - minute - 1 + DAY_MINUTES) % DAY_MINUTES) + 1);
  const wholeMinuteMs = Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
  const edgeMs = wholeMinuteMs + Math.min(...untilEdge) * MINUTE_MS;
  return Math.min(edgeMs, (Math.floor(atMs / QUARTER_MS) + 1) * QUARTER_MS);
}

function stricter(left: number, right: number): number {
  if (left === 0 || right === 0) return left + right;
  return Math.min(left, right);
}

function minuteOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}

function isTimeZone(name: string): boolean {
  try {
    formatterOf(name);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

const SHORT_NAMES = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

function wallTime(timeZone: string, atMs: number): WallTime {
  const parts = formatterOf(timeZone).formatToParts(atMs);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '';
  return {
    weekday: SHORT_NAMES.indexOf(part('weekday')),
    minute: Number(part('hour')) * 60 + Number(part('minute')),
  };
}

/** Making one costs a thousand times what using it does. */
const formatters = new Map<string, Intl.DateTimeFormat>();
const FORMATTERS_MAX = 64;

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known !== undefined) return known;
  const formatter = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  if (formatters.size >= FORMATTERS_MAX) formatters.clear();
  formatters.set(timeZone, formatter);
  return formatter;
}
