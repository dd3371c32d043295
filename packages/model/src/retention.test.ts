import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  areSameTiers,
  RETENTION_DEFAULT,
  RETENTION_FOR_MS_MAX,
  RETENTION_TIERS_MAX,
  retentionFault,
  tierFault,
} from './retention.ts';

const HOUR_MS = 3_600_000;

test('the built-in tiers can be put', () => {
  assert.equal(retentionFault(RETENTION_DEFAULT), undefined);
});

test('tiers follow each other: coarser by a whole factor, and longer', () => {
  const fine = { everyMs: 1000, forMs: HOUR_MS };
  for (const [tiers, fault] of [
    [[], /at least one/],
    [[{ everyMs: 0.5, forMs: HOUR_MS }], /tier 1: times are whole/],
    [[{ everyMs: -1, forMs: HOUR_MS }], /tier 1: times are whole/],
    [[{ everyMs: 0, forMs: Number.NaN }], /tier 1: times are whole/],
    [[fine, { everyMs: 1000, forMs: 2 * HOUR_MS }], /tier 2: its interval is longer/],
    [[fine, { everyMs: 1500, forMs: 2 * HOUR_MS }], /tier 2: its interval is a multiple/],
    [[fine, { everyMs: 2000, forMs: HOUR_MS }], /tier 2: it lasts longer/],
  ] as const) {
    assert.match(tierFault(tiers) ?? '', fault);
    assert.match(retentionFault(tiers) ?? '', fault);
  }
});

test('what people put keeps a minute at least, and no tier is shorter than its interval', () => {
  const short = [{ everyMs: 0, forMs: 59_999 }];
  assert.equal(tierFault(short), undefined);
  assert.match(retentionFault(short) ?? '', /at least a minute/);
  assert.match(retentionFault([{ everyMs: 2 * HOUR_MS, forMs: HOUR_MS }]) ?? '', /as long as its interval/);
  assert.match(retentionFault([{ everyMs: 0, forMs: RETENTION_FOR_MS_MAX + 1 }]) ?? '', /hundred years/);
  const many = Array.from({ length: RETENTION_TIERS_MAX + 1 }, (_, index) => ({
    everyMs: 1000 * 2 ** index,
    forMs: HOUR_MS * (index + 1),
  }));
  assert.match(retentionFault(many) ?? '', /at most/);
  assert.equal(retentionFault(many.slice(1)), undefined);
});

test('tiers are compared by what they say', () => {
  assert.ok(areSameTiers(RETENTION_DEFAULT, structuredClone(RETENTION_DEFAULT)));
  assert.ok(!areSameTiers(RETENTION_DEFAULT, RETENTION_DEFAULT.slice(1)));
  assert.ok(!areSameTiers(RETENTION_DEFAULT.slice(1), RETENTION_DEFAULT));
});
