/**
 * A client that believes no answer of the `landfall` service which is not as the OpenAPI document describes
 * it. The judge is ajv, which knows nothing of our shapes.
 */
import assert from 'node:assert/strict';
import { type ApiClient, openApiDocument, operations } from '@landfall/api';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

const DOCUMENT = 'https://landfall.invalid/openapi.json';

/** Texts of the document, as they stand there. */
let compiled: Ajv2020 | undefined;
const validators = new Map<string, ValidateFunction>();

export function describedClient(client: ApiClient): ApiClient {
  return {
    ...client,
    landfall: async (name, input) => {
      const answer = await client.landfall(name, input);
      if (!hasContent(answer)) checkAnswer(name, answer);
      return answer;
    },
  };
}

function hasContent(answer: unknown): boolean {
  const values: readonly unknown[] = Object.values(answer as object);
  return values.some((value) => typeof value === 'object' && value !== null && Symbol.asyncIterator in value);
}

function checkAnswer(name: keyof typeof operations.landfall, answer: unknown): void {
  const validate = validatorOf(operations.landfall[name].output ?? '');
  assert.ok(validate(answer), `${name}: ${JSON.stringify(validate.errors)}: ${JSON.stringify(answer)}`);
}

function validatorOf(shape: string): ValidateFunction {
  const known = validators.get(shape);
  if (known !== undefined) return known;
  compiled ??= openDocument();
  const validate = compiled.compile({ $ref: `${DOCUMENT}#/components/schemas/${shape}` });
  validators.set(shape, validate);
  return validate;
}

function openDocument(): Ajv2020 {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  return ajv.addSchema({ ...openApiDocument({ version: '0', serverUrl: '/' }), $id: DOCUMENT });
}
