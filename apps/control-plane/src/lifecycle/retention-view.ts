/** Which points of a server are kept, from what was put and what its replication server told. Pure. */
import type { Landfall } from '@landfall/api';
import {
  areSameTiers,
  RETENTION_DEFAULT,
  type RetentionInForce,
  type RetentionTier,
  type RetentionWish,
} from '@landfall/model';

type Tiers = readonly RetentionTier[] | undefined;

export function retentionWish(own: Tiers, byDefault: Tiers): RetentionWish {
  return {
    ...(own === undefined ? {} : { own }),
    ...(byDefault === undefined ? {} : { default: byDefault }),
  };
}

/** `told`: by the replication server, with its last report. Only it knows what its file says. */
export function viewRetention(
  wish: RetentionWish,
  told: RetentionInForce | undefined,
): Pick<Landfall.Retention, 'origin' | 'tiers' | 'isApplied'> {
  const wanted = wantedRetention(wish, told);
  const isApplied = told?.origin === wanted.origin && areSameTiers(told.tiers, wanted.tiers);
  return { ...wanted, isApplied };
}

function wantedRetention(wish: RetentionWish, told: RetentionInForce | undefined): RetentionInForce {
  if (wish.own !== undefined) return { origin: 'SERVER', tiers: wish.own };
  if (told?.origin === 'SERVER_FILE') return told;
  if (wish.default !== undefined) return { origin: 'DEFAULT', tiers: wish.default };
  if (told?.origin === 'DEFAULT_FILE') return told;
  return { origin: 'BUILT_IN', tiers: RETENTION_DEFAULT };
}
