import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@landfall/runtime';
import fc from 'fast-check';
import { arnOf, instanceId, isoDateTime, parseArn, parseIsoDateTime } from './names.ts';
import { shapeOf } from './operations.ts';

test('an ARN is read as it was written', () => {
  const scope = { region: 'eu-west-1', accountId: '123456789012' };
  const text = arnOf('mgn', 'source-server', 's-0123456789abcdefA', scope);
  assert.equal(text, 'arn:aws:mgn:eu-west-1:123456789012:source-server/s-0123456789abcdefA');
  assert.deepEqual(parseArn(text), {
    service: 'mgn',
    type: 'source-server',
    id: 's-0123456789abcdefA',
    ...scope,
  });
});

test('what is not an ARN is not read as one', () => {
  for (const text of [
    '',
    's-1',
    'arn:aws:mgn',
    'arn:aws:mgn:r:1:job/',
    'arn:aws:mgn:r:1:job/a/b',
    'arn:aws:mgn:r:x:job/a',
  ]) {
    assert.equal(parseArn(text), undefined, text);
  }
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      (text) => parseArn(text) === undefined || text.startsWith('arn:'),
    ),
  );
});

test('dates are those of the model, and days that do not exist are none', () => {
  const pattern = shapeOf('mgn', 'ISO8601DatetimeString');
  assert.ok(pattern.type === 'string' && pattern.pattern !== undefined);
  const whole = new RegExp(`^(?:${pattern.pattern})$`);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Date.parse('9999-12-31T23:59:59.999Z') }), (timeMs) => {
      assert.match(isoDateTime(timeMs), whole);
      assert.equal(parseIsoDateTime(isoDateTime(timeMs)), timeMs);
    }),
  );
  assert.equal(parseIsoDateTime('2021-01-01T00:00:00.123456Z'), Date.parse('2021-01-01T00:00:00.123Z'));
  for (const text of ['2021-02-30T00:00:00Z', '2021-01-01', '2021-01-01T24:00:00Z', 'now', '']) {
    assert.equal(parseIsoDateTime(text), undefined, text);
  }
});

test('an instance identifier is one that clients accept', () => {
  assert.match(instanceId(seededRandom(1)), /^i-[0-9a-f]{17}$/);
});
