import assert from 'node:assert/strict';
import test from 'node:test';
import { ManualClock } from '../browser-clock.testing.ts';
import { createLandfallCall } from './landfall-client.ts';

const CREDENTIALS = { accessKeyId: 'A', secretAccessKey: 's', sessionToken: 't', expiresAtMs: 2e12 };

function client(answer: () => Promise<Response>) {
  const sent: { path: string; headers: Record<string, string>; body: string }[] = [];
  const fetchLike: typeof fetch = async (path, init) => {
    const headers = Object.fromEntries(new Headers(init?.headers).entries());
    sent.push({ path: String(path), headers, body: String(init?.body) });
    return answer();
  };
  const options = { host: 'h:1', region: 'r', clock: new ManualClock(), fetch: fetchLike };
  return { call: createLandfallCall({ ...options, credentials: () => CREDENTIALS }), sent };
}

test('a call is a signed post to the path of its operation, and its answer the output', async () => {
  const { call, sent } = client(async () => Response.json({ items: [], total: 0 }));
  const output = await call('ListRecoveryPoints', { sourceServerID: 's-1', maxResults: 5 });
  assert.deepEqual(output, { items: [], total: 0 });
  assert.equal(sent[0]?.path, '/landfall/ListRecoveryPoints');
  assert.equal(sent[0]?.body, '{"sourceServerID":"s-1","maxResults":5}');
  assert.equal(sent[0]?.headers['x-amz-security-token'], 't');
  assert.match(
    sent[0]?.headers.authorization ?? '',
    /\/r\/landfall\/aws4_request, .*Signature=[0-9a-f]{64}$/,
  );
});

test('two equal calls in one second differ, so that neither is taken for a replay', async () => {
  const { call, sent } = client(async () => Response.json({}));
  await call('DescribeService', {});
  await call('DescribeService', {});
  assert.notEqual(sent[0]?.headers.authorization, sent[1]?.headers.authorization);
});

test('an error of the service is told with its name and its words', async () => {
  const headers = { 'x-amzn-errortype': 'ConflictException', 'x-amzn-requestid': 'r-1' };
  const { call } = client(async () => Response.json({ message: 'busy' }, { status: 409, headers }));
  await assert.rejects(call('DescribeService', {}), {
    name: 'ConflictException',
    message: 'busy',
    status: 409,
    requestId: 'r-1',
  });
});

test('an answer that is none, and no answer, are told apart', async () => {
  const page = client(async () => new Response('<html>bad gateway</html>', { status: 502 }));
  await assert.rejects(page.call('DescribeService', {}), { name: 'ApiResponseInvalid', status: 502 });
  const nothing = client(async () => {
    throw new TypeError('Failed to fetch');
  });
  await assert.rejects(nothing.call('DescribeService', {}), { name: 'ApiUnreachable', status: 0 });
});
