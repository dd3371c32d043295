import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { JournalTaskFacts, JournalTaskName } from '@landfall/model';
import { OperationError, silentLogger, systemClock } from '@landfall/runtime';
import { StagedServer } from '../staging/staged-server.ts';
import {
  damageFirstSegment,
  journalFolder,
  openSmallJournal,
  SMALL_DISK,
  writeEpochs,
} from '../testing/file-small-journal.ts';
import { JournalTasks, type TaskServer } from './journal-tasks.ts';
import { Scrubber } from './scrubber.ts';

/** The last second, then a point each ten. */
const TIERS = [
  { everyMs: 0, forMs: 1000 },
  { everyMs: 10_000, forMs: 3_600_000 },
];

async function staged(t: TestContext, epochs: number) {
  const folder = await journalFolder(t);
  const group = await openSmallJournal(folder, { retention: { tiers: TIERS } });
  await writeEpochs(group, epochs);
  return { folder, server: new StagedServer('s-1', [SMALL_DISK], { group, logger: silentLogger }) };
}

function newTasks(beginScrub: (id: string) => void = () => undefined, exported: readonly number[] = []) {
  return new JournalTasks({
    ...{ exportedEpochs: () => exported, beginScrub, logger: silentLogger, clock: systemClock },
  });
}

async function ended(tasks: JournalTasks, task: JournalTaskName): Promise<JournalTaskFacts> {
  for (;;) {
    const facts = tasks.describe('s-1', task);
    assert.ok(facts !== undefined);
    if (facts.state !== 'RUNNING') return facts;
    await systemClock.sleep(5);
  }
}

test('verify reads everything once, beside the scrub, and again when it is asked again', async (t) => {
  const { server } = await staged(t, 20);
  const tasks = newTasks();
  assert.equal(tasks.describe('s-1', 'VERIFY'), undefined);
  const [first, joined] = [tasks.start(server, 'VERIFY'), tasks.start(server, 'VERIFY')];
  assert.deepEqual([first.state, joined.startedAtMs], ['RUNNING', first.startedAtMs]);
  const facts = await ended(tasks, 'VERIFY');
  assert.deepEqual([facts.state, facts.damageCount], ['COMPLETE', 0]);
  assert.ok(facts.bytesTotal > 2_000_000, `${facts.bytesTotal} bytes`);
  assert.equal(facts.bytesDone, facts.bytesTotal);
  assert.equal(server.scrub.status.passStartedAtMs, 0, 'the scrub knows nothing of it');
  tasks.start(server, 'VERIFY');
  assert.equal((await ended(tasks, 'VERIFY')).bytesDone, facts.bytesDone);
});

test('verify names what is damaged: file, disk, offset, points', async (t) => {
  const { folder, server } = await staged(t, 20);
  const path = await damageFirstSegment(folder);
  const tasks = newTasks();
  tasks.start(server, 'VERIFY');
  const { state, damageCount, damages } = await ended(tasks, 'VERIFY');
  assert.deepEqual([state, damageCount], ['COMPLETE', 1]);
  const [damage] = damages;
  assert.deepEqual([damage?.kind, damage?.path, damage?.diskId], ['EXTENT', path, 'disk-0']);
  assert.ok(damage?.offsetBytes !== undefined && damage.firstEpoch === 2);
});

test('compact drops what the tiers do not keep, frees space, and leaves what machines read', async (t) => {
  const { server } = await staged(t, 60);
  const tasks = newTasks(undefined, [13]);
  tasks.start(server, 'COMPACT');
  const { state, droppedPoints, bytesBefore, bytesNow } = await ended(tasks, 'COMPACT');
  assert.equal(state, 'COMPLETE');
  assert.equal(droppedPoints, 60 - server.group.recoveryPointCount);
  assert.ok(droppedPoints > 40 && bytesNow < bytesBefore / 2, `${bytesBefore} to ${bytesNow} bytes`);
  assert.equal(server.group.recoveryPoint(13)?.epoch, 13);
  assert.equal((await server.group.maintain()).hasMore, false);
});

test('a journal that is closed meanwhile is told, with what to do', async (t) => {
  const { server } = await staged(t, 5);
  const tasks = newTasks();
  await server.group.close();
  for (const task of ['VERIFY', 'COMPACT'] as const) {
    tasks.start(server, task);
    const { state, reason } = await ended(tasks, task);
    assert.equal(state, 'FAILED');
    assert.match(reason ?? '', /JOURNAL_CLOSED.*begin anew/s);
  }
});

test('a journal that is closed while it is compacted is not said to be complete', async (t) => {
  const { server } = await staged(t, 5);
  const { group, sourceServerId, scrub } = server;
  const closing: TaskServer['group'] = {
    ...{ scrub: (step) => group.scrub(step), bytesOnDisk: () => group.bytesOnDisk(), isOpen: group.isOpen },
    maintain: async (...parameters) => {
      await group.close();
      return group.maintain(...parameters);
    },
  };
  const tasks = newTasks();
  tasks.start({ sourceServerId, scrub, group: closing }, 'COMPACT');
  const { state, reason } = await ended(tasks, 'COMPACT');
  assert.equal(state, 'FAILED');
  assert.match(reason ?? '', /JOURNAL_CLOSED/);
});

test('others get their turn between steps that wait for nothing', async (t) => {
  const { server } = await staged(t, 5);
  const { group, sourceServerId, scrub } = server;
  let [steps, turns] = [0, 0];
  const examined: TaskServer['group'] = {
    ...{ scrub: (step) => group.scrub(step), bytesOnDisk: () => group.bytesOnDisk(), isOpen: group.isOpen },
    maintain: async () => {
      steps += 1;
      if (steps === 1) systemClock.sleep(0).then(() => (turns = steps));
      return { did: 'EXAMINED', droppedPoints: 0, hasMore: steps < 100 };
    },
  };
  const tasks = newTasks();
  tasks.start({ sourceServerId, scrub, group: examined }, 'COMPACT');
  assert.equal((await ended(tasks, 'COMPACT')).state, 'COMPLETE');
  assert.ok(turns > 0 && turns < 100, `after ${turns} of ${steps} steps`);
});

test('a pass of the scrub is begun long before its time, and told until it ends', async (t) => {
  const { server } = await staged(t, 20);
  const stop = new AbortController();
  const rates = { bytesPerSecond: 1e9, passIntervalMs: 1e9, resend: () => false };
  const scrubber = new Scrubber({
    ...{ servers: () => [server], ...rates, logger: silentLogger, clock: systemClock },
  });
  const running = scrubber.run(stop.signal);
  const tasks = newTasks((id) => scrubber.beginPass(id));
  for (const pass of [1, 2, 3]) {
    tasks.start(server, 'SCRUB');
    const { state, bytesDone, bytesTotal } = await ended(tasks, 'SCRUB');
    assert.deepEqual([state, bytesDone], ['COMPLETE', bytesTotal]);
    assert.equal(server.scrub.status.passes, pass);
  }
  stop.abort();
  await running;
});

test('where nothing is scrubbed, asking for it says so', async (t) => {
  const { server } = await staged(t, 1);
  const scrubber = new Scrubber({
    ...{ servers: () => [server], bytesPerSecond: 0, passIntervalMs: 1, resend: () => false },
    ...{ logger: silentLogger, clock: systemClock },
  });
  const tasks = newTasks((id) => scrubber.beginPass(id));
  const isRefusal = (error: unknown) => error instanceof OperationError && error.code === 'OPTION_INVALID';
  assert.throws(() => tasks.start(server, 'SCRUB'), isRefusal);
});
