/**
 * Of every operation each input that is wrong in one place, by the shapes: every member at every depth, with
 * every damage that its shape can have. Nothing is drawn at random: the same requests in every run.
 */
import fc from 'fast-check';
import { type AnyOperation, shapeOf } from '../operations.ts';
import type { ListModel, MapModel, ShapeModel, StringModel, StructureModel } from '../service-model.ts';
import { arbitraryOf } from './generated-inputs.testing.ts';

export type DamageKind =
  | 'MISSING'
  | 'NULL'
  | 'WRONG_TYPE'
  | 'TOO_LONG'
  | 'TOO_SHORT'
  | 'BAD_PATTERN'
  | 'BAD_UNICODE'
  | 'NOT_OF_ENUM'
  | 'OUT_OF_RANGE'
  | 'TOO_MANY'
  | 'TOO_FEW'
  | 'TWO_OF_UNION'
  | 'EXTRA_MEMBER';

export interface Damage {
  readonly kind: DamageKind;
  /** As the validator names it; '' is the input itself. */
  readonly path: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** Whether the shape forbids it; what it only does not know is passed over. */
  readonly isForbidden: boolean;
}

interface Part {
  readonly kind: DamageKind;
  readonly path: string;
  readonly value: unknown;
}

/** Every member, one entry a list and map, each value right. */
export function fullInputOf(operation: AnyOperation): Readonly<Record<string, unknown>> {
  if (operation.input === undefined) return {};
  return sampleOf(operation, operation.input) as Readonly<Record<string, unknown>>;
}

export function damagedInputsOf(operation: AnyOperation): readonly Damage[] {
  const name = operation.input;
  const shape = name === undefined ? undefined : shapeOf(operation.service, name);
  if (name === undefined || shape?.type !== 'structure') return extraMembers({});
  const base = fullInputOf(operation);
  const parts = membersOf(operation, shape, base, '').filter(
    // Half a character cannot be said in a path or a query.
    ({ kind, path }) => kind !== 'BAD_UNICODE' || isInBody(operation, shape, path),
  );
  const damages = parts.map(({ kind, path, value }) => ({
    ...{ kind, path, input: value as Readonly<Record<string, unknown>> },
    isForbidden: kind !== 'EXTRA_MEMBER' && isInBody(operation, shape, path),
  }));
  return [...damages, ...extraMembers(base)];
}

/** What travels as text has no type of its own, and cannot be told from a right one. */
function isInBody(operation: AnyOperation, { locations = {} }: StructureModel, path: string): boolean {
  const [member = ''] = path.split(/[.[]/);
  return operation.method === 'POST' && locations[member] === undefined;
}

const EXTRA: readonly Readonly<Record<string, unknown>>[] = [
  { nobodyKnowsIt: 'x' },
  JSON.parse('{"__proto__":{"isAdministrator":true},"constructor":{"prototype":{}}}'),
];

function extraMembers(base: object): readonly Damage[] {
  return EXTRA.map((extra) => ({
    ...{ kind: 'EXTRA_MEMBER', path: '', isForbidden: false },
    input: withOwn(base, extra),
  }));
}

/** Spreading would take `__proto__` for the prototype. */
function withOwn(base: object, extra: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries([...Object.entries(base), ...Object.entries(extra)]);
}

function partsOf(operation: AnyOperation, name: string, path: string): readonly Part[] {
  const shape = shapeOf(operation.service, name);
  const own = ownDamages(operation, shape).map(({ kind, value }) => ({ kind, path, value }));
  if (shape.type === 'structure') {
    return [...own, ...membersOf(operation, shape, sampleOf(operation, name) as object, path)];
  }
  if (shape.type === 'list') {
    const entries = sampleOf(operation, name) as readonly unknown[];
    const inside = partsOf(operation, shape.member, `${path}[0]`);
    return [...own, ...inside.map((part) => ({ ...part, value: entries.with(0, part.value) }))];
  }
  if (shape.type === 'map') return [...own, ...mapParts(operation, shape, path)];
  return own;
}

function membersOf(
  operation: AnyOperation,
  shape: StructureModel,
  base: object,
  path: string,
): readonly Part[] {
  const isUnion = shape.union === true;
  const of = (name: string) => (path === '' ? name : `${path}.${name}`);
  const absent = (shape.required ?? []).flatMap((name): readonly Part[] => {
    const { [name]: _gone, ...rest } = base as Record<string, unknown>;
    return [
      { kind: 'MISSING', path: of(name), value: rest },
      { kind: 'NULL', path: of(name), value: { ...rest, [name]: null } },
    ];
  });
  const damaged = Object.entries(shape.members).flatMap(([name, target]) =>
    partsOf(operation, target, of(name)).map((part) => ({
      ...part,
      value: { ...(isUnion ? {} : base), [name]: part.value },
    })),
  );
  const extra: readonly Part[] =
    path === '' ? [] : [{ kind: 'EXTRA_MEMBER', path, value: { ...base, nobodyKnowsIt: 'x' } }];
  return [...absent, ...damaged, ...extra];
}

function mapParts(operation: AnyOperation, { key, value }: MapModel, path: string): readonly Part[] {
  const keys = partsOf(operation, key, `${path}.key`).filter(({ value: text }) => typeof text === 'string');
  const rightKey = String(sampleOf(operation, key));
  const rightValue = sampleOf(operation, value);
  return [
    ...keys.map((part) => ({ ...part, value: { [String(part.value)]: rightValue } })),
    ...partsOf(operation, value, `${path}.${rightKey}`).map((part) => ({
      ...part,
      value: { [rightKey]: part.value },
    })),
  ];
}

type Own = Pick<Part, 'kind' | 'value'>;

function wrongTypes(...values: readonly unknown[]): readonly Own[] {
  return values.map((value) => ({ kind: 'WRONG_TYPE', value }));
}

function ownDamages(operation: AnyOperation, shape: ShapeModel): readonly Own[] {
  switch (shape.type) {
    case 'structure':
      return [...wrongTypes('text', 7, true, []), ...twoOfUnion(operation, shape)];
    case 'list':
      return [...wrongTypes('text', {}, 7, false), ...wrongCounts(operation, shape)];
    case 'map':
      return [...wrongTypes('text', [], 7, false), ...tooManyKeys(shape)];
    case 'boolean':
      return wrongTypes('true', 1, {}, []);
    case 'string':
      return [...wrongTypes(7, true, {}, ['text']), ...wrongTexts(shape)];
    case 'integer':
    case 'long':
      return [...wrongTypes('7', {}, [7], true), ...outOfRange(shape, 1), ...wrongTypes(1.5)];
    default:
      return [...wrongTypes('7', {}, [7], true), ...(shape.type === 'float' ? outOfRange(shape, 1) : [])];
  }
}

function twoOfUnion(operation: AnyOperation, shape: StructureModel): readonly Own[] {
  const members = Object.entries(shape.members);
  if (shape.union !== true || members.length < 2) return [];
  const value = Object.fromEntries(
    members.slice(0, 2).map(([name, target]) => [name, sampleOf(operation, target)]),
  );
  return [{ kind: 'TWO_OF_UNION', value }];
}

function wrongCounts(operation: AnyOperation, { member, min = 0, max }: ListModel): readonly Own[] {
  const entry = sampleOf(operation, member);
  const many: readonly Own[] =
    max === undefined ? [] : [{ kind: 'TOO_MANY', value: Array(max + 1).fill(entry) }];
  return min === 0 ? many : [...many, { kind: 'TOO_FEW', value: Array(min - 1).fill(entry) }];
}

function tooManyKeys({ max }: MapModel): readonly Own[] {
  if (max === undefined) return [];
  const keys = Array.from({ length: max + 1 }, (_, index) => [`key${index}`, 'value']);
  return [{ kind: 'TOO_MANY', value: Object.fromEntries(keys) }];
}

function wrongTexts({ enum: values, min = 0, max, pattern }: StringModel): readonly Own[] {
  const unicode: Own = { kind: 'BAD_UNICODE', value: '\ud800' };
  if (values !== undefined) {
    const others = ['', 'NOT_ONE_OF_THEM', `${values[0]} `, '__proto__'];
    return [unicode, ...others.map((value): Own => ({ kind: 'NOT_OF_ENUM', value }))];
  }
  const long = max === undefined ? [] : ['x'.repeat(max + 1), '\u{1f600}'.repeat(max + 1)];
  const wrong = pattern === undefined ? [] : ['\u0000'.repeat(Math.max(1, min)), ...traversal(pattern)];
  return [
    unicode,
    ...long.map((value): Own => ({ kind: 'TOO_LONG', value })),
    ...(min > 0 ? [{ kind: 'TOO_SHORT', value: '' } as const] : []),
    ...wrong.map((value): Own => ({ kind: 'BAD_PATTERN', value })),
  ];
}

/** Where the pattern leaves no room for them. */
function traversal(pattern: string): readonly string[] {
  const whole = new RegExp(`^(?:${pattern})$`);
  return ["' OR 1=1 --", '../../etc/passwd', '<b>&'].filter((text) => !whole.test(text));
}

/** By the protocol an integer has 32 bits, a long is one that JSON holds exactly. */
function outOfRange(shape: { type: string; min?: number; max?: number }, step: number): readonly Own[] {
  const { min, max } = shape;
  const values = [
    ...(min === undefined ? [] : [min - step]),
    ...(max === undefined ? [] : [max + step]),
    ...(shape.type === 'float' ? [] : [2 ** 53, -(2 ** 53)]),
  ];
  return values.map((value) => ({ kind: 'OUT_OF_RANGE', value }));
}

const SEED = 20_261;

function sampleOf(operation: AnyOperation, name: string): unknown {
  const shape = shapeOf(operation.service, name);
  switch (shape.type) {
    case 'structure': {
      const members = Object.entries(shape.members).slice(0, shape.union === true ? 1 : undefined);
      return Object.fromEntries(members.map(([member, target]) => [member, sampleOf(operation, target)]));
    }
    case 'list':
      return Array(Math.max(1, shape.min ?? 0)).fill(sampleOf(operation, shape.member));
    case 'map':
      return { [String(sampleOf(operation, shape.key))]: sampleOf(operation, shape.value) };
    default:
      return leafOf(operation, name);
  }
}

/** Calls for other accounts are refused for that, whatever else is in them. */
const LEAVES = new Map<string, unknown>([['mgn AccountID', '000000000000']]);

function leafOf(operation: AnyOperation, name: string): unknown {
  const key = `${operation.service} ${name}`;
  if (!LEAVES.has(key)) {
    LEAVES.set(key, fc.sample(arbitraryOf(operation, name), { numRuns: 1, seed: SEED })[0]);
  }
  return LEAVES.get(key);
}
