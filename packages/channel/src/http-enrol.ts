/**
 * Enrolment: from a token to an identity. Nothing is believed that the token's CA fingerprint does not vouch
 * for.
 */
import { createHash, createPrivateKey, createPublicKey, sign, X509Certificate } from 'node:crypto';
import { type Dial, OperationError } from '@landfall/runtime';
import { decodeEnrolmentToken, type EnrolmentToken } from './enrolment-token.ts';
import { createHttpClient } from './http-client.ts';
import type { Enrolment, EnrolmentRequest } from './messages.ts';

const EXCHANGE_TIMEOUT_MS = 20_000;

/** What the program says of itself: the request without what the token and the key give. */
export interface EnrolOptions extends Omit<EnrolmentRequest, 'token' | 'publicKeyPem' | 'proof'> {
  /** The whole token, `lf_…`. */
  readonly token: string;
  /** P-256, PKCS #8, PEM. */
  readonly keyPem: string;
  /** The way to the control plane; default: straight. */
  readonly dial?: Dial;
}

export interface EnrolResult extends Enrolment {
  readonly controlPlaneUrl: string;
}

/**
 * Errors: TOKEN_MALFORMED, CONTROL_PLANE_UNREACHABLE, CONTROL_PLANE_UNTRUSTED, PROXY_*, and what the control
 * plane says.
 */
export async function enrol(options: EnrolOptions): Promise<EnrolResult> {
  const { token: tokenText, keyPem, dial, ...description } = options;
  const token = decodeEnrolmentToken(tokenText);
  const caPem = await fetchCaCertificate(token, dial);
  const client = createHttpClient({ controlPlaneUrl: token.controlPlaneUrl, caPem, dial });
  try {
    const request: EnrolmentRequest = {
      ...description,
      token: token.secret,
      publicKeyPem: publicKeyOf(keyPem),
      proof: proofOfPossession(keyPem, token.secret, options.installId),
    };
    const answer = await client.post('/channel/enrol', request, { timeoutMs: EXCHANGE_TIMEOUT_MS });
    return { ...checkedEnrolment(answer, caPem), controlPlaneUrl: token.controlPlaneUrl };
  } finally {
    client.close();
  }
}

/** The CA certificate, believed because its fingerprint is the token's. */
export async function fetchCaCertificate(token: EnrolmentToken, dial?: Dial): Promise<string> {
  const client = createHttpClient({ controlPlaneUrl: token.controlPlaneUrl, caPem: undefined, dial });
  try {
    const pem = await client.getText('/ca.pem', { timeoutMs: EXCHANGE_TIMEOUT_MS });
    if (certificateFingerprint(pem) === token.caFingerprint) return pem;
  } finally {
    client.close();
  }
  const message = `${token.controlPlaneUrl} shows another certificate authority than the token names`;
  throw new OperationError('CONTROL_PLANE_UNTRUSTED', message, {
    hint: 'create a new token on the control plane; if it stays so, something answers in its place',
  });
}

/** SHA-256 of the certificate's DER, lower-case hexadecimal; `undefined` when the text is no certificate. */
export function certificateFingerprint(pem: string): string | undefined {
  try {
    return createHash('sha256').update(new X509Certificate(pem).raw).digest('hex');
  } catch {
    // The caller names what it expected a certificate from.
    return undefined;
  }
}

/** base64 ECDSA-SHA256 (DER) over `secret + '\n' + installId`. */
export function proofOfPossession(keyPem: string, secret: string, installId: string): string {
  return sign('sha256', Buffer.from(`${secret}\n${installId}`), createPrivateKey(keyPem)).toString('base64');
}

function publicKeyOf(keyPem: string): string {
  return createPublicKey(keyPem).export({ type: 'spki', format: 'pem' }).toString();
}

function checkedEnrolment(answer: unknown, caPem: string): Enrolment {
  const enrolment = answer as Partial<Enrolment>;
  const { programId, certificatePem } = enrolment;
  if (typeof programId === 'string' && typeof certificatePem === 'string') {
    if (certificateFingerprint(certificatePem) !== undefined) return { programId, certificatePem, caPem };
  }
  throw new OperationError('CHANNEL_ANSWER_INVALID', 'the control plane enrolled us without a certificate', {
    hint: 'check that control plane and agent are of the same version',
  });
}
