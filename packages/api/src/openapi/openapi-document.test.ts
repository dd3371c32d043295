/** The OpenAPI document: judged by a validator that is not ours, and kept as a page of the documentation. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { allOperations } from '../operations.ts';
import { openApiDocument } from './openapi-document.ts';

const PAGE = new URL('../../../../docs/openapi.json', import.meta.url);
const DOCUMENT = openApiDocument({ version: '0.1.0', serverUrl: '/' });

test('an independent validator finds it to be OpenAPI 3.1, and every reference leads somewhere', async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(DOCUMENT) as Record<string, unknown>);
  assert.ok(valid, JSON.stringify(errors));
  assert.equal(validator.version, '3.1');
  const resolved = JSON.stringify(validator.resolveRefs());
  assert.ok(resolved.length > 10_000);
});

test('the validator finds what is wrong', async () => {
  const wrong = structuredClone(DOCUMENT) as { paths: Record<string, { post?: { responses?: unknown } }> };
  const item = wrong.paths['/landfall/CreateWebhook'];
  assert.ok(item?.post !== undefined);
  item.post.responses = 'none';
  assert.equal((await new Validator().validate(wrong)).valid, false);
});

test('every operation is in it, under its path, method and status', () => {
  const { paths } = DOCUMENT as {
    paths: Record<string, Record<string, { operationId: string; responses: Record<string, unknown> }>>;
  };
  const found = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, responses }]) => {
      const [status] = Object.keys(responses).filter((code) => code.startsWith('2'));
      return `${operationId} ${method.toUpperCase()} ${path} ${status}`;
    }),
  );
  const expected = allOperations('landfall').map(
    ({ name, method, path, status }) => `${name} ${method} ${path} ${status}`,
  );
  assert.deepEqual(found.sort(), expected.sort());
});

test('docs/openapi.json is what the model says', async () => {
  const text = `${JSON.stringify(DOCUMENT, null, 2)}\n`;
  if (process.env.LANDFALL_WRITE_DOCS === '1') await writeFile(PAGE, text);
  assert.equal(await readFile(PAGE, 'utf8'), text, 'it is behind: run this with LANDFALL_WRITE_DOCS=1');
});
