import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { buildOnce, removeUnfinishedBuilds } from './cached-build.ts';

test('a folder is built once, and one that failed is built again', async (context) => {
  const parent = await mkdtemp(join(tmpdir(), 'landfall-build-'));
  context.after(() => rm(parent, { recursive: true, force: true }));
  const folder = join(parent, 'guest');
  let builds = 0;
  const build = async (building: string) => {
    builds += 1;
    await writeFile(join(building, 'disk'), String(builds));
    if (builds === 1) throw new Error('the builder failed');
  };
  await assert.rejects(buildOnce(folder, build), /the builder failed/);
  assert.ok((await readdir(parent)).every((name) => name !== 'guest'));
  await buildOnce(folder, build);
  await buildOnce(folder, build);
  assert.equal(builds, 2);
  assert.deepEqual((await readdir(folder)).sort(), ['complete', 'disk']);
});

test('what a killed builder left is removed, and nothing else', async (context) => {
  const parent = await mkdtemp(join(tmpdir(), 'landfall-build-'));
  context.after(() => rm(parent, { recursive: true, force: true }));
  await buildOnce(join(parent, 'whole'), async () => undefined);
  const killed = buildOnce(join(parent, 'half'), async () => {
    throw new Error('killed');
  });
  await assert.rejects(killed);
  assert.equal((await readdir(parent)).length, 2);
  await removeUnfinishedBuilds(parent);
  assert.deepEqual(await readdir(parent), ['whole']);
});
