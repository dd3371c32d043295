import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { createApiClient } from '../client/http-api-client.ts';
import { startTestServer, TEST_CREDENTIALS, TEST_REGION } from '../client/http-test-server.ts';
import { operations } from '../operations.ts';
import { contentMember, decodeMemberHeaders, encodeMemberHeaders } from './streamed-output.ts';

const FACTS = {
  ...{ epoch: 7, cutDateTime: '2026-01-31T12:00:00Z', kind: 'FILE', mode: 0o640, uid: 1, gid: 2 },
  modifiedDateTime: '2026-01-30T12:00:00Z',
} as const;
const INPUT = { sourceServerID: 's-0123456789abcdefA', path: '/a' };

async function* chunks(count: number, failure?: Error): AsyncGenerator<Buffer> {
  for (let index = 0; index < count; index += 1) yield Buffer.alloc(100_000, index);
  if (failure !== undefined) throw failure;
}

async function clientOf(t: TestContext, answer: () => unknown) {
  const server = await startTestServer({ answer });
  t.after(() => server.close());
  return createApiClient({ endpoint: server.endpoint, credentials: TEST_CREDENTIALS, region: TEST_REGION });
}

async function sizeOf(content: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0;
  for await (const chunk of content) bytes += chunk.length;
  return bytes;
}

test('members travel in headers and come back as they were', () => {
  const operation = operations.landfall.GetRecoveryPointFile;
  const output = { ...FACTS, contentLength: 5, content: chunks(0), secret: 'never' };
  const headers = encodeMemberHeaders(operation, output);
  assert.equal(headers['content-length'], '5');
  assert.deepEqual(decodeMemberHeaders(operation, headers), { ...FACTS, contentLength: 5 });
  assert.equal(contentMember(operation), 'content');
  assert.equal(contentMember(operations.landfall.ListRecoveryPointFiles), undefined);
  assert.equal(contentMember(operations.mgn.TagResource), undefined);
});

test('content comes as it is made, whole', async (t) => {
  const client = await clientOf(t, () => ({ ...FACTS, content: chunks(50) }));
  const { content, ...facts } = await client.landfall('GetRecoveryPointFile', INPUT);
  assert.deepEqual(facts, FACTS);
  assert.equal(await sizeOf(content), 5_000_000);
});

test('content that breaks off is an error, with and without a length', async (t) => {
  for (const length of [{}, { contentLength: 900_000 }]) {
    const answer = () => ({ ...FACTS, ...length, content: chunks(2, new Error('broken')) });
    const client = await clientOf(t, answer);
    const { content } = await client.landfall('GetRecoveryPointFile', INPUT);
    await assert.rejects(sizeOf(content));
  }
});
