/** All images of an export get their names, or none does. */
import assert from 'node:assert/strict';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ImageClaim } from './file-image-claim.ts';
import { temporaryFolder } from './journal-folder.testing.ts';

const NAMES = ['one.raw', 'two.raw', 'three.raw'];

/** Completed while this happens before a file gets its name. */
async function completed(t: TestContext, before: (to: string) => Promise<void>) {
  const folder = await temporaryFolder(t);
  const claim = await ImageClaim.take(folder, NAMES, async (from, to) => {
    await before(to);
    await rename(from, to);
  });
  for (const name of NAMES) await writeFile(claim.pathOf(name), `content of ${name}`);
  const completing = claim.complete().finally(() => claim.release());
  return { folder, completing };
}

test('images have their names when all are complete, and nothing else is left', async (t) => {
  const { folder, completing } = await completed(t, async () => undefined);
  assert.deepEqual(
    await completing,
    NAMES.map((name) => join(folder, name)),
  );
  assert.deepEqual((await readdir(folder)).toSorted(), NAMES.toSorted());
  assert.equal(await readFile(join(folder, 'two.raw'), 'utf8'), 'content of two.raw');
});

test('when one cannot get its name none has one', async (t) => {
  const { folder, completing } = await completed(t, async (to) => {
    if (to.endsWith('two.raw')) throw new Error('the device is gone');
  });
  await assert.rejects(completing, { code: 'EXPORT_FOLDER_UNUSABLE', message: /the device is gone/ });
  assert.deepEqual(await readdir(folder), []);
});

test('what took the name of one meanwhile is not overwritten, and none has its name', async (t) => {
  const { folder, completing } = await completed(t, async (to) => {
    if (to.endsWith('one.raw')) await writeFile(join(to, '..', 'three.raw'), 'mine');
  });
  await assert.rejects(completing, { code: 'EXPORT_TARGET_EXISTS' });
  assert.deepEqual(await readdir(folder), ['three.raw']);
  assert.equal(await readFile(join(folder, 'three.raw'), 'utf8'), 'mine');
});
