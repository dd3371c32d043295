/**
 * AWS Signature Version 4 over the `Authorization` header, both ends.
 *
 * S1  The canonical URI is the raw path percent-encoded once more (`%3A` -> `%253A`), as every client of
 *     MGN signs it.
 * S2  The body signed is always the hash of the raw bytes; a client may not leave it out
 *     (`UNSIGNED-PAYLOAD`).
 * S3  Signatures and session tokens are compared in constant time.
 * S4  A signature is good for `clockSkewMsMax` around its own time, and `host` and `x-amz-date` are always
 *     part of it.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { ApiError } from '../api-error.ts';

export const CLOCK_SKEW_MS_MAX = 5 * 60_000;

const ALGORITHM = 'AWS4-HMAC-SHA256';
/** Signed whenever they are sent. */
const ALWAYS_SIGNED = ['host', 'x-amz-date', 'x-amz-content-sha256', 'x-amz-security-token'];

export type HeaderTable = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface SignableRequest {
  readonly method: string;
  /** As on the wire, before any decoding, without the query. */
  readonly rawPath: string;
  /** As on the wire, without the question mark; empty when there is none. */
  readonly rawQuery: string;
  /** Names in lower case, as node gives them; must contain `host`. */
  readonly headers: HeaderTable;
  readonly body: Uint8Array | string;
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface SigningScope {
  readonly service: string;
  readonly region: string;
  readonly nowMs: number;
}

export interface KnownKey<Principal> {
  readonly secretAccessKey: string;
  /** For temporary credentials: what the client must send. */
  readonly sessionToken?: string | undefined;
  readonly principal: Principal;
}

export interface VerifyOptions<Principal> {
  readonly nowMs: number;
  readonly secretFor: (accessKeyId: string) => Promise<KnownKey<Principal> | undefined>;
  readonly clockSkewMsMax?: number;
}

export interface VerifiedCaller<Principal> {
  readonly accessKeyId: string;
  /** From the credential scope: `mgn` or `landfall` tell the two services apart. Not checked here. */
  readonly service: string;
  readonly region: string;
  /** Hexadecimal: tells a request that is sent again. */
  readonly signature: string;
  readonly principal: Principal;
}

/** The headers to add to the request; everything in `request.headers` is signed too. */
export function signRequest(
  request: SignableRequest,
  credentials: Credentials,
  scope: SigningScope,
): Readonly<Record<string, string>> {
  const timestamp = formatTimestamp(scope.nowMs);
  const added: Record<string, string> = {
    'x-amz-date': timestamp,
    'x-amz-content-sha256': sha256(request.body),
  };
  if (credentials.sessionToken !== undefined) added['x-amz-security-token'] = credentials.sessionToken;
  const headers = { ...request.headers, ...added };
  const signedNames = Object.keys(headers)
    .filter((name) => headers[name] !== undefined)
    .sort();
  const claim: Claim = { ...credentials, ...scope, date: timestamp.slice(0, 8), signedNames, timestamp };
  const signature = computeSignature({ ...request, headers }, claim, credentials.secretAccessKey);
  const credential = `${credentials.accessKeyId}/${scopeText(claim)}`;
  const fields = [
    `Credential=${credential}`,
    `SignedHeaders=${signedNames.join(';')}`,
    `Signature=${signature}`,
  ];
  return { ...added, authorization: `${ALGORITHM} ${fields.join(', ')}` };
}

/**
 * Throws ApiError, always 403. `secretFor` is asked for syntactically correct requests inside the clock's
 * limits only.
 */
export async function verifySignature<Principal>(
  request: SignableRequest,
  options: VerifyOptions<Principal>,
): Promise<VerifiedCaller<Principal>> {
  const { signature, ...claim } = readClaim(request);
  checkTime(claim.timestamp, options.nowMs, options.clockSkewMsMax ?? CLOCK_SKEW_MS_MAX);
  checkBody(request);
  const key = await options.secretFor(claim.accessKeyId);
  if (key === undefined) {
    throw ApiError.of('UnrecognizedClientException', 'The access key in the request is not known.');
  }
  const expected = computeSignature(request, claim, key.secretAccessKey);
  if (!equalsInConstantTime(expected, signature)) {
    throw invalidSignature(
      'The signature does not match the request; check the secret key and how it is signed.',
    );
  }
  checkSessionToken(request, key.sessionToken);
  const { accessKeyId, service, region } = claim;
  return { accessKeyId, service, region, signature, principal: key.principal };
}

/** What the Authorization header says about itself. */
interface Claim {
  readonly accessKeyId: string;
  /** YYYYMMDD */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedNames: readonly string[];
  /** YYYYMMDDTHHMMSSZ, from `x-amz-date`. */
  readonly timestamp: string;
}

function readClaim(request: SignableRequest): Claim & { readonly signature: string } {
  const authorization = headerText(request.headers, 'authorization');
  if (authorization === undefined || authorization === '') {
    throw ApiError.of('MissingAuthenticationTokenException', 'The request has no Authorization header.');
  }
  const fields =
    /^AWS4-HMAC-SHA256\s+Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/.exec(
      authorization.trim(),
    );
  const [, credential = '', names = '', signature = ''] = fields ?? [];
  const scope = /^([^/]+)\/(\d{8})\/([\w-]+)\/([\w-]+)\/aws4_request$/.exec(credential);
  if (scope === null)
    throw incompleteSignature('The Authorization header is not a complete AWS4-HMAC-SHA256 signature.');
  const [, accessKeyId = '', date = '', region = '', service = ''] = scope;
  const signedNames = names.split(';');
  const timestamp = headerText(request.headers, 'x-amz-date') ?? '';
  checkSignedNames(request.headers, signedNames);
  if (!timestamp.startsWith(date))
    throw invalidSignature('The date in the credential scope is not that of X-Amz-Date.');
  return { accessKeyId, date, region, service, signedNames, timestamp, signature };
}

function checkSignedNames(headers: HeaderTable, signedNames: readonly string[]): void {
  for (const name of signedNames) {
    if (headerText(headers, name) === undefined)
      throw invalidSignature(`The signed header ${name} is missing.`);
  }
  for (const name of ALWAYS_SIGNED) {
    const mustBeSigned = name === 'host' || name === 'x-amz-date' || headerText(headers, name) !== undefined;
    if (mustBeSigned && !signedNames.includes(name))
      throw incompleteSignature(`The header ${name} is not signed.`);
  }
}

function checkTime(timestamp: string, nowMs: number, clockSkewMsMax: number): void {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(timestamp);
  const [, year, month, day, hour, minute, second] = match ?? [];
  const timeMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(timeMs)) throw incompleteSignature('X-Amz-Date is not of the form YYYYMMDDTHHMMSSZ.');
  const now = formatTimestamp(nowMs);
  if (timeMs < nowMs - clockSkewMsMax) {
    throw invalidSignature(`Signature expired: ${timestamp} is too far before the server's time ${now}.`);
  }
  if (timeMs > nowMs + clockSkewMsMax) {
    throw invalidSignature(
      `Signature not yet current: ${timestamp} is too far after the server's time ${now}.`,
    );
  }
}

function checkBody(request: SignableRequest): void {
  const claimed = headerText(request.headers, 'x-amz-content-sha256');
  if (claimed !== undefined && claimed !== sha256(request.body)) {
    throw invalidSignature('X-Amz-Content-Sha256 is not the hash of the body.');
  }
}

function checkSessionToken(request: SignableRequest, expected: string | undefined): void {
  const sent = headerText(request.headers, 'x-amz-security-token');
  const matches =
    sent === expected ||
    (sent !== undefined && expected !== undefined && equalsInConstantTime(sent, expected));
  if (!matches)
    throw ApiError.of('UnrecognizedClientException', 'The security token in the request is not valid.');
}

function computeSignature(request: SignableRequest, claim: Claim, secretAccessKey: string): string {
  const canonical = canonicalRequest(request, claim.signedNames);
  const text = [ALGORITHM, claim.timestamp, scopeText(claim), sha256(canonical)].join('\n');
  const parts = [claim.date, claim.region, claim.service, 'aws4_request'];
  const key = parts.reduce<Buffer>((seed, part) => hmac(seed, part), Buffer.from(`AWS4${secretAccessKey}`));
  return hmac(key, text).toString('hex');
}

function scopeText(claim: Pick<Claim, 'date' | 'region' | 'service'>): string {
  return `${claim.date}/${claim.region}/${claim.service}/aws4_request`;
}

function canonicalRequest(request: SignableRequest, signedNames: readonly string[]): string {
  const headers = signedNames.map((name) => {
    const value = headerText(request.headers, name) ?? '';
    return `${name}:${value.trim().replace(/ +/g, ' ')}\n`;
  });
  return [
    request.method,
    request.rawPath.split('/').map(encodeForSignature).join('/'),
    canonicalQuery(request.rawQuery),
    headers.join(''),
    signedNames.join(';'),
    sha256(request.body),
  ].join('\n');
}

function canonicalQuery(rawQuery: string): string {
  const pairs = rawQuery.split('&').filter((pair) => pair !== '');
  const encoded = pairs.map((pair) => {
    const [name = '', ...value] = pair.split('=');
    return [recode(name), recode(value.join('='))] as const;
  });
  encoded.sort(([leftName, leftValue], [rightName, rightValue]) => {
    return compareText(leftName, rightName) || compareText(leftValue, rightValue);
  });
  return encoded.map(([name, value]) => `${name}=${value}`).join('&');
}

/** Clients encode a query in more than one way, but sign one of them. */
function recode(text: string): string {
  try {
    return encodeForSignature(decodeURIComponent(text));
  } catch (cause) {
    if (!(cause instanceof URIError)) throw cause;
    throw invalidSignature('The query string is not valid percent-encoded UTF-8.');
  }
}

/** RFC 3986: everything but unreserved characters. */
function encodeForSignature(text: string): string {
  const encoded = encodeURIComponent(text.toWellFormed());
  return encoded.replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function headerText(headers: HeaderTable, name: string): string | undefined {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  return typeof value === 'string' || value === undefined ? value : value.join(',');
}

function formatTimestamp(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

function equalsInConstantTime(left: string, right: string): boolean {
  return timingSafeEqual(
    createHash('sha256').update(left).digest(),
    createHash('sha256').update(right).digest(),
  );
}

function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function invalidSignature(message: string): ApiError {
  return ApiError.of('InvalidSignatureException', message);
}

function incompleteSignature(message: string): ApiError {
  return ApiError.of('IncompleteSignatureException', message);
}
