/**
 * The kernel's trace instances of agents that tests have started. They outlive a killed agent by design, and
 * take memory. Which are ours to remove is told by the identities in the folders of the tests.
 */
import { readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfExists, systemErrorCode } from '../packages/runtime/src/index.ts';

const INSTANCES = '/sys/kernel/tracing/instances';
/** Folders of a test: its own, one a round, one an agent. */
const DEPTH_MAX = 3;

export async function removeTraceInstances(agentIds: readonly string[]): Promise<void> {
  const names = await namesIn(INSTANCES);
  for (const name of names.filter((each) => agentIds.some((agentId) => each.includes(agentId)))) {
    await rmdir(join(INSTANCES, name));
  }
}

/** Those of every agent whose state lies in `folder`. They must have ended. */
export async function removeTraceInstancesOf(folder: string): Promise<void> {
  await removeTraceInstances(await agentIdsIn(folder, DEPTH_MAX));
}

async function agentIdsIn(folder: string, depth: number): Promise<readonly string[]> {
  const text = await readIfExists(join(folder, 'identity.json'));
  if (text !== undefined) return idOf(text);
  if (depth === 0) return [];
  const below = await Promise.all(
    (await namesIn(folder)).map((name) => agentIdsIn(join(folder, name), depth - 1)),
  );
  return below.flat();
}

/** None in a file that was being written. */
function idOf(text: string): readonly string[] {
  const [, programId] = /"programId": *"(s-[0-9a-z]+)"/.exec(text) ?? [];
  return programId === undefined ? [] : [programId];
}

/** Empty for what is no folder, or gone. */
async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT' || systemErrorCode(error) === 'ENOTDIR') return [];
    throw error;
  }
}
