/** What every store of objects guarantees. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import type { ObjectStore } from './object-store.ts';

const BYTES_MAX = 1000;

export interface ObjectStoreKind {
  readonly name: string;
  /** With a bucket `b-1`. */
  open(t: TestContext): Promise<ObjectStore>;
}

async function* pieces(...texts: string[]) {
  yield* texts;
}

export function testObjectStore({ name: kind, open }: ObjectStoreKind): void {
  test(`${kind}: an object is written into its bucket, read back and replaced`, async (t) => {
    const store = await open(t);
    const name = { bucket: 'b-1', key: "a/b/in ventory'(ü) +%41~*.csv" };
    assert.equal(await store.read(name, BYTES_MAX), undefined);
    await store.write(name, pieces('one,', 'two\n'));
    assert.equal(String(await store.read(name, BYTES_MAX)), 'one,two\n');
    await store.write(name, pieces('dreißig\n'));
    assert.equal(String(await store.read(name, BYTES_MAX)), 'dreißig\n');
    await store.write({ bucket: 'b-1', key: 'empty.csv' }, pieces());
    assert.equal(String(await store.read({ bucket: 'b-1', key: 'empty.csv' }, BYTES_MAX)), '');
  });

  test(`${kind}: no more of an object is read than may be`, async (t) => {
    const store = await open(t);
    const name = { bucket: 'b-1', key: 'k.csv' };
    await store.write(name, pieces('x'.repeat(10)));
    assert.equal((await store.read(name, 10))?.length, 10);
    await assert.rejects(store.read(name, 9), { code: 'OBJECT_TOO_LARGE' });
  });

  test(`${kind}: O1: what fails half-way leaves what was there`, async (t) => {
    const store = await open(t);
    const name = { bucket: 'b-1', key: 'k.csv' };
    await store.write(name, pieces('old'));
    const broken = async function* () {
      yield 'new';
      throw new Error('broken');
    };
    await assert.rejects(store.write(name, broken()), /broken/);
    assert.equal(String(await store.read(name, BYTES_MAX)), 'old');
  });

  test(`${kind}: O2: what cannot be the name of an object is refused before anything is done`, async (t) => {
    const store = await open(t);
    const names = [
      { bucket: '..', key: 'k.csv' },
      { bucket: 'a/b', key: 'k.csv' },
      { bucket: 'b-1', key: '../k.csv' },
      { bucket: 'b-1', key: 'a//k.csv' },
      { bucket: 'b-1', key: 'k\0.csv' },
    ];
    for (const name of names) {
      await assert.rejects(store.read(name, BYTES_MAX), { code: 'OBJECT_NAME_INVALID' });
      await assert.rejects(store.write(name, pieces('x')), { code: 'OBJECT_NAME_INVALID' });
    }
  });
}
