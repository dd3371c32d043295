/**
 * An enrolment token is one word a person copies into an installer. It says where the control plane is, which
 * certificate authority to believe, and the secret that the control plane counts and expires:
 *
 *   'lf_' + base64url(JSON { u: control plane URL, f: SHA-256 of the CA certificate's DER (hex), s: secret })
 *
 * With the fingerprint inside, the very first connection is already safe from somebody in the middle.
 */
import { OperationError } from '@landfall/runtime';

export interface EnrolmentToken {
  /** `https://HOST:PORT`, without a trailing slash. */
  readonly controlPlaneUrl: string;
  /** SHA-256 of the CA certificate's DER, 64 lower-case hexadecimal digits. */
  readonly caFingerprint: string;
  readonly secret: string;
}

const PREFIX = 'lf_';
const TOKEN_CHARACTERS_MAX = 4096;

export function encodeEnrolmentToken(token: EnrolmentToken): string {
  const content = { u: token.controlPlaneUrl, f: token.caFingerprint, s: token.secret };
  return PREFIX + Buffer.from(JSON.stringify(content), 'utf8').toString('base64url');
}

/** Errors: TOKEN_MALFORMED. Accepts surrounding white space, which copying brings along. */
export function decodeEnrolmentToken(text: string): EnrolmentToken {
  const word = text.trim();
  if (!word.startsWith(PREFIX)) throw malformed(`it does not begin with ${PREFIX}`);
  if (word.length > TOKEN_CHARACTERS_MAX) throw malformed('it is too long');
  const encoded = word.slice(PREFIX.length);
  if (!/^[A-Za-z0-9_-]+$/.test(encoded)) throw malformed('it has characters that no token has');
  const content = parseContent(encoded);
  return {
    controlPlaneUrl: checkedUrl(content.u),
    caFingerprint: checkedText(content.f, /^[0-9a-f]{64}$/, 'its CA fingerprint is not valid'),
    secret: checkedText(content.s, /^\S{8,512}$/, 'its secret is missing'),
  };
}

function parseContent(encoded: string): { readonly u?: unknown; readonly f?: unknown; readonly s?: unknown } {
  try {
    const content: unknown = JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'));
    if (typeof content === 'object' && content !== null) return { ...content };
  } catch (cause) {
    throw malformed('part of it is missing or was changed', cause);
  }
  throw malformed('part of it is missing or was changed');
}

function checkedUrl(value: unknown): string {
  const text = checkedText(value, /^https:\/\/[^\s/]+\/?$/, 'its control plane address is not valid');
  if (!URL.canParse(text)) throw malformed('its control plane address is not valid');
  return text.replace(/\/$/, '');
}

function checkedText(value: unknown, form: RegExp, complaint: string): string {
  if (typeof value !== 'string' || !form.test(value)) throw malformed(complaint);
  return value;
}

function malformed(why: string, cause?: unknown): OperationError {
  return new OperationError('TOKEN_MALFORMED', `this is not an enrolment token: ${why}`, {
    hint: 'copy the whole token again, or create a new one with `landfall token create`',
    cause,
  });
}
