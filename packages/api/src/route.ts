/**
 * Finds the operation of a request by service, method and raw path. A label is the last segment and takes
 * the rest of the path, because clients percent-encode the ARN in it and proxies may undo that.
 */
import { ApiError } from './api-error.ts';
import { MGN_OTHER_OPERATIONS } from './mgn-other-operations.generated.ts';
import { type AnyOperation, allOperations } from './operations.ts';
import type { ServiceName } from './service-model.ts';

export interface Route {
  readonly operation: AnyOperation;
  /** Decoded. */
  readonly labels: Readonly<Record<string, string>>;
}

const EXACT = new Map<string, AnyOperation>();
const LABELLED: { readonly start: string; readonly label: string; readonly operation: AnyOperation }[] = [];

for (const service of ['mgn', 'landfall'] as const) {
  for (const operation of allOperations(service)) addRoute(operation);
}

/**
 * `undefined` when the service has no such operation: answer `refuseUnknown`. Throws a
 * ValidationException when the label is not valid percent-encoded UTF-8.
 */
export function matchRoute(service: ServiceName, method: string, rawPath: string): Route | undefined {
  const exact = EXACT.get(`${service} ${method} ${rawPath}`);
  if (exact !== undefined) return { operation: exact, labels: {} };
  const key = `${service} ${method} ${rawPath}`;
  const route = LABELLED.find(({ start }) => key.startsWith(start) && key.length > start.length);
  if (route === undefined) return undefined;
  return {
    operation: route.operation,
    labels: { [route.label]: decodeLabel(key.slice(route.start.length)) },
  };
}

/** What answers a request that `matchRoute` found nothing for: operations of newer clients by name. */
export function refuseUnknown(service: ServiceName, method: string, rawPath: string): ApiError {
  const key = `${method} ${rawPath}`;
  const other = Object.hasOwn(MGN_OTHER_OPERATIONS, key) ? MGN_OTHER_OPERATIONS[key] : undefined;
  if (service !== 'mgn' || other === undefined) return ApiError.unknownOperation();
  const message = `This service does not offer ${other.name}.`;
  return other.exception === 'ValidationException'
    ? ApiError.validation(message, { reason: 'unknownOperation' })
    : ApiError.accessDenied(message);
}

function addRoute(operation: AnyOperation): void {
  const key = `${operation.service} ${operation.method} ${operation.path}`;
  const match = /^(.*\/)\{(\w+)\}$/.exec(key);
  if (match === null) EXACT.set(key, operation);
  else LABELLED.push({ start: match[1] ?? '', label: match[2] ?? '', operation });
}

function decodeLabel(raw: string): string {
  try {
    return decodeURIComponent(raw);
  } catch (cause) {
    if (!(cause instanceof URIError)) throw cause;
    throw ApiError.validation('The path is not valid percent-encoded UTF-8.', { reason: 'cannotParse' });
  }
}
