import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { temporaryFolder } from '../testing/test-control-plane.ts';
import { createFileObjectStore } from './file-object-store.ts';
import { testObjectStore } from './object-store.conformance.ts';
import { isObjectName } from './object-store.ts';

const BYTES_MAX = 1000;

async function* pieces(...texts: string[]) {
  yield* texts;
}

testObjectStore({
  name: 'folder',
  open: async (t) => createFileObjectStore(join(await temporaryFolder(t), 'buckets')),
});

test('an object is a file in the folder of its bucket, and a folder is none', async (t) => {
  const folder = await temporaryFolder(t);
  const store = createFileObjectStore(join(folder, 'buckets'));
  const name = { bucket: 'b-1', key: 'a/b/inventory.csv' };
  assert.equal(await store.read(name, BYTES_MAX), undefined);
  await store.write(name, pieces('one,', 'two\n'));
  await store.write(name, pieces('three\n'));
  assert.equal(String(await store.read(name, BYTES_MAX)), 'three\n');
  assert.equal(await readFile(join(folder, 'buckets', 'b-1', 'a', 'b', 'inventory.csv'), 'utf8'), 'three\n');
  await assert.rejects(store.read(name, 3), { code: 'OBJECT_TOO_LARGE' });
  assert.equal(
    await store.read({ bucket: 'b-1', key: 'a/b' }, BYTES_MAX),
    undefined,
    'a folder is no object',
  );
  assert.equal(await store.read({ ...name, key: 'a/b/inventory.csv/c.csv' }, BYTES_MAX), undefined);
});

test('O1: what fails half-way leaves what was there, and nothing beside it', async (t) => {
  const folder = await temporaryFolder(t);
  const store = createFileObjectStore(folder);
  const name = { bucket: 'b', key: 'k.csv' };
  await store.write(name, pieces('old'));
  const broken = async function* () {
    yield 'new';
    throw new Error('broken');
  };
  await assert.rejects(store.write(name, broken()), /broken/);
  assert.equal(String(await store.read(name, BYTES_MAX)), 'old');
  assert.deepEqual(await readdir(join(folder, 'b')), ['k.csv']);
});

test('O1: of two who write one object at a time, the later one wins whole', async (t) => {
  const folder = await temporaryFolder(t);
  const store = createFileObjectStore(folder);
  const name = { bucket: 'b', key: 'k.csv' };
  const { promise: isSecondDone, resolve: secondIsDone } = Promise.withResolvers<void>();
  const slow = async function* () {
    yield 'first,';
    await isSecondDone;
    yield 'whole';
  };
  const first = store.write(name, slow());
  await store.write(name, pieces('second'));
  assert.equal(String(await store.read(name, BYTES_MAX)), 'second');
  secondIsDone();
  await first;
  assert.equal(String(await store.read(name, BYTES_MAX)), 'first,whole');
  assert.deepEqual(await readdir(join(folder, 'b')), ['k.csv']);
});

test('O2: no name leads out of its bucket', async (t) => {
  const root = await temporaryFolder(t);
  const folder = join(root, 'buckets');
  const store = createFileObjectStore(folder);
  await store.write({ bucket: 'safe', key: 'k.csv' }, pieces('inside'));
  await writeFile(join(root, 'secret.csv'), 'outside');
  const part = fc.oneof(
    fc.constantFrom('..', '.', '', 'safe', 'secret.csv', '...', '\0', 'k.csv'),
    fc.string(),
  );
  const names = fc.record({
    bucket: part,
    key: fc.array(part, { maxLength: 5 }).map((parts) => parts.join('/')),
  });
  await fc.assert(
    fc.asyncProperty(names, async (name) => {
      if (isObjectName(name)) {
        const seen = await store.read(name, BYTES_MAX);
        assert.ok(seen === undefined || String(seen) === 'inside');
      } else {
        await assert.rejects(store.read(name, BYTES_MAX), { code: 'OBJECT_NAME_INVALID' });
        await assert.rejects(store.write(name, pieces('x')), { code: 'OBJECT_NAME_INVALID' });
      }
    }),
    { numRuns: 500 },
  );
  assert.deepEqual((await readdir(root)).toSorted(), ['buckets', 'secret.csv']);
});

test('O2: symbolic links are followed nowhere', async (t) => {
  const root = await temporaryFolder(t);
  const folder = join(root, 'buckets');
  const store = createFileObjectStore(folder);
  await mkdir(join(root, 'outside'));
  await mkdir(join(folder, 'b'), { recursive: true });
  await writeFile(join(root, 'outside', 'k.csv'), 'outside');
  await symlink(join(root, 'outside'), join(folder, 'linked'));
  await symlink(join(root, 'outside'), join(folder, 'b', 'linked'));
  await symlink(join(root, 'outside', 'k.csv'), join(folder, 'b', 'k.csv'));
  await symlink(join(root, 'outside', 'new'), join(folder, 'b', 'new.csv.tmp'));
  for (const [bucket, key] of [
    ['linked', 'k.csv'],
    ['b', 'linked/k.csv'],
    ['b', 'k.csv'],
  ] as const) {
    assert.equal(await store.read({ bucket, key }, BYTES_MAX), undefined);
  }
  await assert.rejects(store.write({ bucket: 'linked', key: 'k.csv' }, pieces('x')));
  await assert.rejects(store.write({ bucket: 'b', key: 'new.csv' }, pieces('x')), { code: 'ELOOP' });
  await store.write({ bucket: 'b', key: 'k.csv' }, pieces('mine'));
  assert.equal(await readFile(join(root, 'outside', 'k.csv'), 'utf8'), 'outside');
  assert.deepEqual(await readdir(join(root, 'outside')), ['k.csv']);
});
