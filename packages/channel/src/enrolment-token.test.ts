import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeEnrolmentToken, encodeEnrolmentToken } from './enrolment-token.ts';

const TOKEN = {
  controlPlaneUrl: 'https://10.0.2.2:8443',
  caFingerprint: 'ab'.repeat(32),
  secret: 'a-secret-of-some-length',
};

test('a token survives encoding, and white space from copying', () => {
  assert.deepEqual(decodeEnrolmentToken(`  ${encodeEnrolmentToken(TOKEN)}\n`), TOKEN);
});

test('anything that is not a whole token is TOKEN_MALFORMED with a hint', () => {
  const word = encodeEnrolmentToken(TOKEN);
  const wrong = [
    '',
    'lf_',
    'hello',
    word.slice(0, -10),
    word.slice(1),
    `${word}!`,
    `lf_${Buffer.from('null').toString('base64url')}`,
    encodeEnrolmentToken({ ...TOKEN, controlPlaneUrl: 'http://plain:80' }),
    encodeEnrolmentToken({ ...TOKEN, caFingerprint: 'zz' }),
    encodeEnrolmentToken({ ...TOKEN, secret: '' }),
  ];
  for (const text of wrong) {
    assert.throws(() => decodeEnrolmentToken(text), { name: 'OperationError', code: 'TOKEN_MALFORMED' });
  }
});

test('no text whatever makes the decoder throw anything but TOKEN_MALFORMED', () => {
  const encoded = fc.oneof(
    fc.string(),
    fc.json().map((text) => `lf_${Buffer.from(text).toString('base64url')}`),
  );
  fc.assert(
    fc.property(encoded, (text) => {
      assert.throws(() => decodeEnrolmentToken(text), { code: 'TOKEN_MALFORMED' });
    }),
  );
});
