import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import test from 'node:test';
import { verifyWebhookSignature, WEBHOOK_TOLERANCE_MS, webhookSignature } from './webhook-signature.ts';

const SIGNED = { secret: 'whsec_test', body: '{"event":"ü"}', nowMs: 1_767_225_600_500 };

test('the signature is what the page says: HMAC-SHA256 of time and body', () => {
  const hex = createHmac('sha256', 'whsec_test').update('1767225600.{"event":"ü"}').digest('hex');
  assert.equal(webhookSignature(SIGNED), `t=1767225600,v1=${hex}`);
  assert.equal(verifyWebhookSignature(`t=1767225600,v1=${hex}`, SIGNED), true);
});

test('another body, secret, time or form is refused, and so is what is old', () => {
  const header = webhookSignature(SIGNED);
  const late = SIGNED.nowMs + WEBHOOK_TOLERANCE_MS + 1000;
  assert.equal(verifyWebhookSignature(header, { ...SIGNED, body: '{}' }), false);
  assert.equal(verifyWebhookSignature(header, { ...SIGNED, secret: 'whsec_other' }), false);
  assert.equal(verifyWebhookSignature(header, { ...SIGNED, nowMs: late }), false);
  assert.equal(verifyWebhookSignature(header.replace('t=1', 't=2'), SIGNED), false);
  for (const text of ['', 'v1=00', `${header},v1=00`, header.slice(0, -1)]) {
    assert.equal(verifyWebhookSignature(text, SIGNED), false, text);
  }
});
