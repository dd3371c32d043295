import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { ApiError } from '../api-error.ts';
import { decodeQuery } from './decode-query.ts';
import { readQueryForm } from './query-form.ts';
import { choice, flag, list, structure, text, type ValueOf, whole } from './query-shape.ts';

const SHAPE = structure(
  {
    Id: list(text({ pattern: /^i-[0-9a-f]{8}$/, malformed: 'InvalidId.Malformed' }), 3),
    Filter: list(structure({ Name: text(), Value: list(text({ min: 0 })) }, ['Name'])),
    Kind: choice('a', 'b'),
    Count: whole(1, 10),
    Dry: flag,
    Data: structure({ Name: text({ max: 5 }) }),
  },
  ['Kind'],
);

function decode(form: string) {
  return decodeQuery(readQueryForm(form), SHAPE) as ValueOf<typeof SHAPE>;
}

test('parameters find their places, whatever their order and the gaps in their numbers', () => {
  const form =
    'Kind=a&Filter.2.Name=second&Filter.1.Value.7=z&Filter.1.Name=tag%3ANa+me&Filter.1.Value.3=&Dry=TRUE&Count=7' +
    '&Id.10=i-0000000b&Id.9=i-0000000a&Data.Name=%E2%82%AC';
  assert.deepEqual(decode(form), {
    Id: ['i-0000000a', 'i-0000000b'],
    Filter: [{ Name: 'tag:Na me', Value: ['', 'z'] }, { Name: 'second' }],
    Kind: 'a',
    Count: 7,
    Dry: true,
    Data: { Name: '€' },
  });
  assert.deepEqual(decode('Kind=b&Id='), { Kind: 'b', Id: [] });
});

const REFUSED = [
  ['', 'MissingParameter', 'Kind'],
  ['Kind=a&Filter.1.Value.1=x', 'MissingParameter', 'Filter.1.Name'],
  ['Kind=a&Else=1', 'UnknownParameter', 'Else'],
  ['Kind=a&Filter.1.Name=x&Filter.1.Else=1', 'UnknownParameter', 'Filter.1.Else'],
  ['Kind=a&Filter.0.Name=x', 'UnknownParameter', 'Filter.0'],
  ['Kind=a&Filter.x.Name=x', 'UnknownParameter', 'Filter.x'],
  ['Kind=a&Kind.1=a', 'UnknownParameter', 'Kind.1'],
  ['Kind=a&Data=1', 'InvalidParameterValue', 'Data'],
  ['Kind=a&Data.Name=123456', 'InvalidParameterValue', 'Data.Name'],
  ['Kind=a&Data.Name=%00', 'InvalidParameterValue', 'control characters'],
  ['Kind=a&Data.Name=', 'InvalidParameterValue', 'Data.Name'],
  ['Kind=c', 'InvalidParameterValue', 'one of a, b'],
  ['Kind=a&Count=11', 'InvalidParameterValue', '1 to 10'],
  ['Kind=a&Count=1e1', 'InvalidParameterValue', 'Count'],
  ['Kind=a&Dry=yes', 'InvalidParameterValue', 'true or false'],
  ['Kind=a&Id=i-0000000a', 'InvalidParameterValue', 'Id.1'],
  ['Kind=a&Id.1=i-xyz', 'InvalidId.Malformed', 'i-xyz'],
  ['Kind=a&Id.1=i-1&Id.2=i-2&Id.3=i-3&Id.4=i-4', 'InvalidParameterValue', '3 entries'],
  ['Kind=a&Kind=a', 'MalformedQueryString', 'twice'],
  ['Kind=%ZZ', 'MalformedQueryString', 'UTF-8'],
  ['Kind=%FF', 'MalformedQueryString', 'UTF-8'],
  ['Kind=a&a.a.a.a.a.a.a.a.a.a.a.a.a.a=1', 'UnknownParameter', 'a.a.a'],
] as const;

for (const [form, name, told] of REFUSED) {
  test(`refused as ${name}: ${form.slice(0, 60)}`, () => {
    assert.throws(
      () => decode(form),
      (error) => error instanceof ApiError && error.name === name && error.message.includes(told),
    );
  });
}

test('too many parameters are refused', () => {
  const form = Array.from({ length: 5001 }, (_, index) => `Id.${index + 1}=x`).join('&');
  assert.throws(() => decode(form), { name: 'MalformedQueryString' });
});

test('any text is a value of the shape or an error of the caller', () => {
  const part = fc.constantFrom('Id', 'Filter', 'Kind', 'Data', 'Name', '1', '2', '__proto__', 'constructor');
  const name = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('.'));
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('a', 'true', '7', 'i-0000000a', ''));
  const pair = fc
    .tuple(name, value)
    .map(([one, other]) => `${one}=${encodeURIComponent(other.toWellFormed())}`);
  const form = fc.oneof(
    fc.array(pair, { maxLength: 8 }).map((pairs) => ['Kind=a', ...pairs].join('&')),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(form, (one) => {
      try {
        assert.ok(['a', 'b'].includes(decode(one).Kind));
      } catch (error) {
        assert.ok(error instanceof ApiError && error.status === 400, String(error));
      }
    }),
    { numRuns: 500 },
  );
});
