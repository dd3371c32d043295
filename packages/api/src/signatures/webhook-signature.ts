/**
 * The header `Landfall-Signature` of a webhook: `t=<seconds since 1970>,v1=<hex>`, where the second is the
 * HMAC-SHA256 of `<t>.<body>` under the webhook's secret. The time is signed, so an old delivery that
 * somebody recorded can be told from a new one.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export const WEBHOOK_SIGNATURE_HEADER = 'landfall-signature';
export const WEBHOOK_TOLERANCE_MS = 300_000;

export interface SignedWebhook {
  readonly secret: string;
  /** As it is sent, byte for byte. */
  readonly body: string;
  readonly nowMs: number;
}

export function webhookSignature({ secret, body, nowMs }: SignedWebhook): string {
  const seconds = Math.floor(nowMs / 1000);
  return `t=${seconds},v1=${digest(secret, seconds, body).toString('hex')}`;
}

/** For receivers. False: it is forged, altered, or older (or newer) than five minutes. */
export function verifyWebhookSignature(header: string, { secret, body, nowMs }: SignedWebhook): boolean {
  const [, seconds = '', hex = ''] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header) ?? [];
  if (hex === '' || Math.abs(nowMs - Number(seconds) * 1000) > WEBHOOK_TOLERANCE_MS) return false;
  return timingSafeEqual(Buffer.from(hex, 'hex'), digest(secret, Number(seconds), body));
}

function digest(secret: string, seconds: number, body: string): Buffer {
  return createHmac('sha256', secret).update(`${seconds}.${body}`, 'utf8').digest();
}
