/**
 * The folder one run of the demo lives in, named after its process. Leftovers of a run that was killed are
 * cleared by the next one: QEMU processes that name the folder on their command line, then the folder.
 */
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureFolder, processStart, systemErrorCode } from '@landfall/runtime';

const PREFIX = 'demo-';

export async function createDemoFolder(cacheFolder: string): Promise<string> {
  await ensureFolder(cacheFolder);
  for (const name of await demoFoldersOfTheDead(cacheFolder)) await removeDemoFolder(join(cacheFolder, name));
  const folder = join(cacheFolder, `${PREFIX}${process.pid}`);
  await rm(folder, { recursive: true, force: true });
  await ensureFolder(folder);
  return folder;
}

/** Names in the cache folder whose process has ended without removing them. */
export async function demoFoldersOfTheDead(cacheFolder: string): Promise<readonly string[]> {
  const names = (await readdir(cacheFolder)).filter((name) => name.startsWith(PREFIX));
  return names.filter((name) => processStart(Number(name.slice(PREFIX.length))) === undefined);
}

export async function removeDemoFolder(folder: string): Promise<void> {
  await endMachinesOf(folder);
  await rm(folder, { recursive: true, force: true });
}

/** Ends every QEMU process whose command line names a file in `folder`. */
export async function endMachinesOf(folder: string): Promise<void> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => Number.isInteger(pid) && pid > 0);
  for (const pid of pids) {
    const commandLine = await readCommandLine(pid);
    if (commandLine.includes('qemu') && commandLine.includes(`${folder}/`)) endProcess(pid);
  }
}

async function readCommandLine(pid: number): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/cmdline`, 'utf8');
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ESRCH') return '';
    throw error;
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (systemErrorCode(error) !== 'ESRCH') throw error;
  }
}
