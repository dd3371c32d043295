import assert from 'node:assert/strict';
import test from 'node:test';
import { buildProgram } from '../program.ts';
import { leavesOf, optionsOf, valueNameOf } from '../tree/command-tree.ts';
import { type Candidate, completionLines } from './candidates.ts';

const NAMES: Readonly<Record<string, readonly Candidate[]>> = {
  server: [{ value: 'web-1', description: 's-1' }, { value: 'web-2' }, { value: 'db-1' }],
  jobID: [{ value: 'mgnjob-1', description: 'START_TEST COMPLETED' }],
  userName: [{ value: 'ann' }],
};

const program = buildProgram();

/** The last word is the one being typed. */
async function complete(...words: string[]): Promise<string[]> {
  const lines = await completionLines(program, words, async (valueName) => NAMES[valueName] ?? []);
  return lines.map((line) => line.split('\t')[0] ?? '');
}

test('commands are completed at every level, the hidden one is not', async () => {
  const first = await complete('');
  for (const word of ['server', 'launch', 'job', 'api']) assert.ok(first.includes(word), word);
  assert.ok(!first.includes('__complete'));
  assert.deepEqual(await complete('rep'), ['replication', 'replication-configuration']);
  assert.deepEqual(await complete('launch', ''), ['test', 'cutover']);
  assert.deepEqual(await complete('launch-configuration', 'template', 'cr'), ['create']);
});

test('ids and names are asked for where an argument or an option stands for them', async () => {
  assert.deepEqual(await complete('server', 'show', 'web'), ['web-1', 'web-2']);
  assert.deepEqual(await complete('job', 'show', ''), ['mgnjob-1']);
  assert.deepEqual(await complete('policy', 'attach', 'any', '--user', ''), ['ann']);
  assert.deepEqual(await complete('policy', 'attach', 'any', '--user=a'), ['--user=ann']);
  assert.deepEqual(await complete('launch', 'test', 'web-1', '--no-wait', 'd'), ['db-1'], 'one more of many');
  assert.deepEqual(await complete('--state-dir', '/nowhere', 'server', 'show', 'd'), ['db-1']);
});

test('options are completed with those of every command, and after the last argument', async () => {
  const options = await complete('launch', 'cutover', 'web-1', '--');
  for (const name of ['--at', '--unproved', '--wait', '--no-wait', '--json', '--state-dir', '--help'])
    assert.ok(options.includes(name), name);
  assert.ok((await complete('server', 'show', 'web-1', '')).includes('--json'));
  assert.deepEqual(await complete('server', 'show', '--', '--'), []);
});

test('values that are known are completed: choices, and what a filter takes', async () => {
  assert.deepEqual(await complete('server', 'set-state', 'web-1', 'READY'), [
    'READY_FOR_TEST',
    'READY_FOR_CUTOVER',
  ]);
  assert.deepEqual(await complete('token', 'create', '--role', 'a'), ['agent']);
  assert.deepEqual(await complete('server', 'list', '--filter', 'is'), ['isArchived=']);
  assert.deepEqual(await complete('server', 'list', '--filter', 'lifeCycleStates=TESTING,CUTO'), [
    'lifeCycleStates=TESTING,CUTOVER',
  ]);
  assert.deepEqual(await complete('replication-configuration', 'set', 'web-1', '--ebs-encryption', 'C'), [
    'CUSTOM',
  ]);
});

test('files and folders are the shell’s, but not those of the source server', async () => {
  assert.deepEqual(await complete('journal', 'export', 'web-1', '--to', ''), [':folders']);
  assert.deepEqual(await complete('policy', 'put', 'name', './p'), [':files']);
  assert.deepEqual(await complete('files', 'ls', 'web-1', '/e'), []);
});

test('a line no command begins like is completed with nothing, and never fails', async () => {
  assert.deepEqual(await complete('nonsense', ''), []);
  assert.deepEqual(await complete('server', 'nonsense', ''), []);
  for (const words of [
    ['--nonsense', ''],
    ['server', 'show', 'a', 'b'],
  ])
    assert.ok(Array.isArray(await complete(...words)));
  assert.ok((await completionLines(program, [], async () => [])).length > 0);
});

test('every command and every option of every command is completed', async () => {
  for (const { path, command } of leavesOf(program)) {
    const words = path.split(' ');
    assert.ok((await complete(...words)).includes(words.at(-1) ?? ''), path);
    const options = await complete(...words, '--');
    for (const { long } of optionsOf(command)) assert.ok(options.includes(long ?? ''), `${path} ${long}`);
  }
});

test('a value is named in the usage of every option that takes one', () => {
  for (const { path, command } of leavesOf(program)) {
    for (const option of command.options.filter(({ required }) => required))
      assert.ok(valueNameOf(option), `${path} ${option.flags}`);
  }
});
