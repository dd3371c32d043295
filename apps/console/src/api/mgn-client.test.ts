import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import { createMgnCall } from './mgn-client.ts';

/** An API that notes whose key each call is signed with. */
async function listen(t: TestContext) {
  const signers: string[] = [];
  const server = createServer((request, response) => {
    signers.push(/Credential=([^/]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? '');
    response.setHeader('content-type', 'application/json');
    response.end('{"items":[]}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, signers };
}

test('who signs in after another in the same tab calls under their own name, at once', async (t) => {
  const { endpoint, signers } = await listen(t);
  let accessKeyId = 'ADMIN';
  const credentials = () => ({
    ...{ accessKeyId, secretAccessKey: 's', sessionToken: `token of ${accessKeyId}` },
    expiresAtMs: 4e12,
  });
  const call = createMgnCall({ endpoint, region: 'r', credentials });
  await call('DescribeSourceServers', {});
  accessKeyId = 'READER';
  await call('DescribeSourceServers', {});
  assert.deepEqual(signers, ['ADMIN', 'READER']);
});
