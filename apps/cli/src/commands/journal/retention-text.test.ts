import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RETENTION_DEFAULT } from '@landfall/model';
import { OperationError } from '@landfall/runtime';
import { dropText, everyText, lengthText, parseTiers } from './retention-text.ts';

test('the built-in tiers can be written, with spaces or without', () => {
  assert.deepEqual(parseTiers('all:1h,1s:1d,1m:7d,1d:30d'), RETENTION_DEFAULT);
  assert.deepEqual(parseTiers('all:60m, 1s:24h, 60s:7d, 24h:30d'), RETENTION_DEFAULT);
});

test('what is no tier, or does not follow, is refused with an example', () => {
  for (const text of [
    '',
    'all',
    'all:1',
    'all:1h:2',
    'every:1h',
    '1h:-1d',
    '0s:1h',
    'all:1h,1s:1h',
    'all:1s',
  ])
    assert.throws(
      () => parseTiers(text),
      (error) => error instanceof OperationError && error.code === 'OPTION_INVALID',
      text,
    );
});

test('times are told in the largest unit that fits', () => {
  assert.deepEqual([1000, 90_000, 3_600_000, 604_800_000, 1500].map(lengthText), [
    '1 second',
    '90 seconds',
    '1 hour',
    '7 days',
    '1500 ms',
  ]);
  assert.equal(everyText(0), 'every point');
  assert.equal(everyText(60_000), 'one point every 1 minute');
});

test('what would go is told with what there is, and with what nobody knows', () => {
  const preview = { items: [], servers: 3, points: 500, droppedPoints: 0, droppingServers: 0 };
  assert.equal(dropText({ ...preview, unansweredServerIDs: [] }), 'none of 500 recovery points of 3 servers');
  const some = { ...preview, droppedPoints: 20, droppingServers: 1, unansweredServerIDs: ['s-1', 's-2'] };
  assert.equal(
    dropText(some),
    '20 of 500 recovery points of 3 servers, on 1 server; of 2 servers it is not known',
  );
});
