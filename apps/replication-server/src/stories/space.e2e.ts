/**
 * Space with real processes over a loop device: what a journal takes is told as the file system has it, a
 * limit stops replication before anything is lost, and it goes on by itself. Then the same journal in its
 * folder, with the command line. Run as root: `node --test space.e2e.ts`.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { open, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { JournalFacts } from '@landfall/channel';
import type { JournalSpace, JournalTaskFacts, JournalTaskName } from '@landfall/model';
import { MIB, type RunResult, run, runChecked, systemClock } from '@landfall/runtime';
import { unmount } from '../testing/linux-unmount.ts';
import { TestRig, until } from '../testing/test-rig.ts';

const CLI = join(import.meta.dirname, '../../../cli/src/main.ts');

let rig: TestRig;

beforeEach(async () => {
  rig = await TestRig.create();
});

afterEach(async () => {
  await rig.close();
});

async function startReplicating(sizeMib: number): Promise<void> {
  await rig.addDisk(sizeMib);
  await writeRandom('first', 8);
  await rig.startServer();
  await rig.installAgent();
  rig.pair();
  await rig.startAgent();
  await untilContinuous();
}

async function untilContinuous(): Promise<void> {
  const state = () => rig.agentReport()?.replication.state;
  await until('replication is continuous', () => state() === 'CONTINUOUS', 60_000);
}

async function writeRandom(name: string, sizeMib: number): Promise<void> {
  const { mountPoint = '' } = rig.disks[0] ?? {};
  await writeFile(join(mountPoint, name), randomBytes(sizeMib * MIB));
  await runChecked(['sync', '--file-system', mountPoint]);
}

/** When its measurement is complete. */
async function described(): Promise<JournalFacts & { readonly space: JournalSpace }> {
  for (;;) {
    const input = { sourceServerId: rig.agentId };
    const facts = (await rig.plane.command(rig.serverId, 'describeJournal', input)) as JournalFacts;
    const { space } = facts;
    if (space !== undefined && facts.measuring === undefined) return { ...facts, space };
    await systemClock.sleep(200);
  }
}

async function ended(task: JournalTaskName): Promise<JournalTaskFacts> {
  const input = { sourceServerId: rig.agentId, task };
  await rig.plane.command(rig.serverId, 'startJournalTask', input);
  for (;;) {
    const output = await rig.plane.command(rig.serverId, 'describeJournalTask', input);
    const { task: facts } = output as { task: JournalTaskFacts };
    if (facts.state !== 'RUNNING') return facts;
    await systemClock.sleep(200);
  }
}

function sumOf({ tiers, marked, passing, ...space }: JournalSpace): number {
  const { baseBytes, newestBytes, reclaimableBytes, heldBytes, openBytes, otherBytes } = space;
  const shares = [...tiers, marked, passing].map(({ bytes }) => bytes);
  const parts = [baseBytes, newestBytes, reclaimableBytes, heldBytes, openBytes, otherBytes, ...shares];
  return parts.reduce((sum, part) => sum + part, 0);
}

async function allocatedBytes(): Promise<number> {
  const { stdout } = await runChecked(['du', '--summarize', '--block-size=1', folder()]);
  return Number.parseInt(stdout, 10);
}

function folder(): string {
  return rig.path(join('staging', rig.agentId));
}

function landfall(...parameters: readonly string[]): Promise<RunResult> {
  return run([process.execPath, '--disable-warning=ExperimentalWarning', CLI, '--json', ...parameters], {
    timeoutMs: 60_000,
  });
}

test('J5: at its limit a server stalls with what to do, loses nothing, and goes on when it is raised', async () => {
  await startReplicating(96);
  const early = await rig.takeRecoveryPoint();
  await writeRandom('second', 8);
  await rig.takeRecoveryPoint();
  const { space } = await described();
  assert.equal(sumOf(space), space.totalBytes);
  assert.ok(Math.abs(space.totalBytes - (await allocatedBytes())) < MIB, 'what is told is what is allocated');
  assert.ok(space.newestBytes >= 8 * MIB, `the file of 8 MiB is in ${space.newestBytes} bytes`);

  rig.limitJournal(space.totalBytes + MIB);
  const stalled = () => rig.serverReport()?.servers[0]?.stalled;
  await until('the limit is known', () => rig.serverReport()?.servers[0]?.spaceWarning !== undefined, 30_000);
  await writeRandom('third', 16);
  await until('the server is stalled', () => stalled() !== undefined, 60_000);
  assert.equal(stalled()?.code, 'JOURNAL_LIMIT_REACHED');
  assert.match(stalled()?.message ?? '', /is the limit of its server/);
  const rawError = () => rig.agentReport()?.replication.error?.rawError ?? '';
  await until('the agent tells it too, with what to do', () => rawError().includes('landfall journal limit'));
  assert.ok((await allocatedBytes()) <= space.totalBytes + 2 * MIB, 'nothing was written beyond it');
  const verified = await ended('VERIFY');
  assert.deepEqual([verified.state, verified.damageCount], ['COMPLETE', 0]);

  rig.limitJournal();
  await until('the server goes on', () => stalled() === undefined, 90_000);
  await unmount(rig.disks[0] ?? { deviceName: '', mountPoint: '' });
  const late = await rig.takeRecoveryPoint();
  const [disk] = await rig.openExport(late.epoch);
  const formats = ['-T', 'none', '-f', 'raw', '-F', 'raw'];
  const compare = ['qemu-img', 'compare', ...formats, rig.disks[0]?.deviceName ?? '', disk?.nbdUri ?? ''];
  const compared = await run(compare, { timeoutMs: 60_000 });
  assert.equal(compared.exitCode, 0, compared.stdout + compared.stderr);
  assert.equal((await rig.openExport(early.epoch)).length, 1, 'the older point stays');
});

test('a journal is described, verified and compacted in its folder, when its server has ended', async () => {
  await startReplicating(64);
  await rig.takeRecoveryPoint();
  const where = ['--folder', folder(), '--server-state-dir', rig.path('server')];
  const refused = await landfall('journal', 'verify', ...where);
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stderr, /JOURNAL_IN_USE.*end that process first/s);
  await rig.killAgent('SIGTERM');
  await rig.killServer();

  const stat = await landfall('journal', 'stat', ...where);
  const space = JSON.parse(stat.stdout) as JournalSpace;
  assert.equal(sumOf(space), space.totalBytes);
  const compacted = await landfall('journal', 'compact', ...where);
  assert.equal(compacted.exitCode, 0, compacted.stderr);
  const sound = await landfall('journal', 'verify', ...where);
  assert.equal(sound.exitCode, 0, sound.stderr);
  assert.equal(JSON.parse(sound.stdout).damageCount, 0);

  const [segment = ''] = await readdir(join(folder(), 'disk-0', 'segments'));
  const file = await open(join(folder(), 'disk-0', 'segments', segment), 'r+');
  await file.write(Buffer.from('another'), 0, 7, 4096 + 64 + 20);
  await file.close();
  const damaged = await landfall('journal', 'verify', ...where);
  assert.equal(damaged.exitCode, 3, `${damaged.stdout}${damaged.stderr}`);
  assert.match(`${damaged.stdout}${damaged.stderr}`, new RegExp(`disk-0/segments/${segment}`));
});
