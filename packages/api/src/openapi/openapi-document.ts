/**
 * The `landfall` service as an OpenAPI 3.1 document, made from its model and nothing else: what the document
 * says is what the validator and the router do.
 */
import { type ExceptionName, exceptionStatus } from '../api-error.ts';
import { LANDFALL_MODEL } from '../landfall/landfall-model.ts';
import { headerName } from '../messages/decode-input.ts';
import { contentMember, memberHeader, type NamedOperation } from '../messages/streamed-output.ts';
import { allOperations } from '../operations.ts';
import type { OperationModel, StructureModel } from '../service-model.ts';
import { WEBHOOK_SIGNATURE_HEADER } from '../signatures/webhook-signature.ts';
import { objectSchema, reachableShapes, reference, type Schema, schemaOf } from './openapi-schema.ts';

export interface OpenApiOptions {
  readonly version: string;
  readonly serverUrl: string;
}

type Landfall = OperationModel & NamedOperation & { readonly name: string };

const JSON_TYPE = 'application/json';
/** Any call may be answered with these. */
const ALWAYS: readonly ExceptionName[] = [
  'MissingAuthenticationTokenException',
  'IncompleteSignatureException',
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'ExpiredTokenException',
  'InternalServerException',
];
const SIGNATURE =
  'AWS Signature Version 4 with the service name `landfall`. The body is part of what is signed.';

export function openApiDocument({ version, serverUrl }: OpenApiOptions): Schema {
  const operations = allOperations('landfall') as readonly Landfall[];
  const named = operations
    .flatMap(({ output, input }) => [input, output])
    .filter((name) => name !== undefined);
  const shapes = reachableShapes(LANDFALL_MODEL, [...named, 'ServiceEvent', 'WebhookMessage']);
  const schemas = shapes.map((name) => [name, schemaOf(shapeNamed(name))] as const);
  return {
    openapi: '3.1.1',
    info: {
      ...{ title: 'Landfall', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
      description: 'What the public MGN API cannot express. Dates are ISO 8601 in UTC.',
    },
    servers: [{ url: serverUrl }],
    security: [{ signature: [] }],
    paths: Object.fromEntries(operations.map((operation) => [operation.path, pathItem(operation)])),
    webhooks: { event: { post: webhookOperation() } },
    components: {
      schemas: { ...Object.fromEntries(schemas), Exception: EXCEPTION },
      securitySchemes: {
        signature: { type: 'apiKey', in: 'header', name: 'Authorization', description: SIGNATURE },
      },
    },
  };
}

const EXCEPTION: Schema = {
  type: 'object',
  properties: { message: { type: 'string' }, code: { type: 'string' } },
  required: ['message', 'code'],
};

function pathItem(operation: Landfall): Schema {
  const { name, method } = operation;
  return {
    [method.toLowerCase()]: {
      ...{ operationId: name, summary: inWords(name) },
      ...request(operation),
      responses: { [String(operation.status)]: success(operation), ...failures(operation) },
    },
  };
}

function request({ input }: Landfall): Schema {
  const shape = structureNamed(input);
  const { locations = {} } = shape;
  const parameters = Object.keys(locations).map((name) => ({
    ...{ in: 'header', name: headerName(name), required: shape.required?.includes(name) ?? false },
    schema: reference(shape.members[name] ?? ''),
  }));
  const inBody = Object.keys(shape.members).filter((name) => locations[name] === undefined);
  const schema =
    parameters.length === 0 && input !== undefined ? reference(input) : objectSchema(shape, inBody);
  return {
    ...(parameters.length === 0 ? {} : { parameters }),
    requestBody: {
      required: shape.required?.some((name) => inBody.includes(name)) ?? false,
      content: { [JSON_TYPE]: { schema } },
    },
  };
}

function success(operation: Landfall): Schema {
  const content = contentMember(operation);
  if (content === undefined) {
    const { output = '' } = operation;
    return { description: 'done', content: { [JSON_TYPE]: { schema: reference(output) } } };
  }
  const { contentType = 'application/octet-stream' } = operation;
  const shape = structureNamed(operation.output);
  const headers = Object.keys(shape.members)
    .filter((name) => name !== content)
    .map((name) => [
      memberHeader(name),
      {
        required: shape.required?.includes(name) ?? false,
        schema: reference(shape.members[name] ?? ''),
      },
    ]);
  return {
    description: contentType === 'text/event-stream' ? 'each message is a ServiceEvent' : 'the content',
    ...(headers.length === 0 ? {} : { headers: Object.fromEntries(headers) }),
    content: { [contentType]: { schema: { type: 'string', contentMediaType: contentType } } },
  };
}

function failures({ errors }: Landfall): Schema {
  const names = [...new Set([...(errors as readonly ExceptionName[]), ...ALWAYS])].sort();
  const byStatus = Map.groupBy(names, (name) => String(exceptionStatus(name)));
  const responses = [...byStatus].map(([status, exceptions]) => [
    status,
    {
      description: exceptions.join(', '),
      headers: { 'x-amzn-errortype': { required: true, schema: { type: 'string', enum: exceptions } } },
      content: { [JSON_TYPE]: { schema: reference('Exception') } },
    },
  ]);
  return Object.fromEntries(responses);
}

function webhookOperation(): Schema {
  return {
    ...{ operationId: 'ReceiveEvent', summary: 'What is sent to a webhook' },
    security: [],
    parameters: [
      {
        ...{ in: 'header', name: WEBHOOK_SIGNATURE_HEADER, required: true, schema: { type: 'string' } },
        description: 't=<seconds>,v1=<hex of HMAC-SHA256 of "<seconds>.<body>" under the secret>',
      },
    ],
    requestBody: {
      required: true,
      content: { [JSON_TYPE]: { schema: reference('WebhookMessage') } },
    },
    responses: {
      '2XX': { description: 'It was taken.' },
      default: { description: 'It is sent again, for a day.' },
    },
  };
}

/** `CreateWebhook`: Create webhook. */
function inWords(name: string): string {
  const words = name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function shapeNamed(name: string) {
  const shape = LANDFALL_MODEL.shapes[name];
  if (shape === undefined) throw new RangeError(`M1: landfall has no shape ${name}`);
  return shape;
}

function structureNamed(name: string | undefined): StructureModel {
  const shape = name === undefined ? undefined : shapeNamed(name);
  return shape?.type === 'structure' ? shape : { type: 'structure', members: {} };
}
