import assert from 'node:assert/strict';
import test from 'node:test';
import { RELATIVE_OPTIONS, rangeFault, rangeOfSpan, spanOfRange } from './audit-range.ts';

const FROM = '2026-01-01T00:00:00.000Z';
const TO = '2026-01-02T00:00:00.000Z';

test('what the picker shows is what was chosen in it', () => {
  for (const option of RELATIVE_OPTIONS) assert.equal(rangeOfSpan(spanOfRange(option)), option);
  const absolute = { type: 'absolute', startDate: FROM, endDate: TO } as const;
  assert.deepEqual(rangeOfSpan(spanOfRange(absolute)), absolute);
  assert.deepEqual(spanOfRange({ ...absolute, startDate: '2026-01-01T09:00:00+09:00' }), {
    from: FROM,
    to: TO,
  });
  assert.equal(rangeOfSpan(spanOfRange(null)), null);
});

test('a span that is not one of ours becomes the next larger one', () => {
  assert.deepEqual(spanOfRange({ type: 'relative', amount: 90, unit: 'minute' }), { period: 'day' });
  assert.deepEqual(spanOfRange({ type: 'relative', amount: 1, unit: 'week' }), { period: 'week' });
  assert.deepEqual(spanOfRange({ type: 'relative', amount: 2, unit: 'year' }), { period: 'month' });
});

test('ranges that cannot be meant are told', () => {
  assert.equal(rangeFault(null), undefined);
  assert.equal(rangeFault({ type: 'absolute', startDate: FROM, endDate: '' }), 'openRange');
  assert.equal(rangeFault({ type: 'absolute', startDate: TO, endDate: FROM }), 'badRange');
  assert.equal(rangeFault({ type: 'absolute', startDate: FROM, endDate: TO }), undefined);
});
