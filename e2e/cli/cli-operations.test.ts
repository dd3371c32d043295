/** Every operation of the API is called by the command that the table names for it: seen in the audit log. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  COMMAND_OF_OPERATION,
  LOCAL_COMMANDS,
  OTHER_CALLERS,
} from '../../apps/cli/src/tree/operation-commands.ts';
import {
  type SimulatedAgent,
  simulateAgent,
} from '../../apps/control-plane/src/testing/simulated-programs.ts';
import { startTestSite } from '../../apps/control-plane/src/testing/test-site.ts';
import {
  journeyFolder,
  useControlPlane,
  useGroups,
  useIdentity,
  useInventory,
  useOthers,
  useScripts,
  useTemplates,
} from './cli-journey.ts';
import {
  useImages,
  useLaunches,
  usePoints,
  useProofs,
  useReplication,
  useSettings,
} from './cli-server-journey.ts';
import { CliSession } from './cli-session.ts';

const COUNTS = { DIFFERENT: 0, DAMAGED: 0, LEFT_OUT: 0 };

function equal(): SimulatedAgent['proof'] {
  const point = (epoch: number) => {
    return { epoch, cutTimeMs: 1e12 + epoch, consistency: 'CRASH_CONSISTENT' as const };
  };
  const disk = { diskId: 'disk-0', sizeBytes: 8_388_608, chunks: 8, rootSha256: 'ab'.repeat(32) };
  return {
    ...{ state: 'COMPLETE', chunksDone: 8, chunksTotal: 8, differenceCounts: COUNTS },
    result: {
      ...{ journalId: 'j-1', startedAtMs: 1e12, endedAtMs: 1e12 + 9, first: point(4), last: point(9) },
      disks: [{ ...disk, chunksChangedSince: 0, chunksSentWhole: 0 }],
      ...{ differenceCounts: COUNTS, differences: [] },
    },
  };
}

test('every command calls the operations the tables say, and does what it is asked', async (t) => {
  const site = await startTestSite(t);
  const { plane } = site;
  const cli = await CliSession.begin(t, plane);
  const journey = { cli, folder: await journeyFolder(plane.stateDir) };
  const [agent, second, third] = [await site.addAgent(), await site.addAgent(), await site.addAgent()];
  const { token } = await plane.api.landfall('CreateEnrolmentToken', {});
  const unsynced = await simulateAgent(t, token);
  const server = agent.sourceServerId;
  await useControlPlane(journey);
  await useIdentity(journey);
  await useScripts(journey);
  await useTemplates(journey);
  await useGroups(journey, server);
  await useOthers(journey);
  await useSettings(journey, server);
  await usePoints(journey, second.sourceServerId);
  await useImages(journey, second.sourceServerId, unsynced.sourceServerId);
  await useProofs(journey, agent, equal());
  await useLaunches(journey, site, [server, second.sourceServerId]);
  await useReplication(journey, third.sourceServerId);
  await useInventory(journey);

  const calls = new Map<string, Set<string>>();
  for (const { path, called } of cli.runs) calls.set(path, new Set([...(calls.get(path) ?? []), ...called]));
  const missing = expected().filter(([operation, path]) => calls.get(path)?.has(operation) !== true);
  assert.deepEqual(
    missing,
    [],
    'said in operation-commands.ts, but not called: add the command to the journey',
  );
  const known = new Set([...expected().map(([, path]) => path), ...LOCAL_COMMANDS]);
  assert.deepEqual(
    [...calls.keys()].filter((path) => !known.has(path)),
    [],
  );
  t.diagnostic(`operations called by their commands: ${expected().length}, in ${cli.runs.length} runs`);
});

function expected(): readonly (readonly [operation: string, path: string])[] {
  const ofService = (service: keyof typeof COMMAND_OF_OPERATION) =>
    Object.entries(COMMAND_OF_OPERATION[service]).map(
      ([name, path]) => [`${service}:${name}`, path] as const,
    );
  const others = Object.entries(OTHER_CALLERS).map(([path, operation]) => [operation, path] as const);
  return [...ofService('mgn'), ...ofService('landfall'), ...others];
}
