/**
 * From the parts of a request to one plain value, ready for `validateInput`. Limits are checked before
 * anything is parsed, so a giant or deeply nested body costs one pass over its text.
 */
import { ApiError } from '../api-error.ts';
import { type AnyOperation, shapeOf } from '../operations.ts';
import type { ShapeModel, StructureModel } from '../service-model.ts';

/**
 * For whoever reads the body from the network; here it is checked again on characters, which are never more.
 */
export const BODY_BYTES_MAX = 1024 * 1024;
export const BODY_DEPTH_MAX = 32;

export interface RequestParts {
  /** Decoded, from `matchRoute`. */
  readonly labels: Readonly<Record<string, string>>;
  /** Raw query string without the question mark. */
  readonly query: string;
  readonly bodyText: string;
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/**
 * Throws ValidationException (`cannotParse`). An empty body is `{}`; members that nobody knows are left to
 * the validator.
 */
export function decodeInput(operation: AnyOperation, parts: RequestParts): unknown {
  const shape = operation.input === undefined ? undefined : shapeOf(operation.service, operation.input);
  const body = operation.method === 'POST' ? parseBody(parts.bodyText) : {};
  if (shape?.type !== 'structure') return body;
  const located = readLocated(operation, shape, parts);
  const inBody = Object.entries(body).filter(([name]) => shape.locations?.[name] === undefined);
  return Object.fromEntries([...inBody, ...located]);
}

function readLocated(
  operation: AnyOperation,
  shape: StructureModel,
  { labels, query, headers = {} }: RequestParts,
): readonly (readonly [string, unknown])[] {
  const asked = new URLSearchParams(query);
  return Object.entries(shape.locations ?? {}).flatMap(([name, location]) => {
    const target = shapeOf(operation.service, shape.members[name] ?? '');
    const texts = { uri: () => labels[name], header: () => headers[headerName(name)] };
    const value =
      location === 'querystring' ? decodeQuery(operation, target, asked.getAll(name)) : texts[location]();
    return value === undefined ? [] : [[name, value] as const];
  });
}

/** `lastEventID` travels as `last-event-id`. */
export function headerName(member: string): string {
  return member.replace(/([a-z])([A-Z])/g, '$1-$2').toLowerCase();
}

function parseBody(bodyText: string): object {
  if (bodyText.length > BODY_BYTES_MAX) throw cannotParse(`The body is larger than ${BODY_BYTES_MAX} bytes.`);
  if (bodyText.trim() === '') return {};
  if (nestingDepth(bodyText) > BODY_DEPTH_MAX) {
    throw cannotParse(`The body is nested deeper than ${BODY_DEPTH_MAX} levels.`);
  }
  const body = parseJson(bodyText);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw cannotParse('The body is not a JSON object.');
  }
  return body;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw cannotParse('The body is not valid JSON.');
  }
}

/** Deepest nesting of brackets outside strings; right for every valid JSON text, harmless for the rest. */
function nestingDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === '"') index = endOfString(text, index);
    else if (character === '{' || character === '[') deepest = Math.max(deepest, ++depth);
    else if (character === '}' || character === ']') depth -= 1;
  }
  return deepest;
}

function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index += 1) {
    if (text[index] === '\\') index += 1;
    else if (text[index] === '"') return index;
  }
  return text.length;
}

/** Text that does not look like the shape stays text, and the validator says what is wrong with it. */
function decodeQuery(operation: AnyOperation, shape: ShapeModel, values: readonly string[]): unknown {
  const [first] = values;
  if (first === undefined) return undefined;
  if (shape.type === 'list') {
    const member = shapeOf(operation.service, shape.member);
    return values.map((value) => decodeQuery(operation, member, [value]));
  }
  if (shape.type === 'integer' || shape.type === 'long')
    return /^-?[0-9]{1,16}$/.test(first) ? Number(first) : first;
  if (shape.type === 'boolean') return first === 'true' ? true : first === 'false' ? false : first;
  return first;
}

function cannotParse(message: string): ApiError {
  return ApiError.validation(message, { reason: 'cannotParse' });
}
