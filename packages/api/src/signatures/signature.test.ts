import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ApiError } from '../api-error.ts';
import { type Credentials, type SignableRequest, signRequest, verifySignature } from './signature.ts';

const NOW_MS = Date.parse('2026-03-01T12:00:00Z');
const CREDENTIALS: Credentials = { accessKeyId: 'LFAKEXAMPLE', secretAccessKey: 'a/secret+key' };
const SCOPE = { service: 'mgn', region: 'eu-west-1', nowMs: NOW_MS };
const REQUEST: SignableRequest = {
  method: 'POST',
  rawPath: '/tags/arn%3Aaws%3Amgn%3Aeu-west-1%3A123456789012%3Ajob%2Fmgnjob-0123456789abcdefA',
  rawQuery: 'tagKeys=b%20c&tagKeys=a',
  headers: { host: 'landfall.example:8443', 'content-type': 'application/json' },
  body: '{"filters": {"isArchived": false}}',
};

interface Change {
  readonly request?: Partial<SignableRequest>;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly nowMs?: number;
  readonly known?: Credentials;
}

function sign(request: SignableRequest, credentials = CREDENTIALS): SignableRequest {
  return { ...request, headers: { ...request.headers, ...signRequest(request, credentials, SCOPE) } };
}

async function verify(signed: SignableRequest, change: Change = {}) {
  const request = { ...signed, ...change.request };
  const known = change.known ?? CREDENTIALS;
  return verifySignature(
    { ...request, headers: { ...request.headers, ...change.headers } },
    {
      nowMs: change.nowMs ?? NOW_MS,
      secretFor: async (accessKeyId) =>
        accessKeyId === known.accessKeyId ? { ...known, principal: 'the administrator' } : undefined,
    },
  );
}

async function expectRefusal(name: string, signed: SignableRequest, change: Change = {}): Promise<void> {
  await assert.rejects(verify(signed, change), (error: unknown) => {
    assert.ok(error instanceof ApiError, String(error));
    assert.equal(error.name, name);
    assert.equal(error.status, 403);
    return true;
  });
}

/**
 * From the published test suite of Signature Version 4; date 2015-08-30, key AKIDEXAMPLE, service `service`.
 */
const PUBLISHED = [
  {
    title: 'get-vanilla',
    method: 'GET',
    rawQuery: '',
    signature: '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
  },
  {
    title: 'get-vanilla-query-order-key-case',
    method: 'GET',
    rawQuery: 'Param2=value2&Param1=value1',
    signature: 'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  },
  {
    title: 'post-vanilla',
    method: 'POST',
    rawQuery: '',
    signature: '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
  },
];

describe('verification', () => {
  for (const { title, method, rawQuery, signature } of PUBLISHED) {
    test(`accepts the published vector ${title}`, async () => {
      const names = 'SignedHeaders=host;x-amz-date';
      const credential = 'AKIDEXAMPLE/20150830/us-east-1/service/aws4_request';
      const headers = {
        host: 'example.amazonaws.com',
        'x-amz-date': '20150830T123600Z',
        authorization: `AWS4-HMAC-SHA256 Credential=${credential}, ${names}, Signature=${signature}`,
      };
      const known = {
        accessKeyId: 'AKIDEXAMPLE',
        secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
      };
      const nowMs = Date.parse('2015-08-30T12:36:30Z');
      const request = { method, rawPath: '/', rawQuery, headers, body: '' };
      const caller = await verify(request, { known, nowMs });
      assert.deepEqual(caller, {
        signature,
        accessKeyId: 'AKIDEXAMPLE',
        service: 'service',
        region: 'us-east-1',
        principal: 'the administrator',
      });
    });
  }

  test('accepts every request that was signed with the known key', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 });
    const part = text.map(encodeURIComponent);
    const request = fc.record({
      method: fc.constantFrom('GET', 'POST', 'DELETE'),
      rawPath: fc.array(part, { maxLength: 4 }).map((parts) => `/${parts.join('/')}`),
      rawQuery: fc
        .array(fc.tuple(part, part), { maxLength: 5 })
        .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join('&')),
      body: text,
      headers: fc.constant(REQUEST.headers),
    });
    const sessionToken = fc.option(fc.stringMatching(/^[A-Za-z0-9+/=]{1,80}$/), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(request, sessionToken, async (drawn, token) => {
        const credentials = { ...CREDENTIALS, sessionToken: token };
        const caller = await verify(sign(drawn, credentials), { known: credentials });
        assert.equal(caller.principal, 'the administrator');
      }),
      { numRuns: 100 },
    );
  });

  test('refuses a request that was changed anywhere after it was signed', async () => {
    const signed = sign(REQUEST);
    const changes: Change[] = [
      { request: { method: 'DELETE' } },
      { request: { rawPath: '/StartTest' } },
      { request: { rawPath: decodeURIComponent(REQUEST.rawPath) } },
      { request: { rawQuery: 'tagKeys=b%20c' } },
      { request: { rawQuery: 'tagKeys=%zz' } },
      { request: { body: '{"filters":{"isArchived":false}}' } },
      { request: { body: '' } },
      { headers: { host: 'other.example' } },
      { headers: { 'content-type': 'text/plain' } },
      { headers: { 'content-type': undefined } },
      { headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } },
      { headers: { 'x-amz-date': '20260301T120001Z' } },
      { known: { ...CREDENTIALS, secretAccessKey: 'another' } },
    ];
    for (const change of changes) await expectRefusal('InvalidSignatureException', signed, change);
  });

  test('does not care in which order or encoding an unchanged query arrives', async () => {
    await verify(sign(REQUEST), { request: { rawQuery: 'tagKeys=a&tagKeys=%62%20c' } });
  });

  test('refuses signatures older or newer than the clock allows', async () => {
    const signed = sign(REQUEST);
    await verify(signed, { nowMs: NOW_MS + 299_000 });
    await verify(signed, { nowMs: NOW_MS - 299_000 });
    await expectRefusal('InvalidSignatureException', signed, { nowMs: NOW_MS + 301_000 });
    await expectRefusal('InvalidSignatureException', signed, { nowMs: NOW_MS - 301_000 });
  });

  test('names what is missing: header, parts of it, key, session token', async () => {
    const signed = sign(REQUEST);
    const authorization = String(signed.headers.authorization);
    const refused: [string, Record<string, string | undefined>][] = [
      ['MissingAuthenticationTokenException', { authorization: undefined }],
      ['MissingAuthenticationTokenException', { authorization: '' }],
      ['IncompleteSignatureException', { authorization: 'Bearer abc' }],
      [
        'IncompleteSignatureException',
        { authorization: authorization.replace('aws4_request', 'aws5_request') },
      ],
      [
        'IncompleteSignatureException',
        { authorization: authorization.replace(/Signature=.*/, 'Signature=00') },
      ],
      ['IncompleteSignatureException', { authorization: authorization.replace(';host', '') }],
      ['IncompleteSignatureException', { authorization: authorization.replace(';x-amz-date', '') }],
      ['IncompleteSignatureException', { 'x-amz-security-token': 'added' }],
      ['InvalidSignatureException', { authorization: authorization.replace('/20260301/', '/20260302/') }],
      ['InvalidSignatureException', { authorization: authorization.replace(';host', ';host;x-other') }],
      ['UnrecognizedClientException', { authorization: authorization.replace('LFAKEXAMPLE', 'LFAKOTHER') }],
    ];
    for (const [name, headers] of refused) await expectRefusal(name, signed, { headers });
  });

  test('demands exactly the session token of temporary credentials', async () => {
    const temporary = { ...CREDENTIALS, sessionToken: 'token-1' };
    await verify(sign(REQUEST, temporary), { known: temporary });
    await expectRefusal('UnrecognizedClientException', sign(REQUEST), { known: temporary });
    const other = { ...CREDENTIALS, sessionToken: 'token-2' };
    await expectRefusal('UnrecognizedClientException', sign(REQUEST, other), { known: temporary });
    await expectRefusal('UnrecognizedClientException', sign(REQUEST, temporary));
  });

  test('answers any header and any path with a 403', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 60 });
    const credential = text.map((start) => `AWS4-HMAC-SHA256 Credential=${start}`);
    await fc.assert(
      fc.asyncProperty(fc.oneof(text, credential), text, text, async (authorization, rawPath, date) => {
        const headers = { host: 'h', authorization, 'x-amz-date': date };
        await assert.rejects(
          verify({ ...REQUEST, rawPath, rawQuery: rawPath, headers }),
          (error) => error instanceof ApiError && error.status === 403,
        );
      }),
    );
  });
});
