import assert from 'node:assert/strict';
import test from 'node:test';
import { allOperations } from '@landfall/api';
import { buildProgram } from '../program.ts';
import { leavesOf } from './command-tree.ts';
import { COMMAND_OF_OPERATION, LOCAL_COMMANDS, OTHER_CALLERS } from './operation-commands.ts';

const paths = leavesOf(buildProgram()).map(({ path }) => path);

for (const service of ['mgn', 'landfall'] as const) {
  const table: Readonly<Record<string, string>> = COMMAND_OF_OPERATION[service];

  test(`every operation of ${service} has a command, and every one in the table is an operation`, () => {
    const operations = allOperations(service).map(({ name }) => name);
    const hint = 'give it a command, and name that in apps/cli/src/tree/operation-commands.ts';
    assert.deepEqual(Object.keys(table).sort(), operations.toSorted(), hint);
  });

  test(`the commands of the table of ${service} are commands`, () => {
    const missing = Object.entries(table).filter(([, path]) => !paths.includes(path));
    assert.deepEqual(missing, []);
  });
}

test('every command is in a table: it calls an operation, or needs no control plane', () => {
  const known = new Set([
    ...Object.values(COMMAND_OF_OPERATION.mgn),
    ...Object.values(COMMAND_OF_OPERATION.landfall),
    ...Object.keys(OTHER_CALLERS),
    ...LOCAL_COMMANDS,
  ]);
  const hint = 'name it in apps/cli/src/tree/operation-commands.ts';
  assert.deepEqual(paths.filter((path) => !known.has(path)).sort(), [], hint);
  assert.deepEqual(
    [...known].filter((path) => !paths.includes(path)),
    [],
    'no longer a command',
  );
});

test('no two commands have the same name, and each says what it does', () => {
  assert.equal(new Set(paths).size, paths.length);
  const silent = leavesOf(buildProgram()).filter(({ command }) => command.description() === '');
  assert.deepEqual(
    silent.map(({ path }) => path),
    [],
  );
});
