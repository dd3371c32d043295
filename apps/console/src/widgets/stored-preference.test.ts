import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { withStored } from './stored-preference.ts';

const STANDARD = { pageSize: 25, wrapLines: false, visibleContent: ['server'] as readonly string[] };

test('what was stored is taken, member by member', () => {
  assert.deepEqual(withStored(STANDARD, '{"pageSize":100,"unknown":1}'), { ...STANDARD, pageSize: 100 });
  assert.deepEqual(withStored(STANDARD, null), STANDARD);
});

test('whatever is stored, the kinds of the members stay', () => {
  const anything = fc.oneof(fc.string(), fc.json());
  const wrong = fc
    .record({ pageSize: fc.anything(), wrapLines: fc.anything(), visibleContent: fc.anything() })
    .map((value) => JSON.stringify(value) ?? '');
  fc.assert(
    fc.property(fc.oneof(anything, wrong), (text) => {
      const { pageSize, wrapLines, visibleContent } = withStored(STANDARD, text);
      assert.equal(typeof pageSize, 'number');
      assert.equal(typeof wrapLines, 'boolean');
      assert.ok(Array.isArray(visibleContent));
    }),
  );
});
