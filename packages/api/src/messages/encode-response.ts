/**
 * From outputs and errors to HTTP responses. Always JSON; the exception is named in `x-amzn-errortype`,
 * which clients read first. Outputs are written member by member along their shape, so nothing leaves that
 * the model does not name.
 */
import { ApiError } from '../api-error.ts';
import { type Operation, type OperationName, type OutputOf, shapeOf } from '../operations.ts';
import type { ServiceName, ShapeModel } from '../service-model.ts';
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
  const value = shape === undefined ? {} : pickerOf(operation.service, shape)(output);
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
  const { contentType = 'application/octet-stream' } = operation;
  const headers = { ...identity, ...described, 'content-type': contentType };
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

/** What the shape names of a value, and nothing else. */
type Picker = (value: unknown) => unknown;

/** By service and shape: a page is thousands of values of few shapes. */
const pickers = new Map<string, Picker>();

function pickerOf(service: ServiceName, name: string): Picker {
  const key = `${service} ${name}`;
  const known = pickers.get(key);
  if (known !== undefined) return known;
  const picker = makePicker(service, shapeOf(service, name));
  pickers.set(key, picker);
  return picker;
}

function makePicker(service: ServiceName, shape: ShapeModel): Picker {
  if (shape.type === 'structure') return makeStructurePicker(service, shape.members);
  if (shape.type !== 'list' && shape.type !== 'map') return (value) => value ?? undefined;
  const inner = shape.type === 'list' ? shape.member : shape.value;
  // Found when it is needed: shapes may hold themselves.
  let found: Picker | undefined;
  const pick: Picker = (value) => {
    found ??= pickerOf(service, inner);
    return found(value);
  };
  if (shape.type === 'list')
    return (value) => (Array.isArray(value) ? value.map(pick) : (value ?? undefined));
  return (value) => {
    if (value === undefined || value === null) return undefined;
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, pick(entry)]));
  };
}

function makeStructurePicker(
  service: ServiceName,
  members: Extract<ShapeModel, { type: 'structure' }>['members'],
): Picker {
  let known: ReadonlyMap<string, Picker> | undefined;
  return (value) => {
    if (value === undefined || value === null) return undefined;
    known ??= new Map(Object.entries(members).map(([name, target]) => [name, pickerOf(service, target)]));
    const picked: Record<string, unknown> = {};
    for (const name of Object.keys(value)) {
      const picker = known.get(name);
      if (picker !== undefined) picked[name] = picker((value as Readonly<Record<string, unknown>>)[name]);
    }
    return picked;
  };
}
