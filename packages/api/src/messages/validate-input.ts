/**
 * One validator for every operation. It builds the value it returns: only members the shape knows, so
 * nothing that a handler does not expect gets past it; `null` members count as absent. At most
 * `FAILURES_MAX` failures are collected. Recursion follows the shape, never the value (M4). Patterns run
 * only on strings whose length is right.
 */
import { ApiError, type FieldFailure } from '../api-error.ts';
import {
  type AnyOperation,
  type InputOf,
  type Operation,
  type OperationName,
  shapeOf,
} from '../operations.ts';
import type {
  ListModel,
  MapModel,
  NumberModel,
  ServiceName,
  ShapeModel,
  StringModel,
  StructureModel,
} from '../service-model.ts';

export const FAILURES_MAX = 20;

const INTEGER_MAX = 2 ** 31 - 1;

interface Validation {
  readonly service: ServiceName;
  readonly failures: FieldFailure[];
}

/**
 * Throws ValidationException with reason `fieldValidationFailed` and the fields; returns the typed input
 * otherwise.
 */
export function validateInput<Service extends ServiceName, Name extends OperationName<Service>>(
  operation: Operation<Service, Name>,
  value: unknown,
): InputOf<Service, Name>;
export function validateInput(operation: AnyOperation, value: unknown): unknown;
export function validateInput(operation: AnyOperation, value: unknown): unknown {
  const validation: Validation = { service: operation.service, failures: [] };
  const shape: ShapeModel =
    operation.input === undefined
      ? { type: 'structure', members: {} }
      : shapeOf(operation.service, operation.input);
  const input = check(validation, shape, value, '');
  if (validation.failures.length === 0) return input;
  throw validationFailed(validation.failures);
}

function validationFailed(failures: readonly FieldFailure[]): ApiError {
  const count = failures.length === 1 ? '1 validation error' : `${failures.length} validation errors`;
  const texts = failures.map(({ name, message }) => (name === '' ? message : `${name}: ${message}`));
  return ApiError.validation(`${count} detected: ${texts.join('; ')}`, {
    reason: 'fieldValidationFailed',
    fieldList: failures,
  });
}

function check(validation: Validation, shape: ShapeModel, value: unknown, path: string): unknown {
  switch (shape.type) {
    case 'structure':
      return checkStructure(validation, shape, value, path);
    case 'list':
      return checkList(validation, shape, value, path);
    case 'map':
      return checkMap(validation, shape, value, path);
    case 'string':
      return checkString(validation, shape, value, path);
    case 'boolean':
      return typeof value === 'boolean' ? value : fail(validation, path, 'must be a boolean');
    case 'bytes':
      return fail(validation, path, 'cannot be given here');
    case 'timestamp':
      return checkNumber(validation, { type: 'float' }, value, path);
    default:
      return checkNumber(validation, shape, value, path);
  }
}

function checkStructure(
  validation: Validation,
  shape: StructureModel,
  value: unknown,
  path: string,
): unknown {
  if (!isObject(value)) return fail(validation, path, 'must be an object');
  const entries = Object.entries(shape.members).flatMap(([name, target]) => {
    const member = Object.hasOwn(value, name) ? value[name] : undefined;
    const memberPath = path === '' ? name : `${path}.${name}`;
    if (member === undefined || member === null) {
      if (shape.required?.includes(name)) fail(validation, memberPath, 'is required');
      return [];
    }
    return [[name, check(validation, shapeOf(validation.service, target), member, memberPath)] as const];
  });
  if (shape.union && entries.length > 1) fail(validation, path, 'must have exactly one member');
  return Object.fromEntries(entries);
}

function checkList(validation: Validation, shape: ListModel, value: unknown, path: string): unknown {
  if (!Array.isArray(value)) return fail(validation, path, 'must be a list');
  if (!isCountAllowed(validation, shape, value.length, path)) return undefined;
  const member = shapeOf(validation.service, shape.member);
  return value.map((entry, index) => check(validation, member, entry, `${path}[${index}]`));
}

function checkMap(validation: Validation, shape: MapModel, value: unknown, path: string): unknown {
  if (!isObject(value)) return fail(validation, path, 'must be an object');
  const entries = Object.entries(value);
  if (!isCountAllowed(validation, shape, entries.length, path)) return undefined;
  const keyShape = shapeOf(validation.service, shape.key);
  const valueShape = shapeOf(validation.service, shape.value);
  const checked = entries.map(([key, entry]) => {
    check(validation, keyShape, key, `${path}.key`);
    return [key, check(validation, valueShape, entry, `${path}.${key.slice(0, 64)}`)] as const;
  });
  return Object.fromEntries(checked);
}

function isCountAllowed(
  validation: Validation,
  shape: ListModel | MapModel,
  count: number,
  path: string,
): boolean {
  const { min = 0, max = Number.POSITIVE_INFINITY } = shape;
  if (count >= min && count <= max) return true;
  fail(
    validation,
    path,
    count < min ? `must have at least ${min} entries` : `must have at most ${max} entries`,
  );
  return false;
}

function checkString(validation: Validation, shape: StringModel, value: unknown, path: string): unknown {
  if (typeof value !== 'string') return fail(validation, path, 'must be a string');
  if (!value.isWellFormed()) return fail(validation, path, 'must be valid Unicode');
  if (shape.enum !== undefined) {
    return shape.enum.includes(value)
      ? value
      : fail(validation, path, `must be one of ${shape.enum.join(', ')}`);
  }
  const length = codePointCount(value);
  const { min = 0, max = Number.POSITIVE_INFINITY } = shape;
  if (length < min) return fail(validation, path, `must be at least ${min} characters long`);
  if (length > max) return fail(validation, path, `must be at most ${max} characters long`);
  if (shape.pattern === undefined || compile(shape.pattern).test(value)) return value;
  return fail(validation, path, `must match ${shape.pattern}`);
}

function checkNumber(validation: Validation, shape: NumberModel, value: unknown, path: string): unknown {
  if (typeof value !== 'number' || !Number.isFinite(value)) return fail(validation, path, 'must be a number');
  if (shape.type !== 'float' && !Number.isSafeInteger(value))
    return fail(validation, path, 'must be a whole number');
  const limit = shape.type === 'integer' ? INTEGER_MAX : Number.MAX_VALUE;
  const { min = -limit, max = limit } = shape;
  if (value < min) return fail(validation, path, `must be at least ${min}`);
  if (value > max) return fail(validation, path, `must be at most ${max}`);
  return value;
}

function fail(validation: Validation, name: string, message: string): undefined {
  if (validation.failures.length < FAILURES_MAX) validation.failures.push({ name, message });
  return undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What the protocol calls the length of a string (M3). */
function codePointCount(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

const COMPILED = new Map<string, RegExp>();

/** Patterns come from the models only, so the cache is as large as they are. */
function compile(pattern: string): RegExp {
  const known = COMPILED.get(pattern);
  if (known !== undefined) return known;
  const compiled = new RegExp(`^(?:${pattern})$`);
  COMPILED.set(pattern, compiled);
  return compiled;
}
