import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { formatCsvRow } from './csv.ts';
import { planInventory } from './inventory-plan.ts';
import { readInventory } from './inventory-rows.ts';

const HOME = { accountId: '000000000000', region: 'us-east-1' };

function read(...rows: readonly (readonly string[])[]) {
  return readInventory(rows.map(formatCsvRow).join(''), HOME);
}

function problemsOf(...rows: readonly (readonly string[])[]): readonly string[] {
  const { rows: told, problems } = read(...rows);
  return [...problems, ...planInventory(told).problems].map(
    ({ rowNumber, message }) => `${rowNumber}: ${message}`,
  );
}

test('rows that speak of the same thing are put together, in the order in which things are needed', () => {
  const { rows, problems } = read(
    [
      'mgn:server:user-provided-id',
      'mgn:app:name',
      'mgn:wave:name',
      'mgn:wave:description',
      'mgn:server:tag:Env',
      'mine',
    ],
    ['web-1', 'Shop', 'First', '', 'prod', 'x'],
    ['web-2', 'Shop', 'first', 'the easy ones', '', 'y'],
    ['', '', 'second', '', '', ''],
  );
  assert.deepEqual(problems, []);
  const { items } = planInventory(rows);
  assert.deepEqual(
    items.map(({ kind, rowNumber }) => `${kind} ${rowNumber}`),
    ['WAVE 2', 'WAVE 4', 'APPLICATION 2', 'SERVER 2', 'SERVER 3'],
  );
  assert.deepEqual(items[0]?.facts, { id: undefined, name: 'First', description: 'the easy ones', tags: {} });
  const [server] = items.filter(({ kind }) => kind === 'SERVER');
  assert.deepEqual(server?.kind === 'SERVER' && [server.application?.name, server.facts.tags], [
    'Shop',
    { Env: 'prod' },
  ]);
});

test('what is wrong is told with its row: headers, homes, values, missing names, contradictions', () => {
  assert.match(problemsOf([])[0] ?? '', /^1: the file is empty/);
  assert.match(problemsOf(['mgn:wave:nam'])[0] ?? '', /^1: column 1 is mgn:wave:nam, and there is none/);
  assert.match(problemsOf(['mgn:wave:name', 'mgn:wave:name'])[0] ?? '', /^1: .* twice/);
  assert.match(problemsOf(['name'])[0] ?? '', /^1: there is no column that begins with mgn:/);
  assert.match(
    problemsOf(['mgn:region', 'mgn:wave:name'], ['eu-west-1', 'x'])[0] ?? '',
    /^2: mgn:region is eu-west-1/,
  );
  assert.match(
    problemsOf(['mgn:wave:name'], ['x'.repeat(257)])[0] ?? '',
    /^2: mgn:wave:name must be at most 256/,
  );
  assert.match(problemsOf(['mgn:wave:id'], ['wave-1'])[0] ?? '', /^2: mgn:wave:id must/);
  assert.match(
    problemsOf(['mgn:wave:name', 'mgn:wave:tag:Env'], ['x', 'y'.repeat(300)])[0] ?? '',
    /^2: mgn:wave:tag:Env must be at most 256/,
  );
  assert.match(problemsOf(['mgn:server:tag:a'], ['1'])[0] ?? '', /^2: .*neither mgn:server:id nor/);
  assert.match(problemsOf(['mgn:app:description'], ['1'])[0] ?? '', /^2: .*not of which/);
  const server = 'mgn:server:user-provided-id';
  assert.match(
    problemsOf([server, 'mgn:server:platform'], ['a', 'plan9'])[0] ?? '',
    /^2: mgn:server:platform must match/,
  );
  assert.match(
    problemsOf([server, 'mgn:launch:transfer-server-tags'], ['a', 'maybe'])[0] ?? '',
    /cannot be maybe/,
  );
  assert.match(problemsOf([server], ['a', 'b'])[0] ?? '', /^2: it has 2 values; the header has 1/);
  const described = ['mgn:wave:name', 'mgn:wave:description'];
  assert.match(
    problemsOf(described, ['w', '1'], ['w', '2'])[0] ?? '',
    /^3: its wave has another description than in row 2/,
  );
  assert.match(
    problemsOf([server, 'mgn:app:name'], ['a', 'x'], ['a', 'y'])[0] ?? '',
    /^3: its server has another group/,
  );
  assert.match(
    problemsOf([server, 'mgn:server:tag:a'], ['a', 'x'], ['a', 'y'])[0] ?? '',
    /another tags a than/,
  );
});

test('every file is read or refused, whatever stands in it', () => {
  const header = fc.constantFrom(
    ...[
      'mgn:wave:name',
      'mgn:app:name',
      'mgn:server:id',
      'mgn:server:tag:__proto__',
      'mgn:launch:nic:0:subnet-id',
    ],
    ...['mgn:wave:tag:', 'mgn:launch:volume:/dev/sda:type', 'mgn:', 'own', 'mgn:app:tag:constructor'],
  );
  const table = fc.tuple(fc.array(header), fc.array(fc.array(fc.string({ unit: 'binary' }))));
  fc.assert(
    fc.property(table, ([columns, rows]) => {
      const read = readInventory([columns, ...rows].map(formatCsvRow).join(''), HOME);
      planInventory(read.rows);
    }),
    { numRuns: 300 },
  );
});
