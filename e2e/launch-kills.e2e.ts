/**
 * A launch host that is killed at every step of a launch, and started again: the job ends as if nothing had
 * happened, with the same log; what is replicated is not touched, and nothing is left once the machine was
 * terminated. The steps are those that the launch host takes (`launch-steps.ts` sees them), not those that
 * somebody thought of; one that is added has to be named here.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { cleanUpAfter } from '../apps/control-plane/src/testing/clean-up.ts';
import { LaunchBed, machineProcesses } from './launch-bed.ts';
import { inOwnNamespaces } from './own-namespaces.ts';

/** What a launch does, and how far it was for whoever is killed before it. */
const STEPS = [
  { step: 'machine.json CONVERTING', killed: 'before the order to launch was recorded' },
  { step: 'machine.json CONVERTING', killed: 'with the order recorded' },
  { step: 'qemu-img create', killed: 'before the view was opened and the overlay made' },
  { step: 'qemu-img info', killed: 'with the view opened and the overlay made' },
  { step: 'guestfish', killed: 'before the conversion was begun' },
  { step: 'machine.json CONVERTED', killed: 'converted, and nobody knows' },
  { step: 'machine.json STARTING', killed: 'converted' },
  { step: 'machine.json STARTING', killed: 'about to choose the ports' },
  { step: 'qemu-img info', killed: 'with the ports chosen' },
  { step: 'qemu-system-x86_64', killed: 'before the machine was started' },
  { step: 'qemu-process.json', killed: 'started, and its process not recorded' },
  { step: 'machine.json RUNNING', killed: 'started, and nobody knows' },
] as const;

const LOG = [
  'JOB_START',
  'SNAPSHOT_START',
  'SNAPSHOT_END',
  'CONVERSION_START',
  'CONVERSION_END',
  'LAUNCH_START',
  'JOB_END',
];
const TIMEOUT_MS = 30 * 60_000;
/** Programs that go on for a while: also killed just after they were begun. */
const LASTING = ['guestfish', 'qemu-system-x86_64'];

inOwnNamespaces(
  import.meta.filename,
  {
    ...{ title: 'launches in namespaces of their own', variable: 'LANDFALL_TEST_LAUNCH_KILLS' },
    ...{ namespaces: ['--mount', '--propagation', 'private'], timeoutMs: TIMEOUT_MS },
  },
  () => {
    test('a launch host killed at every step of a launch', { timeout: TIMEOUT_MS }, killAtEveryStep);
  },
);

async function killAtEveryStep(t: TestContext): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'lk-'));
  cleanUpAfter(t, () => rm(folder, { recursive: true, force: true }));
  const bed = await LaunchBed.make(t, folder);
  const before = await bed.replicaHash();
  const steps = await stepsOfALaunch(bed);
  assert.deepEqual(
    steps,
    STEPS.map(({ step }) => step),
    'a launch has other steps than this story names',
  );
  const lasting = STEPS.flatMap(({ step }, index) => (LASTING.includes(step) ? [`after ${index}`] : []));
  for (const [index, { step, killed }] of STEPS.entries()) {
    await t.test(`killed ${killed}`, () => killedAt(bed, `before ${index}`));
    if (lasting.includes(`after ${index}`))
      await t.test(`killed just after ${step} was begun`, () => killedAt(bed, `after ${index}`));
  }
  await t.test('killed while the guest runs', () => killedWhenBooted(bed));
  assert.equal(await bed.replicaHash(), before, 'the replica is what it was');
}

async function stepsOfALaunch(bed: LaunchBed): Promise<readonly string[]> {
  await rm(bed.stepsFile, { force: true });
  const jobID = await bed.launch();
  assert.equal((await bed.untilJobEnds(jobID)).launchStatus, 'LAUNCHED', await bed.hostLog());
  const steps = await bed.steps();
  await endsCleanly(bed, jobID);
  return steps;
}

async function killedAt(bed: LaunchBed, kill: string): Promise<void> {
  await bed.killHost();
  await bed.startHost({ LANDFALL_TEST_KILL: kill });
  const jobID = await bed.launch();
  await bed.hostIsKilled();
  await bed.startHost();
  const { launchStatus } = await bed.untilJobEnds(jobID);
  assert.equal(launchStatus, 'LAUNCHED', JSON.stringify(await bed.logOf(jobID)));
  await endsCleanly(bed, jobID);
}

async function killedWhenBooted(bed: LaunchBed): Promise<void> {
  const jobID = await bed.launch();
  assert.equal((await bed.untilJobEnds(jobID)).launchStatus, 'LAUNCHED');
  await bed.untilGuestSays('B');
  await bed.killHost();
  assert.equal((await machineProcesses()).length, 1, 'the machine goes on');
  await bed.startHost();
  const { items } = await bed.plane.api.landfall('DescribeLaunchedMachines', {});
  assert.equal(items[0]?.phase, 'RUNNING');
  await endsCleanly(bed, jobID);
}

/** One machine ran, which booted; the log is that of a launch; nothing is left of it. */
async function endsCleanly(bed: LaunchBed, jobID: string): Promise<void> {
  await bed.untilGuestSays('B');
  assert.equal((await machineProcesses()).length, 1, 'one machine, and no appliance');
  const events = (await bed.logOf(jobID)).map(({ event }) => event);
  assert.deepEqual(
    events.filter((event) => !event.startsWith('CLEANUP')),
    LOG,
  );
  await bed.terminate();
  assert.deepEqual(await bed.machineFolders(), []);
  assert.deepEqual(await machineProcesses(), []);
}
