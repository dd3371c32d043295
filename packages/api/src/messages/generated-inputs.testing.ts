/**
 * Inputs made from the shapes of the operations: good ones, ones that are wrong in one place, and nonsense
 * under the right names. For tests of whatever takes requests.
 */
import fc from 'fast-check';
import { type AnyOperation, shapeOf } from '../operations.ts';
import type { ShapeModel, StringModel, StructureModel } from '../service-model.ts';

// --- good values -------------------------------------------------------------------------------------------

export function inputOf(operation: AnyOperation): fc.Arbitrary<unknown> {
  return operation.input === undefined ? fc.constant({}) : arbitraryOf(operation, operation.input);
}

export function arbitraryOf(operation: AnyOperation, name: string): fc.Arbitrary<unknown> {
  const shape = shapeOf(operation.service, name);
  switch (shape.type) {
    case 'structure':
      return structureOf(operation, shape);
    case 'list': {
      const { min = 0, max = 3 } = shape;
      return fc.array(arbitraryOf(operation, shape.member), {
        minLength: min,
        maxLength: Math.min(max, min + 2),
      });
    }
    case 'map':
      return fc.dictionary(
        arbitraryOf(operation, shape.key) as fc.Arbitrary<string>,
        arbitraryOf(operation, shape.value),
        { maxKeys: Math.min(shape.max ?? 3, 3), noNullPrototype: true },
      );
    case 'string':
      return stringOf(name, shape);
    case 'boolean':
      return fc.boolean();
    case 'integer':
    case 'long':
      return fc.integer({ min: shape.min ?? 0, max: shape.max ?? 2 ** 31 - 1 });
    default:
      return fc.double({ min: shape.type === 'float' ? (shape.min ?? 0) : 0, max: 1e9, noNaN: true });
  }
}

function structureOf(operation: AnyOperation, shape: StructureModel): fc.Arbitrary<unknown> {
  const members = Object.entries(shape.members);
  const requiredKeys = [...(shape.required ?? [])];
  if (shape.union === true) {
    return fc.oneof(
      ...members.map(([name, target]) => arbitraryOf(operation, target).map((value) => ({ [name]: value }))),
    );
  }
  const model = Object.fromEntries(members.map(([name, target]) => [name, arbitraryOf(operation, target)]));
  const record = fc.record(model, { requiredKeys, noNullPrototype: true });
  return record.map((value) => dropEmptyQueryLists(shape, value as Record<string, unknown>));
}

/** A query string cannot say "empty list"; only UntagResource has one, and there it is required. */
function dropEmptyQueryLists(shape: StructureModel, value: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(value).map(([name, member]) => {
    const isEmptyQueryList =
      shape.locations?.[name] === 'querystring' && Array.isArray(member) && member.length === 0;
    return [name, isEmptyQueryList ? ['key'] : member];
  });
  return Object.fromEntries(entries);
}

/**
 * Where a generator from the pattern would seldom meet the length, or uses what the generator does not
 * support.
 */
const SAMPLES: Readonly<Record<string, fc.Arbitrary<string>>> = {
  AccountID: fc.stringMatching(/^[0-9]{12}$/),
  FqdnForActionFramework: fc.constantFrom('web-1.example.org', '192.168.10.7', 'fe80:0:0:0:1:2:3:4'),
  ConnectorArn: fc.constant('arn:aws:mgn:eu-west-1:123456789012:connector/connector-0123456789abcdefA'),
  KmsKeyArn: fc.constantFrom(
    '',
    'arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab',
  ),
  SsmInstanceID: fc.constantFrom('i-0123456789abcdefA', 'mi-0123456789abcdefA'),
  SecretArn: fc.constant('arn:aws:secretsmanager:eu-west-1:123456789012:secret:login-a1b2'),
  ISO8601DatetimeString: fc
    .date({ min: new Date(0), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
    .map((date) => date.toISOString()),
};

function stringOf(name: string, shape: StringModel): fc.Arbitrary<string> {
  if (shape.enum !== undefined) return fc.constantFrom(...shape.enum);
  const sample = SAMPLES[name];
  if (sample !== undefined) return sample;
  const { min = 0, max = 60 } = shape;
  const maxLength = Math.min(max, min + 40);
  if (shape.pattern === undefined)
    return fc.string({ unit: 'grapheme', minLength: min, maxLength }).filter(fits(shape));
  return fc.stringMatching(new RegExp(`^(?:${shape.pattern})$`), { maxLength }).filter(fits(shape));
}

function fits({ min = 0, max = Number.POSITIVE_INFINITY }: StringModel) {
  return (text: string) => [...text].length >= min && [...text].length <= max;
}

/** The right member names with values of any kind. */
export function confusedInputOf(operation: AnyOperation): fc.Arbitrary<string> {
  const shape = operation.input === undefined ? undefined : shapeOf(operation.service, operation.input);
  const names = shape?.type === 'structure' ? Object.keys(shape.members) : [];
  const model = Object.fromEntries(
    [...names, '__proto__', 'constructor'].map((name) => [name, fc.jsonValue()]),
  );
  return fc.record(model, { requiredKeys: [], noNullPrototype: true }).map((value) => JSON.stringify(value));
}

// --- bad values: one change each ---------------------------------------------------------------------------

export interface Mutant {
  readonly path: string;
  readonly value: unknown;
}

export function mutantsOf(operation: AnyOperation, input: unknown): readonly Mutant[] {
  if (operation.input === undefined) return [];
  return mutateShape(operation, operation.input, input, '');
}

function mutateShape(operation: AnyOperation, name: string, value: unknown, path: string): readonly Mutant[] {
  const shape = shapeOf(operation.service, name);
  const own = badValuesFor(shape).map((bad) => ({ path, value: bad }));
  if (shape.type === 'structure') return [...own, ...mutateMembers(operation, shape, value, path)];
  if (shape.type === 'list' && Array.isArray(value)) {
    const inside = value.flatMap((entry, index) =>
      mutateShape(operation, shape.member, entry, `${path}[${index}]`).map((mutant) => ({
        path: mutant.path,
        value: value.with(index, mutant.value),
      })),
    );
    return [...own, ...inside];
  }
  return own;
}

function mutateMembers(
  operation: AnyOperation,
  shape: StructureModel,
  value: unknown,
  path: string,
): readonly Mutant[] {
  const members = value as Readonly<Record<string, unknown>>;
  const pathOf = (name: string) => (path === '' ? name : `${path}.${name}`);
  const removed = (shape.required ?? []).flatMap((name) => {
    const { [name]: _, ...rest } = members;
    return [rest, { ...members, [name]: null }].map((without) => ({ path: pathOf(name), value: without }));
  });
  const changed = Object.entries(members).flatMap(([name, member]) =>
    mutateShape(operation, shape.members[name] ?? '', member, pathOf(name)).map((mutant) => ({
      path: mutant.path,
      value: { ...members, [name]: mutant.value },
    })),
  );
  return [...removed, ...changed];
}

function badValuesFor(shape: ShapeModel): readonly unknown[] {
  switch (shape.type) {
    case 'structure':
      return ['text', 7, true, []];
    case 'list':
      return ['text', {}, 7, [null], ...tooMany(shape.max, (count) => Array(count).fill(undefined))];
    case 'map':
      return ['text', [], 7, ...tooMany(shape.max, (count) => numberedKeys(count))];
    case 'boolean':
      return ['true', 1, {}, []];
    case 'string':
      return [7, true, {}, ['text'], '\ud800', ...badStrings(shape)];
    case 'integer':
    case 'long':
      return ['7', 1.5, {}, [7], 2 ** 60, ...(shape.min === undefined ? [] : [shape.min - 1])];
    default:
      return ['7', Number.NaN, {}];
  }
}

function badStrings(shape: StringModel): readonly string[] {
  if (shape.enum !== undefined) return ['', 'NOT_ONE_OF_THEM', `${shape.enum[0]} `];
  const long = shape.max === undefined ? [] : ['x'.repeat(shape.max + 1), '\u{1f600}'.repeat(shape.max + 1)];
  const short = (shape.min ?? 0) > 0 ? [''] : [];
  const wrong = shape.pattern === undefined ? [] : ['\u0000', '\u0000'.repeat(Math.max(1, shape.min ?? 1))];
  return [...long, ...short, ...wrong];
}

function tooMany(max: number | undefined, make: (count: number) => unknown): readonly unknown[] {
  return max === undefined ? [] : [make(max + 1)];
}

function numberedKeys(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, 'value']));
}

export {
  damagedParametersOf,
  fullParametersOf,
  type QueryDamage,
} from '../query/damaged-queries.testing.ts';
export { hostileParametersOf, type Parameters, parametersOf } from '../query/generated-queries.testing.ts';
export { type Damage, type DamageKind, damagedInputsOf, fullInputOf } from './damaged-inputs.testing.ts';
