/** Tiers as a person edits them, and what the service is told of them. Pure. */
import type { Landfall } from '@landfall/api/types';
import { RETENTION_FOR_MS_MAX, RETENTION_FOR_MS_MIN, RETENTION_TIERS_MAX } from '@landfall/model';

export const TIME_UNITS = ['SECOND', 'MINUTE', 'HOUR', 'DAY'] as const;
export type TimeUnit = (typeof TIME_UNITS)[number];
/** `ALL`: every point; there is no number then. */
export const EVERY_UNITS = ['ALL', ...TIME_UNITS] as const;
export type EveryUnit = (typeof EVERY_UNITS)[number];

const UNIT_MS: Readonly<Record<TimeUnit, number>> = {
  SECOND: 1000,
  MINUTE: 60_000,
  HOUR: 3_600_000,
  DAY: 86_400_000,
};

export interface TierDraft {
  readonly id: string;
  readonly every: string;
  readonly everyUnit: EveryUnit;
  readonly lasts: string;
  readonly lastsUnit: TimeUnit;
}

export const EVERY_FAULTS = ['everyNumber', 'everyLonger', 'everyMultiple'] as const;
export const LASTS_FAULTS = [
  'lastsNumber',
  'lastsShort',
  'lastsLong',
  'lastsInterval',
  'lastsLonger',
] as const;
export type EveryFault = (typeof EVERY_FAULTS)[number];
export type LastsFault = (typeof LASTS_FAULTS)[number];

export interface TierFaults {
  readonly every?: EveryFault | undefined;
  readonly lasts?: LastsFault | undefined;
}

export function draftOfTiers(tiers: readonly Landfall.RetentionTier[]): readonly TierDraft[] {
  return tiers.map(({ everyMs, forMs }, index) => {
    const [every, everyUnit] = everyMs === 0 ? (['', 'ALL'] as const) : inUnits(everyMs);
    const [lasts, lastsUnit] = inUnits(forMs);
    return { id: `known-${index}`, every, everyUnit, lasts, lastsUnit };
  });
}

function inUnits(durationMs: number): readonly [string, TimeUnit] {
  const unit = TIME_UNITS.findLast((one) => durationMs % UNIT_MS[one] === 0) ?? 'SECOND';
  return [String(durationMs / UNIT_MS[unit]), unit];
}

/** Twice as coarse and twice as long as the last one, as a beginning. */
export function withNewTier(draft: readonly TierDraft[], id: string): readonly TierDraft[] {
  const last = draft.at(-1);
  const tier = last === undefined ? undefined : tierOf(last);
  const everyMs = tier === undefined ? 0 : tier.everyMs === 0 ? UNIT_MS.SECOND : tier.everyMs * 2;
  const forMs = tier === undefined ? UNIT_MS.DAY : tier.forMs * 2;
  const [added] = draftOfTiers([{ everyMs, forMs }]);
  return added === undefined ? draft : [...draft, { ...added, id }];
}

export function hasRoomForTier(draft: readonly TierDraft[]): boolean {
  return draft.length < RETENTION_TIERS_MAX;
}

/** `undefined` while something of it is not right. */
export function tiersOf(draft: readonly TierDraft[]): readonly Landfall.RetentionTier[] | undefined {
  if (draft.length === 0 || draft.length > RETENTION_TIERS_MAX) return undefined;
  const isWrong = ({ every, lasts }: TierFaults) => every !== undefined || lasts !== undefined;
  if (faultsOf(draft).some(isWrong)) return undefined;
  return draft.flatMap((tier) => tierOf(tier) ?? []);
}

/** What is wrong with each tier, as the service judges it. */
export function faultsOf(draft: readonly TierDraft[]): readonly TierFaults[] {
  return draft.map((tier, index) => {
    const before = draft[index - 1];
    return { every: everyFault(tier, before), lasts: lastsFault(tier, before) };
  });
}

function everyFault(tier: TierDraft, before: TierDraft | undefined): EveryFault | undefined {
  const everyMs = everyMsOf(tier);
  const finerMs = before === undefined ? undefined : everyMsOf(before);
  if (everyMs === undefined) return 'everyNumber';
  if (finerMs === undefined) return undefined;
  if (everyMs <= finerMs) return 'everyLonger';
  return finerMs > 0 && everyMs % finerMs !== 0 ? 'everyMultiple' : undefined;
}

function lastsFault(tier: TierDraft, before: TierDraft | undefined): LastsFault | undefined {
  const forMs = lastsMsOf(tier);
  if (forMs === undefined) return 'lastsNumber';
  if (forMs < RETENTION_FOR_MS_MIN) return 'lastsShort';
  if (forMs > RETENTION_FOR_MS_MAX) return 'lastsLong';
  if (forMs < (everyMsOf(tier) ?? 0)) return 'lastsInterval';
  const shorterMs = before === undefined ? undefined : lastsMsOf(before);
  return shorterMs !== undefined && forMs <= shorterMs ? 'lastsLonger' : undefined;
}

function tierOf(tier: TierDraft): Landfall.RetentionTier | undefined {
  const [everyMs, forMs] = [everyMsOf(tier), lastsMsOf(tier)];
  return everyMs === undefined || forMs === undefined ? undefined : { everyMs, forMs };
}

function everyMsOf({ every, everyUnit }: TierDraft): number | undefined {
  return everyUnit === 'ALL' ? 0 : milliseconds(every, everyUnit);
}

function lastsMsOf({ lasts, lastsUnit }: TierDraft): number | undefined {
  return milliseconds(lasts, lastsUnit);
}

/** Fractions are for tiers that a file has, such as half a second. */
function milliseconds(text: string, unit: TimeUnit): number | undefined {
  if (!/^\d{1,9}(\.\d{1,3})?$/.test(text.trim())) return undefined;
  const value = Math.round(Number(text) * UNIT_MS[unit]);
  return value > 0 ? value : undefined;
}
