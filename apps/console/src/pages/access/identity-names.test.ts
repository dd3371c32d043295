import assert from 'node:assert/strict';
import test from 'node:test';
import { holderInput, holderOfArn, isIdentityName } from './identity-names.ts';

test('names are told from what the service would refuse', () => {
  for (const name of ['ann', 'ann.lee@example.org', 'a+b=c,d-e_f', 'x'.repeat(64)])
    assert.equal(isIdentityName(name), true, name);
  for (const name of ['', 'a b', 'a/b', '<b>', '안', 'x'.repeat(65)])
    assert.equal(isIdentityName(name), false, name);
});

test('the holder of a policy is read from its ARN', () => {
  assert.deepEqual(holderOfArn('arn:aws:iam::000000000000:user/ann'), { kind: 'user', name: 'ann' });
  assert.deepEqual(holderOfArn('arn:aws:iam::000000000000:role/ops'), { kind: 'role', name: 'ops' });
  for (const arn of ['', 'arn:aws:iam::0:policy/p', 'arn:aws:sts::0:assumed-role/ops/x', 'user/ann'])
    assert.equal(holderOfArn(arn), undefined, arn);
});

test('a holder is given to the service as the one or the other', () => {
  assert.deepEqual(holderInput({ kind: 'user', name: 'ann' }), { userName: 'ann' });
  assert.deepEqual(holderInput({ kind: 'role', name: 'ops' }), { roleName: 'ops' });
});
