import { type InputOf, type Operation, type OperationName, shapeOf } from '../operations.ts';
import type { ServiceName } from '../service-model.ts';
import { headerName } from './decode-input.ts';

/** The request a client sends for an input: the inverse of `matchRoute` and `decodeInput`. */
export interface EncodedInput {
  readonly method: string;
  readonly rawPath: string;
  readonly rawQuery: string;
  readonly body: string;
  /** Of members that travel in headers; mostly none. */
  readonly headers: Readonly<Record<string, string>>;
}

export function encodeInput<Service extends ServiceName, Name extends OperationName<Service>>(
  operation: Operation<Service, Name>,
  input: InputOf<Service, Name>,
): EncodedInput {
  const shape = operation.input === undefined ? undefined : shapeOf(operation.service, operation.input);
  const locations = shape?.type === 'structure' ? (shape.locations ?? {}) : {};
  const members = Object.entries(input as object).filter(([, value]) => value !== undefined);
  const body = members.filter(([name]) => locations[name] === undefined);
  const query = members.filter(([name]) => locations[name] === 'querystring').flatMap(encodeQueryMember);
  const headers = members
    .filter(([name]) => locations[name] === 'header')
    .map(([name, value]) => [headerName(name), String(value)]);
  const label = members.find(([name]) => locations[name] === 'uri');
  return {
    method: operation.method,
    rawPath: operation.path.replace(/\{\w+\}/, () => encodeURIComponent(String(label?.[1] ?? ''))),
    rawQuery: query.join('&'),
    body: operation.method === 'POST' ? JSON.stringify(Object.fromEntries(body)) : '',
    headers: Object.fromEntries(headers),
  };
}

function encodeQueryMember([name, value]: readonly [string, unknown]): string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.map((entry) => `${encodeURIComponent(name)}=${encodeURIComponent(String(entry))}`);
}
