/**
 * The kernel's trace instances of agents that tests have started. They outlive a killed agent by design, and
 * take memory. Which are ours to remove is told by the identities in the folders of the tests.
 */
import { readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfExists, systemErrorCode } from '../packages/runtime/src/index.ts';

const INSTANCES = '/sys/kernel/tracing/instances';
const IDENTITY = 'identity.json';
/** Folders of a test: its own, one a round, one an agent. */
const DEPTH_MAX = 3;

export async function removeTraceInstances(agentIds: readonly string[]): Promise<void> {
  const names = (await unlessGone(() => readdir(INSTANCES))) ?? [];
  for (const name of names.filter((each) => agentIds.some((agentId) => each.includes(agentId)))) {
    await unlessGone(() => rmdir(join(INSTANCES, name)));
  }
}

/** Those of every agent whose state lies in `folder`. They must have ended. */
export async function removeTraceInstancesOf(folder: string): Promise<void> {
  await removeTraceInstances(await agentIdsIn(folder));
}

/** Ids of the agents whose state lies in `folder` or a few folders below it. */
export async function agentIdsIn(folder: string, depth = DEPTH_MAX): Promise<readonly string[]> {
  const entries = (await unlessGone(() => readdir(folder, { withFileTypes: true }))) ?? [];
  if (entries.some((entry) => entry.name === IDENTITY)) {
    return idOf((await readIfExists(join(folder, IDENTITY))) ?? '');
  }
  const folders = depth === 0 ? [] : entries.filter((entry) => entry.isDirectory());
  const below = await Promise.all(folders.map(({ name }) => agentIdsIn(join(folder, name), depth - 1)));
  return below.flat();
}

/** None in a file that was being written. */
function idOf(text: string): readonly string[] {
  const [, programId] = /"programId": *"(s-[0-9a-z]+)"/.exec(text) ?? [];
  return programId === undefined ? [] : [programId];
}

/** Another clean-up may have been faster; an instance that is being removed is no device any more. */
async function unlessGone<Result>(action: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await action();
  } catch (error) {
    if (['ENOENT', 'ENODEV'].includes(systemErrorCode(error) ?? '')) return undefined;
    throw error;
  }
}
