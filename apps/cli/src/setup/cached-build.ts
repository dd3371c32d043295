/**
 * Folders of the cache that take minutes to build: each is built beside its place and moved there when it is
 * whole, so one that is there is whole, whenever the builder was killed.
 */
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureFolder, readIfExists, writeDurably } from '@landfall/runtime';

const COMPLETE = 'complete';
const BUILDING_SUFFIX = '.building';

/** Returns once `folder` is there; `build` is called with the folder to fill when it is not. */
export async function buildOnce(folder: string, build: (building: string) => Promise<void>): Promise<void> {
  if ((await readIfExists(join(folder, COMPLETE))) !== undefined) return;
  const building = `${folder}.${process.pid}${BUILDING_SUFFIX}`;
  await rm(building, { recursive: true, force: true });
  await ensureFolder(building);
  await build(building);
  await writeDurably(join(building, COMPLETE), 'yes\n');
  await rm(folder, { recursive: true, force: true });
  await rename(building, folder);
}

/** Removes what killed builders left in `parent`. Only for who knows that nobody builds there now. */
export async function removeUnfinishedBuilds(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (name.endsWith(BUILDING_SUFFIX)) await rm(join(parent, name), { recursive: true, force: true });
  }
}
