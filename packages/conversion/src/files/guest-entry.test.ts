import assert from 'node:assert/strict';
import test from 'node:test';
import { parseNames, parseStatuses } from './guest-entry.ts';

const FIELDS = {
  st_dev: 2048,
  st_ino: 15,
  st_mode: 0o104750,
  st_nlink: 2,
  st_uid: 1000,
  st_gid: 1001,
  st_rdev: 0,
  st_size: 5,
  st_blksize: 1024,
  st_blocks: 2,
  st_mtime_sec: 1_700_000_000,
  st_mtime_nsec: 775_999_952,
};

function block(change: Partial<typeof FIELDS> = {}, indent = ''): string {
  return Object.entries({ ...FIELDS, ...change })
    .map(([name, value]) => `${indent}${name}: ${value}\n`)
    .join('');
}

test('the status of one file is read, setuid and all', () => {
  assert.deepEqual(parseStatuses(block()), [
    {
      kind: 'FILE',
      mode: 0o4750,
      uid: 1000,
      gid: 1001,
      sizeBytes: 5,
      allocatedBytes: 1024,
      modifiedMs: 1_700_000_000_775,
      linkCount: 2,
    },
  ]);
});

test('a time is one that a date can have', () => {
  const timeOf = (st_mtime_sec: number) =>
    parseStatuses(block({ st_mtime_sec }))[0]?.modifiedMs ?? Number.NaN;
  for (const seconds of [2 ** 63, -(2 ** 63), 8.64e12, -8.64e12])
    assert.ok(!Number.isNaN(new Date(timeOf(seconds)).getTime()), `${seconds}`);
  assert.equal(timeOf(-1), -225);
});

test('a list of statuses keeps its order, and one that is gone its place', () => {
  const all = (values: readonly Partial<typeof FIELDS>[]) =>
    values.map((change, index) => `[${index}] = {\n${block(change, '  ')}}\n`).join('');
  const modes = [0o040755, 0o120777, 0o060660, 0o020600, 0o010644, 0o140755];
  const kinds = parseStatuses(all(modes.map((st_mode) => ({ st_mode })))).map((status) => status?.kind);
  assert.deepEqual(kinds, ['FOLDER', 'SYMLINK', 'BLOCK_DEVICE', 'CHARACTER_DEVICE', 'FIFO', 'SOCKET']);
  const gone = parseStatuses(all([{}, { st_ino: -1, st_mode: -1 }, {}]));
  assert.deepEqual(
    gone.map((status) => status === undefined),
    [false, true, false],
  );
});

test('names are bytes between NULs, sorted as bytes', () => {
  const names = parseNames(Buffer.from('b\0\xff\xfe\0a\nc\0B\0', 'latin1'));
  assert.deepEqual(
    names.map((name) => name.toString('latin1')),
    ['B', 'a\nc', 'b', '\xff\xfe'],
  );
  assert.deepEqual(parseNames(Buffer.alloc(0)), []);
});
