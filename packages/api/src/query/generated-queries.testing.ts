/** Parameters of the query protocol made from shapes: right ones, and ones that are wrong in one place. */
import fc from 'fast-check';
import type { QueryShape, StructureShape, TextShape } from './query-shape.ts';

export type Parameters = Readonly<Record<string, string>>;

const ENTRIES_MAX = 2;

export function parametersOf(shape: StructureShape): fc.Arbitrary<Parameters> {
  return inputOf(shape).map((value) => Object.fromEntries(flatten(shape, value, '')));
}

/** One parameter is another, gone, or somewhere else. */
export function hostileParametersOf(shape: StructureShape): fc.Arbitrary<Parameters> {
  const other = fc.oneof(
    fc.string({ unit: 'binary' }).map((text) => text.toWellFormed()),
    fc.constantFrom(
      '',
      '-1',
      '1e9',
      '999999999999999',
      'true',
      'x'.repeat(5000),
      '\0',
      '*',
      '../..',
      "' OR 1=1 --",
    ),
  );
  const elsewhere = fc.constantFrom('.1', '.x', '.1.1.1', '.__proto__', '.constructor', '..', '.99999999');
  return fc
    .tuple(parametersOf(shape), fc.nat(), fc.nat({ max: 3 }), other, elsewhere)
    .map(([parameters, choice, change, value, suffix]) => {
      const names = [...Object.keys(parameters), ...Object.keys(shape.members)];
      const name = names[choice % names.length] ?? '';
      const { [name]: _gone, ...rest } = parameters;
      if (change === 0) return rest;
      if (change === 1) return { ...rest, [`${name}${suffix}`]: value };
      return { ...parameters, [name]: value };
    });
}

function inputOf(shape: QueryShape): fc.Arbitrary<unknown> {
  switch (shape.type) {
    case 'structure': {
      const entries = Object.entries(shape.members).map(([name, member]) => [name, inputOf(member)]);
      const model: Record<string, fc.Arbitrary<unknown>> = Object.fromEntries(entries);
      return fc.record(model, { requiredKeys: [...shape.required], noNullPrototype: true });
    }
    case 'list':
      return fc.array(inputOf(shape.member), { maxLength: Math.min(ENTRIES_MAX, shape.max) });
    case 'text':
      return textOf(shape);
    case 'whole':
      return fc.integer({ min: shape.min, max: shape.max });
    case 'flag':
      return fc.boolean();
  }
}

export function textOf({ min, max, pattern, values }: TextShape): fc.Arbitrary<string> {
  if (values !== undefined) return fc.constantFrom(...values);
  const fits = (text: string) => [...text].length >= min && [...text].length <= max;
  if (pattern !== undefined) return fc.stringMatching(pattern, { maxLength: Math.min(max, 40) }).filter(fits);
  return fc.string({ unit: 'grapheme', minLength: min, maxLength: Math.min(max, 20) }).filter(fits);
}

function flatten(shape: QueryShape, value: unknown, path: string): [string, string][] {
  if (shape.type === 'structure') {
    return Object.entries(value as object).flatMap(([name, member]) => {
      const below = shape.members[name];
      return below === undefined ? [] : flatten(below, member, path === '' ? name : `${path}.${name}`);
    });
  }
  if (shape.type !== 'list') return [[path, String(value)]];
  const entries = value as readonly unknown[];
  return entries.flatMap((entry, index) => flatten(shape.member, entry, `${path}.${index + 1}`));
}
