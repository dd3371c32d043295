import assert from 'node:assert/strict';
import test from 'node:test';
import { type Draft, draftWith, isOvertaken } from './draft.ts';

type Tags = Readonly<Record<string, string>>;

test('what is typed stays, and with it what it began from', () => {
  const first = draftWith<Tags>(undefined, { Name: 'w' }, { Name: 'web' });
  const second = draftWith<Tags>(first, { Name: 'we' }, { Name: 'changed by another' });
  assert.deepEqual(second.typed, { Name: 'we' });
  assert.equal(second.from, first.from);
});

test('it is overtaken while what is stored is not what the typing began with', () => {
  const draft = draftWith<Tags>(undefined, { Name: 'w' }, { Name: 'web' });
  assert.equal(isOvertaken(draft, { Name: 'web' }), false);
  assert.equal(isOvertaken(draft, { Name: 'shop' }), true);
  const later = draftWith<Tags>(draft, { Name: 'x' }, { Name: 'shop' });
  assert.equal(isOvertaken(later, { Name: 'shop' }), true, 'typing on does not make it go away');
  assert.equal(isOvertaken(later, { Name: 'web' }), false, 'the other has taken it back');
});

test('nothing typed is never overtaken, and typing anew begins from what is stored then', () => {
  const none: Draft<Tags> | undefined = undefined;
  assert.equal(isOvertaken(none, { Name: 'shop' }), false);
  const again = draftWith<Tags>(none, { Name: 's' }, { Name: 'shop' });
  assert.equal(isOvertaken(again, { Name: 'shop' }), false);
});
