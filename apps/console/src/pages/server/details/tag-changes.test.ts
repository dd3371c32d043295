import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { tagChanges } from './tag-changes.ts';

test('what is set and taken away makes of the old tags the new ones', () => {
  const key = fc.string({ minLength: 1, maxLength: 3 }).filter((one) => one !== '__proto__');
  const tags = fc.dictionary(key, fc.string(), { noNullPrototype: true });
  fc.assert(
    fc.property(tags, tags, (before, after) => {
      const { set, remove } = tagChanges(before, Object.entries(after));
      const kept = Object.entries(before).filter(([name]) => !remove.includes(name));
      assert.deepEqual({ ...Object.fromEntries(kept), ...set }, after);
      assert.ok(Object.keys(set).every((name) => !remove.includes(name)));
    }),
  );
});

test('nothing changed is nothing to do, and a row without a key is none', () => {
  assert.deepEqual(
    tagChanges({ Name: 'web' }, [
      ['Name', 'web'],
      ['', 'x'],
    ]),
    { set: {}, remove: [] },
  );
});
