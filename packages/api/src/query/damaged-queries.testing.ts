/**
 * Of every operation of the query protocol each form that is wrong in one place: every parameter at every
 * depth, with every damage that its shape can have. The same in every run.
 */
import fc from 'fast-check';
import { type Parameters, textOf } from './generated-queries.testing.ts';
import type { QueryShape, StructureShape, TextShape } from './query-shape.ts';

export type QueryDamageKind =
  | 'MISSING'
  | 'WRONG_TYPE'
  | 'TOO_LONG'
  | 'TOO_SHORT'
  | 'BAD_PATTERN'
  | 'BAD_CHARACTER'
  | 'NOT_OF_ENUM'
  | 'OUT_OF_RANGE'
  | 'TOO_MANY'
  | 'BAD_NUMBER'
  | 'EXTRA_PARAMETER';

export interface QueryDamage {
  readonly kind: QueryDamageKind;
  /** Of the parameter. */
  readonly path: string;
  readonly parameters: Parameters;
}

/** Every member, one entry a list, each value right. */
export function fullParametersOf(shape: StructureShape): Parameters {
  return fullAt(shape, '');
}

/** All of them are forbidden by the shape. */
export function damagedParametersOf(shape: StructureShape): readonly QueryDamage[] {
  const base = fullParametersOf(shape);
  const names = ['NobodyKnowsIt', '__proto__', 'constructor.prototype', 'DryRun.1', ''];
  const extra = names.map((path): QueryDamage => {
    return { kind: 'EXTRA_PARAMETER', path, parameters: withOwn(base, { [path]: 'x' }) };
  });
  return [
    ...Object.entries(shape.members).flatMap(([name, member]) => damagesAt(member, name, base)),
    ...extra,
  ].concat(missingAt(shape, '', base));
}

function damagesAt(shape: QueryShape, path: string, base: Parameters): readonly QueryDamage[] {
  const replaced = (kind: QueryDamageKind, replacement: Parameters): QueryDamage => {
    return { kind, path, parameters: withOwn(without(base, path), replacement) };
  };
  const text = (kind: QueryDamageKind, ...values: readonly string[]) =>
    values.map((value) => replaced(kind, { [path]: value }));
  const below = replaced('WRONG_TYPE', { [`${path}.1.1`]: 'x' });
  switch (shape.type) {
    case 'structure':
      return [
        ...text('WRONG_TYPE', 'x', ''),
        replaced('EXTRA_PARAMETER', { ...fullAt(shape, path), [`${path}.NobodyKnowsIt`]: 'x' }),
        ...missingAt(shape, path, base),
        ...Object.entries(shape.members).flatMap(([name, member]) =>
          damagesAt(member, `${path}.${name}`, base),
        ),
      ];
    case 'list':
      return [
        ...text('WRONG_TYPE', 'x'),
        ...['0', '-1', 'x', '01', '9999999', '1e3', '__proto__'].map((part) =>
          replaced('BAD_NUMBER', fullAt(shape.member, `${path}.${part}`)),
        ),
        replaced('TOO_MANY', manyEntries(shape.member, path, shape.max + 1)),
        ...damagesAt(shape.member, `${path}.1`, base),
      ];
    case 'text':
      return [below, ...wrongTexts(shape).flatMap(([kind, value]) => text(kind, value))];
    case 'whole':
      return [
        below,
        ...text('WRONG_TYPE', '', 'seven', '1.5', '0x10', '1e2', ' 1'),
        ...text('OUT_OF_RANGE', String(shape.min - 1), String(shape.max + 1), '9'.repeat(400)),
      ];
    case 'flag':
      return [below, ...text('WRONG_TYPE', '', '1', 'yes')];
  }
}

function missingAt(shape: StructureShape, path: string, base: Parameters): readonly QueryDamage[] {
  return shape.required.map((name) => {
    const member = path === '' ? name : `${path}.${name}`;
    const rest = without(base, member);
    // A structure of which nothing is left is not there, and needs nothing.
    const isGone = path !== '' && !Object.keys(rest).some((key) => key.startsWith(`${path}.`));
    const parameters = isGone ? withOwn(rest, { [`${path}.NobodyKnowsIt`]: 'x' }) : rest;
    return { kind: isGone ? 'EXTRA_PARAMETER' : 'MISSING', path: member, parameters };
  });
}

function manyEntries(member: QueryShape, path: string, count: number): Parameters {
  const entries = Array.from({ length: count }, (_, index) => fullAt(member, `${path}.${index + 1}`));
  return Object.assign({}, ...entries);
}

function wrongTexts({ min, max, pattern, values }: TextShape): readonly [QueryDamageKind, string][] {
  if (values !== undefined) {
    return ['', 'NotOneOfThem', `${values[0]} `, '__proto__'].map((text) => ['NOT_OF_ENUM', text]);
  }
  const odd = ['../../etc/passwd', "' OR 1=1 --", '<b>&amp;'].filter((text) => pattern?.test(text) === false);
  return [
    ['TOO_LONG', 'x'.repeat(max + 1)],
    ['TOO_LONG', '\u{1f600}'.repeat(max + 1)],
    ...(min > 0 ? ([['TOO_SHORT', '']] as const) : []),
    ['BAD_CHARACTER', `a${'\u0000'.repeat(Math.max(1, min))}`],
    ['BAD_CHARACTER', `a${'\uffff'.repeat(Math.max(1, min))}`],
    ...odd.map((text) => ['BAD_PATTERN', text] as const),
  ].map(([kind, text]) => [kind as QueryDamageKind, text as string]);
}

function fullAt(shape: QueryShape, path: string): Parameters {
  switch (shape.type) {
    case 'structure': {
      const members = Object.entries(shape.members).map(([name, member]) =>
        fullAt(member, path === '' ? name : `${path}.${name}`),
      );
      return Object.assign({}, ...members);
    }
    case 'list':
      return fullAt(shape.member, `${path}.1`);
    case 'text':
      return { [path]: sampleText(shape) };
    case 'whole':
      return { [path]: String(Math.max(0, shape.min)) };
    case 'flag':
      return { [path]: 'false' };
  }
}

const SEED = 20_261;
const TEXTS = new Map<TextShape, string>();

function sampleText(shape: TextShape): string {
  const known = TEXTS.get(shape) ?? fc.sample(textOf(shape), { numRuns: 1, seed: SEED })[0] ?? '';
  TEXTS.set(shape, known);
  return known;
}

/** Neither it nor what is below it. */
function without(parameters: Parameters, path: string): Parameters {
  const rest = Object.entries(parameters).filter(([name]) => name !== path && !name.startsWith(`${path}.`));
  return Object.fromEntries(rest);
}

function withOwn(base: Parameters, extra: Parameters): Parameters {
  return Object.fromEntries([...Object.entries(base), ...Object.entries(extra)]);
}
