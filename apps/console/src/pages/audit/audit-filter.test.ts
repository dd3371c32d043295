import assert from 'node:assert/strict';
import test from 'node:test';
import { auditInput, auditQuery, isFiltering, parseAuditFilter, withSpan, withText } from './audit-filter.ts';

const NOW_MS = Date.UTC(2026, 0, 31, 12);

function throughAddress(filter: Parameters<typeof auditQuery>[0]) {
  const given = Object.entries(auditQuery(filter)).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return parseAuditFilter(Object.fromEntries(given));
}

test('a filter survives the address', () => {
  const span = { from: '2026-01-01T00:00:00.000Z', to: '2026-01-02T00:00:00.000Z' };
  const all = { ...span, principal: 'arn:aws:iam::0:user/a', action: 'mgn:StartTest', outcome: 'SUCCESS' };
  assert.deepEqual(throughAddress(all), all);
  assert.deepEqual(throughAddress({ period: 'week' }), { period: 'week' });
  assert.deepEqual(throughAddress({}), {});
  assert.equal(isFiltering({}), false);
  assert.equal(isFiltering({ outcome: 'STARTED' }), true);
});

test('an address that somebody has written asks for nothing that cannot be meant', () => {
  const filter = parseAuditFilter({ period: '__proto__', from: 'yesterday', to: '2026-01-02', action: '  ' });
  assert.deepEqual(filter, { to: '2026-01-02T00:00:00.000Z' });
  assert.deepEqual(parseAuditFilter({ period: 'day', from: '2026-01-02' }), { period: 'day' });
  assert.equal(parseAuditFilter({ principal: 'x'.repeat(300) }).principal?.length, 256);
});

test('a period counts back from now', () => {
  assert.deepEqual(auditInput({ period: 'day', action: 'mgn:StartTest' }, NOW_MS), {
    fromDateTime: '2026-01-30T12:00:00.000Z',
    action: 'mgn:StartTest',
  });
  assert.deepEqual(auditInput({}, NOW_MS), {});
});

test('a member is set, changed and taken away without touching the others', () => {
  const filter = withText({ period: 'hour' }, 'action', ' mgn:StartTest ');
  assert.deepEqual(filter, { period: 'hour', action: 'mgn:StartTest' });
  assert.deepEqual(withText(filter, 'action', ''), { period: 'hour' });
  assert.deepEqual(withSpan(filter, { to: '2026-01-02T00:00:00.000Z' }), {
    action: 'mgn:StartTest',
    to: '2026-01-02T00:00:00.000Z',
  });
});
