/**
 * Where a campaign lives. Nothing of a killed campaign stays but files: its processes get SIGKILL from the
 * kernel, its mounts and shared memory are in namespaces of its own, its loop devices are held open and
 * marked to detach at their last close. The files are removed by the next campaign, which finds that their
 * owner is dead, with the trace instances of the agents that have their state there.
 *
 * Two folders: disks and state in the cache folder, mount points in /run, because other users (PostgreSQL)
 * must reach those.
 */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureFolder, processStart } from '../../packages/runtime/src/index.ts';
import { removeTraceInstancesOf } from '../trace-instances.ts';

export interface CampaignFolder {
  readonly folder: string;
  /** Readable by everybody; mount points and database templates. */
  readonly publicFolder: string;
  remove(): Promise<void>;
}

const PREFIX = 'crash-';
const PUBLIC_PREFIX = 'landfall-crash-';
const PUBLIC_PARENT = '/run';
const READABLE_BY_ALL = 0o755;

export async function createCampaignFolder(cacheFolder: string): Promise<CampaignFolder> {
  await ensureFolder(cacheFolder);
  await removeOfTheDead(cacheFolder, PREFIX);
  await removeOfTheDead(PUBLIC_PARENT, PUBLIC_PREFIX);
  const owner = `${process.pid}-${processStart(process.pid)}`;
  const folder = join(cacheFolder, `${PREFIX}${owner}`);
  const publicFolder = join(PUBLIC_PARENT, `${PUBLIC_PREFIX}${owner}`);
  await ensureFolder(folder);
  await ensureFolder(publicFolder, READABLE_BY_ALL);
  return {
    folder,
    publicFolder,
    remove: async () => {
      await removeTraceInstancesOf(folder);
      await removeTree(publicFolder);
      await removeTree(folder);
    },
  };
}

async function removeOfTheDead(parent: string, prefix: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const [, pid, startTime] = new RegExp(`^${prefix}(\\d+)-(\\d+)$`).exec(name) ?? [];
    if (pid === undefined || processStart(Number(pid)) === startTime) continue;
    await removeTraceInstancesOf(join(parent, name));
    await removeTree(join(parent, name));
  }
}

/** Never through a mount: what is mounted below is somebody's file system, not a leftover. */
async function removeTree(folder: string): Promise<void> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8');
  if (mounts.includes(` ${folder}/`)) throw new Error(`something is still mounted below ${folder}`);
  await rm(folder, { recursive: true, force: true });
}

/** What a round with a violation leaves for whoever looks into it. */
export async function createEvidenceFolder(cacheFolder: string, seed: number): Promise<string> {
  const folder = join(cacheFolder, 'crash-evidence', `seed-${seed}`);
  await rm(folder, { recursive: true, force: true });
  await ensureFolder(folder);
  await writeFile(join(folder, 'seed'), `${seed}\n`);
  return folder;
}
