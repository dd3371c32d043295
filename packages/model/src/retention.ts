/**
 * Which recovery points of a server are kept, and who said so. The tiers themselves are applied by
 * `packages/journal`.
 */

export interface RetentionTier {
  /** One point of so many milliseconds; 0: every point. */
  readonly everyMs: number;
  /** Until points are so old, counted from the newest one. */
  readonly forMs: number;
}

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** In ascending order; after the last tier points are dropped. */
export const RETENTION_DEFAULT: readonly RetentionTier[] = [
  { everyMs: 0, forMs: HOUR_MS },
  { everyMs: SECOND_MS, forMs: DAY_MS },
  { everyMs: MINUTE_MS, forMs: 7 * DAY_MS },
  { everyMs: DAY_MS, forMs: 30 * DAY_MS },
];

/**
 * Who says what is kept, the strongest first: what was put for this server, what `retention.json` of its
 * replication server says of this server, what was put as the default, what the file has as its default, and
 * `RETENTION_DEFAULT`. So what is said of one server is never undone by what is said of all.
 */
export const RETENTION_ORIGINS = ['SERVER', 'SERVER_FILE', 'DEFAULT', 'DEFAULT_FILE', 'BUILT_IN'] as const;
export type RetentionOrigin = (typeof RETENTION_ORIGINS)[number];

export interface RetentionInForce {
  readonly origin: RetentionOrigin;
  readonly tiers: readonly RetentionTier[];
}

/** What was put through the API; what is absent was not. */
export interface RetentionWish {
  readonly own?: readonly RetentionTier[];
  readonly default?: readonly RetentionTier[];
}

export const RETENTION_TIERS_MAX = 10;
/** A slip of the hand shall not take everything. */
export const RETENTION_FOR_MS_MIN = MINUTE_MS;
export const RETENTION_FOR_MS_MAX = 36_525 * DAY_MS;

/** Why no journal can be kept by these tiers; `undefined` when one can. */
export function tierFault(tiers: readonly RetentionTier[]): string | undefined {
  if (tiers.length === 0) return 'there is at least one tier';
  const isWhole = (value: number) => Number.isSafeInteger(value) && value >= 0;
  for (const [index, { everyMs, forMs }] of tiers.entries()) {
    const name = `tier ${index + 1}`;
    if (!isWhole(everyMs) || !isWhole(forMs)) return `${name}: times are whole milliseconds`;
    const before = tiers[index - 1];
    if (before === undefined) continue;
    if (everyMs <= before.everyMs) return `${name}: its interval is longer than that of the tier before`;
    if (before.everyMs > 0 && everyMs % before.everyMs !== 0)
      return `${name}: its interval is a multiple of that of the tier before`;
    if (forMs <= before.forMs) return `${name}: it lasts longer than the tier before`;
  }
  return undefined;
}

/** The same for what people put: stricter than what a file may have. */
export function retentionFault(tiers: readonly RetentionTier[]): string | undefined {
  if (tiers.length > RETENTION_TIERS_MAX) return `there are at most ${RETENTION_TIERS_MAX} tiers`;
  const fault = tierFault(tiers);
  if (fault !== undefined) return fault;
  for (const [index, { everyMs, forMs }] of tiers.entries()) {
    const name = `tier ${index + 1}`;
    if (forMs < RETENTION_FOR_MS_MIN) return `${name}: it lasts at least a minute`;
    if (forMs > RETENTION_FOR_MS_MAX) return `${name}: it lasts a hundred years at most`;
    if (forMs < everyMs) return `${name}: it lasts at least as long as its interval`;
  }
  return undefined;
}

export function areSameTiers(left: readonly RetentionTier[], right: readonly RetentionTier[]): boolean {
  const isSame = (tier: RetentionTier, index: number) =>
    tier.everyMs === right[index]?.everyMs && tier.forMs === right[index]?.forMs;
  return left.length === right.length && left.every(isSame);
}
