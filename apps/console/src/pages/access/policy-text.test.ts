import assert from 'node:assert/strict';
import test from 'node:test';
import {
  accountOfArn,
  NEW_POLICY,
  newTrustPolicy,
  POLICY_CHARACTERS_MAX,
  policyTextFault,
  readablePolicy,
} from './policy-text.ts';

test('what an editor begins with has no fault', () => {
  assert.equal(policyTextFault(NEW_POLICY), undefined);
  assert.equal(policyTextFault(newTrustPolicy('000000000000')), undefined);
  assert.match(newTrustPolicy('000000000000'), /"arn:aws:iam::000000000000:root"/);
});

test('faults of the form are told apart', () => {
  assert.deepEqual(policyTextFault(' \n'), { kind: 'EMPTY' });
  assert.deepEqual(policyTextFault(`"${'x'.repeat(POLICY_CHARACTERS_MAX)}"`), { kind: 'TOO_LONG' });
  const fault = policyTextFault('{ "Version": }');
  assert.ok(fault?.kind === 'NO_JSON' && fault.reason !== '');
});

test('a policy is written in lines, and what is none stays as it is', () => {
  assert.equal(readablePolicy('{"a":[1]}'), '{\n  "a": [\n    1\n  ]\n}');
  assert.equal(readablePolicy('{"a":'), '{"a":');
});

test('the account stands in an ARN', () => {
  assert.equal(accountOfArn('arn:aws:iam::000000000000:user/ann'), '000000000000');
  assert.equal(accountOfArn('arn:aws:iam::aws:policy/AdministratorAccess'), undefined);
});
