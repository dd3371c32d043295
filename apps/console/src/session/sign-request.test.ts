import assert from 'node:assert/strict';
import test from 'node:test';
import { type KnownKey, signRequest as reference, verifySignature } from '@landfall/api';
import { type SigningScope, signingKey, signRequest } from './sign-request.ts';

const CREDENTIALS = {
  accessKeyId: 'ASIAEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: 'token/with+signs=',
};
const SCOPE: SigningScope = { service: 'landfall', region: 'us-east-1', nowMs: Date.UTC(2026, 0, 31, 12) };
const REQUEST = {
  path: '/landfall/DescribeService',
  headers: { host: 'landfall.example:8443', 'content-type': 'application/json' },
  body: '{"name":"서버 <b>"}',
};

test('the browser signs as the control plane verifies', async () => {
  const added = await signRequest(REQUEST, await signingKey(CREDENTIALS), SCOPE);
  const secretFor = async (): Promise<KnownKey<string>> => ({ ...CREDENTIALS, principal: 'ann' });
  const { path, headers, body } = REQUEST;
  const parts = { method: 'POST', rawPath: path, rawQuery: '', headers: { ...headers, ...added }, body };
  const caller = await verifySignature(parts, { nowMs: SCOPE.nowMs, secretFor });
  assert.equal(caller.principal, 'ann');
  assert.equal(caller.service, 'landfall');
});

test('its signature is the one that our client for Node makes', async () => {
  const added = await signRequest(REQUEST, await signingKey(CREDENTIALS), SCOPE);
  const { path, headers, body } = REQUEST;
  const parts = { method: 'POST', rawPath: path, rawQuery: '', headers, body };
  assert.deepEqual(added, reference(parts, CREDENTIALS, SCOPE));
});

test('a secret that has become a key cannot be read out again', async () => {
  const { key } = await signingKey(CREDENTIALS);
  assert.equal(key.extractable, false);
  await assert.rejects(crypto.subtle.exportKey('raw', key));
});
