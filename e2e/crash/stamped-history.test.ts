/** The judge of stamped disks, by a model: random histories, their cuts, and what no cut can be. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { type Random, seededRandom } from '../../packages/runtime/src/index.ts';
import { CLOCK_SLACK_MS } from './proof.ts';
import { proveStamps, type StampedState, type StampedWrite } from './stamped-history.ts';

const DISKS = 2;
const BLOCKS = 6;
const WRITES = 60;
const HISTORIES = 500;

/** Up to three writes at once; a tick is ten milliseconds, so that times tell as much as ticks. */
function createHistory(random: Random): readonly StampedWrite[] {
  const done: StampedWrite[] = [];
  let underWay: StampedWrite[] = [];
  for (let tick = 1; done.length < WRITES; tick += 1) {
    const mayBegin = underWay.length < 3 && done.length + underWay.length < WRITES;
    const begun = mayBegin && random.integer(2) === 0 ? beginWrite(random, underWay, done, tick) : undefined;
    if (begun !== undefined) underWay.push(begun);
    else if (underWay.length > 0) {
      const ended = underWay[random.integer(underWay.length)];
      underWay = underWay.filter((one) => one !== ended);
      if (ended !== undefined) done.push({ ...ended, ackTick: tick, ackMs: tick * 10 });
    }
  }
  return done.sort((left, right) => left.write - right.write);
}

function beginWrite(
  random: Random,
  underWay: readonly StampedWrite[],
  done: readonly StampedWrite[],
  tick: number,
): StampedWrite | undefined {
  const [disk, block] = [random.integer(DISKS), random.integer(BLOCKS)];
  if (underWay.some((one) => one.disk === disk && one.block === block)) return undefined;
  const write = done.length + underWay.length + 1;
  return { write, disk, block, blocks: 1, issueTick: tick, ackTick: 0, issueMs: tick * 10, ackMs: 0 };
}

/** What is there at a tick; what is under way then is there or not, by chance. */
function stateAt(history: readonly StampedWrite[], tick: number, random: Random): number[][] {
  const state = Array.from({ length: DISKS }, () => Array.from({ length: BLOCKS }, () => 0));
  for (const one of history) {
    const there = one.ackTick <= tick || (one.issueTick <= tick && random.integer(2) === 0);
    const disk = state[one.disk];
    if (there && disk !== undefined) disk[one.block] = one.write;
  }
  return state;
}

function histories(run: (history: readonly StampedWrite[], tick: number, random: Random) => void): void {
  for (let seed = 1; seed <= HISTORIES; seed += 1) {
    const random = seededRandom(seed);
    const history = createHistory(random);
    try {
      run(history, 20 + random.integer(80), random);
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
}

function holds(history: readonly StampedWrite[], state: StampedState, cutTimeMs?: number): boolean {
  const cut = cutTimeMs === undefined ? undefined : { cutTimeMs };
  return proveStamps(history, state, cut).violations.length === 0;
}

test('every state that a power failure can leave holds', () => {
  histories((history, tick, random) => {
    assert.ok(holds(history, stateAt(history, tick, random), tick * 10));
  });
});

test('a write that is missing although a later one is there is found, without any clock', () => {
  let cases = 0;
  histories((history, tick, random) => {
    const state = stateAt(history, tick, random);
    const newestIssue = Math.max(
      ...history.filter((one) => state[one.disk]?.[one.block] === one.write).map((one) => one.issueTick),
    );
    const victim = history.find(
      (one) => state[one.disk]?.[one.block] === one.write && one.ackTick < newestIssue,
    );
    const disk = state[victim?.disk ?? 0];
    if (victim === undefined || disk === undefined) return;
    const older = history.filter(
      (one) => one.disk === victim.disk && one.block === victim.block && one.write < victim.write,
    );
    disk[victim.block] = older.at(-1)?.write ?? 0;
    cases += 1;
    assert.ok(!holds(history, state));
  });
  assert.ok(cases > HISTORIES / 2, `only ${cases} histories had such a write`);
});

test('a cut that is said to be later or earlier than it was is found by its time', () => {
  let [lost, gained] = [0, 0];
  const apartMs = 2 * CLOCK_SLACK_MS + 10;
  histories((history, tick, random) => {
    const state = stateAt(history, tick, random);
    const isThere = (one: StampedWrite) => (state[one.disk]?.[one.block] ?? 0) >= one.write;
    const missing = history.find((one) => !isThere(one));
    const newest = history.findLast((one) => state[one.disk]?.[one.block] === one.write);
    if (missing !== undefined) {
      lost += 1;
      assert.ok(!holds(history, state, missing.ackMs + apartMs), 'H2');
    }
    if (newest !== undefined) {
      gained += 1;
      assert.ok(!holds(history, state, newest.issueMs - apartMs), 'H3');
    }
  });
  assert.ok(lost > HISTORIES / 2 && gained > HISTORIES / 2);
});

test('a block that is torn, or that was never written there, is found', () => {
  histories((history, tick, random) => {
    const state: (number | undefined)[][] = stateAt(history, tick, random);
    const disk = state[random.integer(DISKS)];
    assert.ok(disk !== undefined);
    const stranger = history.find((one) => one.block !== 0)?.write;
    disk[0] = random.integer(2) === 0 ? undefined : stranger;
    assert.ok(!holds(history, state, tick * 10));
  });
});
