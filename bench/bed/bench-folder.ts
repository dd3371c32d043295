/**
 * The folder one benchmark lives in, named after its process. Everything a benchmark makes can be found from
 * it: the processes name the folder on their command lines, the loop devices have their files in it, the
 * file systems are mounted in it, and the agents' trace instances carry the ids noted in it. So there is one
 * way to clean up, for a benchmark that ended, one that was interrupted, and (by the next one) one that was
 * killed.
 */
import { appendFileSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { detachLeftovers } from '../../e2e/loop-source.ts';
import { removeTraceInstances } from '../../e2e/trace-instances.ts';
import {
  ensureFolder,
  OperationError,
  processStart,
  readIfExists,
  run,
  systemClock,
  systemErrorCode,
} from '../../packages/runtime/src/index.ts';

const FOLDER_NAME = /^bench-(\d+)$/;
const AGENT_IDS = 'agent-ids';
const END_GRACE_MS = 5000;
const END_POLL_MS = 50;

export async function createBenchFolder(cacheFolder: string): Promise<string> {
  await ensureFolder(cacheFolder);
  for (const name of await readdir(cacheFolder)) {
    const [, pid] = FOLDER_NAME.exec(name) ?? [];
    if (pid !== undefined && processStart(Number(pid)) === undefined)
      await removeBenchFolder(join(cacheFolder, name));
  }
  const folder = join(cacheFolder, `bench-${process.pid}`);
  await removeBenchFolder(folder);
  await ensureFolder(folder);
  return folder;
}

/** Ends, unmounts, detaches and removes everything that belongs to the folder, then the folder. */
export async function removeBenchFolder(folder: string): Promise<void> {
  await endProcessesOf(folder);
  // Twice: one whose file lies in a mounted file system is not found any more when that is gone, and one
  // that holds a mounted file system is released only then.
  await detachLeftovers(`${folder}/`);
  for (const mountPoint of await mountPointsIn(folder)) await run(['umount', '--lazy', mountPoint]);
  await detachLeftovers(`${folder}/`);
  await removeTraceInstances(await agentIdsOf(folder));
  await rm(folder, { recursive: true, force: true });
}

/** The trace instances of this agent are ours to remove, should it be killed. */
export function noteAgentId(folder: string, agentId: string): void {
  appendFileSync(join(folder, AGENT_IDS), `${agentId}\n`);
}

async function agentIdsOf(folder: string): Promise<readonly string[]> {
  const text = (await readIfExists(join(folder, AGENT_IDS))) ?? '';
  return text.split('\n').filter((line) => line !== '');
}

async function endProcessesOf(folder: string): Promise<void> {
  const deadlineNs = systemClock.monotonicNs() + BigInt(END_GRACE_MS) * 1_000_000n;
  for (const pid of await processesOf(folder)) signalProcess(pid, 'SIGTERM');
  while ((await processesOf(folder)).length > 0) {
    if (systemClock.monotonicNs() > deadlineNs) break;
    await systemClock.sleep(END_POLL_MS);
  }
  for (const pid of await processesOf(folder)) signalProcess(pid, 'SIGKILL');
}

/** Every process but this one whose command line names a file in `folder`. */
async function processesOf(folder: string): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0 && pid !== process.pid);
  const lines = await Promise.all(pids.map((pid) => readGone(`/proc/${pid}/cmdline`)));
  return pids.filter((_pid, index) => lines[index]?.includes(`${folder}/`) === true);
}

/** Empty for what has ended in the meantime. */
async function readGone(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ESRCH') return '';
    throw error;
  }
}

async function mountPointsIn(folder: string): Promise<readonly string[]> {
  const table = await readFile('/proc/self/mounts', 'utf8');
  const points = table.split('\n').map((line) => line.split(' ')[1] ?? '');
  return points.filter((point) => point.startsWith(`${folder}/`)).reverse();
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (systemErrorCode(error) !== 'ESRCH') throw error;
  }
}

/** Errors: STAGING_FULL, before an hour of work rather than after it. */
export function checkRoom(freeBytes: number, neededBytes: number, folder: string): void {
  if (freeBytes >= neededBytes) return;
  const gib = (bytes: number) => (bytes / 2 ** 30).toFixed(1);
  const message = `the benchmark needs ${gib(neededBytes)} GiB in ${folder}, which has ${gib(freeBytes)} GiB free`;
  throw new OperationError('BENCHMARK_ROOM_MISSING', message, {
    hint: 'free some space, name another folder with LANDFALL_CACHE_DIR, or use a smaller disk: --size-gib',
  });
}
