/** What lies ahead of replication, as far as it was measured. */

/** What replication waits for. */
export const BOTTLENECKS = ['SOURCE_READ', 'CPU', 'LINK', 'STAGING_WRITE', 'BANDWIDTH_CAP'] as const;
export type Bottleneck = (typeof BOTTLENECKS)[number];

/**
 * NOT_KNOWN: too little was measured to say anything. MAY_NOT_CONVERGE: more than one resampled future in ten
 * never catches up; DOES_NOT_CONVERGE: more than half.
 */
export const FORECAST_VERDICTS = [
  'NOT_KNOWN',
  'CAUGHT_UP',
  'CONVERGES',
  'MAY_NOT_CONVERGE',
  'DOES_NOT_CONVERGE',
] as const;
export type ForecastVerdict = (typeof FORECAST_VERDICTS)[number];

export interface StageCapacity {
  readonly stage: Bottleneck;
  /** Mean of what was measured, bytes of disk a second. */
  readonly bytesPerSecond: number;
}

export interface Forecast {
  readonly verdict: ForecastVerdict;
  readonly bytesToGo: number;
  /** Until a recovery point is in reach: half, and nine tenths, of the resampled futures are done by then. */
  readonly etaP50Ms: number | null;
  readonly etaP90Ms: number | null;
  readonly bottleneck: Bottleneck | null;
  readonly capacities: readonly StageCapacity[];
  /** Distinct bytes changed a second, over the shortest window. */
  readonly churnBytesPerSecond: number | null;
  /** With NOT_KNOWN: how much longer to measure; null when more time alone would not tell. */
  readonly neededSeconds: number | null;
  /** One line for a person. */
  readonly explanation: string;
}
