/**
 * From outputs and errors to HTTP responses. Always JSON; the exception is named in `x-amzn-errortype`,
 * which clients read first. Outputs are written member by member along their shape, so nothing leaves that
 * the model does not name.
 */
import { ApiError } from './api-error.ts';
import { type Operation, type OperationName, type OutputOf, shapeOf } from './operations.ts';
import type { ServiceName, ShapeModel } from './service-model.ts';
import { contentMember, encodeMemberHeaders, type NamedOperation } from './streamed-output.ts';

export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Takes the place of the body, as it comes. */
  readonly content?: AsyncIterable<Uint8Array>;
}

export function encodeOutput<Service extends ServiceName, Name extends OperationName<Service>>(
  operation: Operation<Service, Name>,
  output: OutputOf<Service, Name>,
  requestId?: string,
): ApiResponse {
  const identity: Record<string, string> = requestId === undefined ? {} : { 'x-amzn-requestid': requestId };
  if (operation.status === 204) return { status: 204, headers: identity, body: '' };
  const content = contentMember(operation);
  if (content !== undefined) return encodeContent(operation, output as ContentOutput, { content, identity });
  const shape = operation.output;
  const value = shape === undefined ? {} : pick(operation.service, shapeOf(operation.service, shape), output);
  const headers = { ...identity, 'content-type': 'application/json' };
  return { status: operation.status, headers, body: JSON.stringify(value) };
}

type ContentOutput = Readonly<Record<string, unknown>>;

function encodeContent(
  operation: NamedOperation,
  output: ContentOutput,
  { content, identity }: { readonly content: string; readonly identity: Readonly<Record<string, string>> },
): ApiResponse {
  const described = encodeMemberHeaders(operation, output);
  const headers = { ...identity, ...described, 'content-type': 'application/octet-stream' };
  return {
    status: operation.status,
    headers,
    body: '',
    content: output[content] as AsyncIterable<Uint8Array>,
  };
}

/**
 * Anything but an `ApiError` becomes an InternalServerException that tells nothing; log the original beside
 * `requestId`.
 */
export function encodeError(error: unknown, requestId: string): ApiResponse {
  const apiError = error instanceof ApiError ? error : ApiError.internal();
  const { name, status, message, members, retryAfterSeconds } = apiError;
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'x-amzn-errortype': name,
    'x-amzn-requestid': requestId,
  };
  if (retryAfterSeconds !== undefined) headers['retry-after'] = String(retryAfterSeconds);
  return { status, headers, body: JSON.stringify({ ...members, message, code: name }) };
}

function pick(service: ServiceName, shape: ShapeModel, value: unknown): unknown {
  if (value === undefined || value === null) return undefined;
  if (shape.type === 'list' && Array.isArray(value)) {
    const member = shapeOf(service, shape.member);
    return value.map((entry) => pick(service, member, entry));
  }
  if (shape.type === 'map') {
    const member = shapeOf(service, shape.value);
    return mapEntries(value, ([name, entry]) => [[name, pick(service, member, entry)]]);
  }
  if (shape.type !== 'structure') return value;
  return mapEntries(value, ([name, entry]) => {
    const target = Object.hasOwn(shape.members, name) ? shape.members[name] : undefined;
    return target === undefined ? [] : [[name, pick(service, shapeOf(service, target), entry)]];
  });
}

function mapEntries(
  value: unknown,
  change: (entry: [string, unknown]) => readonly (readonly [string, unknown])[],
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(value as object).flatMap(change));
}
