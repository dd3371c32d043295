/**
 * AWS Signature Version 4 with Web Crypto, for the `landfall` service and STS: always POST, a path without
 * query, a body that is text. The AWS SDK signs its own requests.
 *
 * G1  A secret becomes a key that can sign and cannot be read out again (`extractable: false`), so that
 *     nothing that runs in the page later can take it away.
 */
const ALGORITHM = 'AWS4-HMAC-SHA256';
const HMAC = { name: 'HMAC', hash: 'SHA-256' } as const;

export interface SigningKey {
  readonly accessKeyId: string;
  readonly key: CryptoKey;
  readonly sessionToken?: string;
}

export interface SignableRequest {
  /** As on the wire; letters, digits, `/` and `-` only. */
  readonly path: string;
  /** Names in lower case; must contain `host`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface SigningScope {
  readonly service: 'landfall' | 'sts';
  readonly region: string;
  readonly nowMs: number;
}

/** G1 */
export async function signingKey(credentials: {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}): Promise<SigningKey> {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const key = await importKey(bytesOf(`AWS4${secretAccessKey}`));
  return { accessKeyId, key, ...(sessionToken === undefined ? {} : { sessionToken }) };
}

/** The headers to add; all of `headers` is signed. */
export async function signRequest(
  request: SignableRequest,
  signer: SigningKey,
  scope: SigningScope,
): Promise<Readonly<Record<string, string>>> {
  const timestamp = `${new Date(scope.nowMs).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
  const bodyHash = await sha256(request.body);
  const added: Record<string, string> = { 'x-amz-date': timestamp, 'x-amz-content-sha256': bodyHash };
  if (signer.sessionToken !== undefined) added['x-amz-security-token'] = signer.sessionToken;
  const headers: Readonly<Record<string, string>> = { ...request.headers, ...added };
  const names = Object.keys(headers).sort();
  const lines = names.map((name) => `${name}:${(headers[name] ?? '').trim().replace(/ +/g, ' ')}\n`);
  const canonical = ['POST', request.path, '', lines.join(''), names.join(';'), bodyHash].join('\n');
  const parts = [timestamp.slice(0, 8), scope.region, scope.service, 'aws4_request'];
  const text = [ALGORITHM, timestamp, parts.join('/'), await sha256(canonical)].join('\n');
  const signature = hex(await hmac(await derivedKey(signer.key, parts), text));
  const fields = [
    `Credential=${signer.accessKeyId}/${parts.join('/')}`,
    `SignedHeaders=${names.join(';')}`,
    `Signature=${signature}`,
  ];
  return { ...added, authorization: `${ALGORITHM} ${fields.join(', ')}` };
}

async function derivedKey(first: CryptoKey, parts: readonly string[]): Promise<CryptoKey> {
  let key = first;
  for (const part of parts) key = await importKey(await hmac(key, part));
  return key;
}

function importKey(raw: BufferSource): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', raw, HMAC, false, ['sign']);
}

function hmac(key: CryptoKey, text: string): Promise<ArrayBuffer> {
  return crypto.subtle.sign('HMAC', key, bytesOf(text));
}

async function sha256(text: string): Promise<string> {
  return hex(await crypto.subtle.digest('SHA-256', bytesOf(text)));
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function hex(content: ArrayBuffer): string {
  return [...new Uint8Array(content)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
