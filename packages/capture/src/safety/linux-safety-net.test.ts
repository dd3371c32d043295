/**
 * Resuming on the real kernel: everything that may happen to a trace or a checkpoint while nobody is there.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  rmdirSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { describe, type TestContext, test } from 'node:test';
import { processStart, runChecked, silentLogger, systemClock } from '@landfall/runtime';
import { createLoopDisks, type LoopDisks, whyNoLoopDevices } from '../disks/linux-loop.testing.ts';
import type { CaptureEngine } from '../engine/capture-engine.ts';
import { openCapture } from '../engine/linux-capture.ts';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';
import { removeStaleSafetyTraces, safetyTestState } from './linux-safety.testing.ts';
import { openSafetyNet, removeSafetyNet } from './linux-safety-net.ts';
import { safetyInstanceFolder } from './linux-safety-trace.ts';
import type { SafetyNet, SafetyRecovery } from './safety-net.ts';

const MIB = 1024 * 1024;
const BLOCK = 4096;
const NEVER = new AbortController().signal;
const POSITION = { journalId: 'journal-1', lastEpoch: 7 };

interface Place {
  readonly loops: LoopDisks;
  readonly stateName: string;
  readonly checkpointPath: string;
  readonly bufferKibPerCpu: number;
  /** Runs to end, before the place goes. */
  readonly runs: Run[];
}

let placeCount = 0;

async function place(context: TestContext, bufferKibPerCpu = 1024): Promise<Place> {
  const loops = await createLoopDisks([4 * MIB, 2 * MIB]);
  placeCount += 1;
  const stateName = safetyTestState(`net-${placeCount}`);
  const checkpointPath = `${loops.folder}/run/checkpoint`;
  const runs: Run[] = [];
  context.after(async () => {
    for (const run of runs) await run.die();
    await removeSafetyNet({ stateName, checkpointPath });
    loops.remove();
  });
  return { loops, stateName, checkpointPath, bufferKibPerCpu, runs };
}

interface Run {
  readonly engine: CaptureEngine;
  readonly net: SafetyNet;
  readonly recovery: SafetyRecovery;
  /** As if the process had been killed; only the live instance goes with it. */
  die(): Promise<void>;
}

async function begin({ loops, runs, ...options }: Place): Promise<Run> {
  const devices = loops.disks.map(({ devicePath }) => devicePath);
  const { stateName } = options;
  const engine = await openCapture({ devices, stateName, logger: silentLogger });
  await engine.start();
  const net = openSafetyNet({ engine, ...options, logger: silentLogger, intervalMs: 50 });
  const recovery = await net.recover();
  const die = async () => {
    await net.close({ checkpoint: false });
    await engine.stop();
  };
  const run = { engine, net, recovery, die };
  runs.push(run);
  return run;
}

/** With an equal replica: everything was taken, and acknowledged. */
async function beginInStep(where: Place): Promise<Run> {
  const run = await begin(where);
  await untilCheckpoint(run, 1);
  return run;
}

async function untilCheckpoint({ engine, net }: Run, count: number): Promise<void> {
  await engine.nextCut({ waitMs: 10_000, signal: NEVER });
  net.attach(() => ({ ...POSITION, taken: [] }));
  for (let waited = 0; net.stats.checkpoints < count || net.whyUnsafe !== undefined; waited += 1) {
    assert.ok(waited < 5000, `no checkpoint: ${net.whyUnsafe}`);
    await systemClock.sleep(20);
  }
}

function write(disk: { readonly devicePath: string } | undefined, ...blocks: readonly number[]): void {
  const file = openSync(disk?.devicePath ?? '', constants.O_RDWR | constants.O_SYNC);
  for (const block of blocks) writeSync(file, Buffer.alloc(BLOCK, 0x5a), 0, BLOCK, block * BLOCK);
  closeSync(file);
}

/** What is dirty now, as block numbers. */
async function takeAll(engine: CaptureEngine): Promise<number[][]> {
  const blocks: number[][] = engine.disks.map(() => []);
  for (const { diskIndex, offsetBytes, lengthBytes } of await engine.takeBulk(64 * MIB)) {
    for (let at = offsetBytes; at < offsetBytes + lengthBytes; at += BLOCK)
      blocks[diskIndex]?.push(at / BLOCK);
  }
  return blocks;
}

function reasonOf({ recovery }: Run): string {
  assert.equal(recovery.kind, 'COMPARE', JSON.stringify(recovery));
  return recovery.kind === 'COMPARE' ? recovery.reason : '';
}

function activeFolder(where: Place): string {
  const header = readFileSync(where.checkpointPath).toString('latin1');
  const name = /"trace":\{"name":"([ab])"/.exec(header)?.[1];
  assert.ok(name === 'a' || name === 'b');
  return safetyInstanceFolder(where.stateName, name);
}

describe('the safety net on the real kernel', { skip: whyNoLoopDevices(), timeout: 600_000 }, () => {
  test('a run that follows knows exactly what changed, and so does the one after', async (context) => {
    removeStaleSafetyTraces();
    const where = await place(context);
    const [first, second] = where.loops.disks;
    const one = await beginInStep(where);
    assert.match(reasonOf(one), /no checkpoint/);
    write(first, 3);
    await one.die();
    write(first, 5, 6);
    write(second, 511);
    const two = await begin(where);
    assert.deepEqual(two.recovery, { kind: 'RESUME', position: POSITION, changedBytes: 4 * BLOCK });
    write(second, 0);
    await two.die();
    write(first, 1023);
    const three = await begin(where);
    assert.equal(three.recovery.kind, 'RESUME', JSON.stringify(three.recovery));
    assert.deepEqual(await takeAll(three.engine), [
      [3, 5, 6, 1023],
      [0, 511],
    ]);
  });

  test('what was taken and not acknowledged is uncertain too, and a checkpoint replaces the one before', async (context) => {
    const where = await place(context);
    const one = await beginInStep(where);
    const debt = { ...POSITION, taken: [{ diskIndex: 1, offsetBytes: 8 * BLOCK, lengthBytes: 2 * BLOCK }] };
    one.net.attach(() => debt);
    write(where.loops.disks[0], 9);
    await untilMore(one);
    one.net.attach(() => ({ journalId: 'journal-1', lastEpoch: 8, taken: debt.taken }));
    await one.engine.nextCut({ waitMs: 5000, signal: NEVER });
    write(where.loops.disks[0], 10);
    await untilMore(one);
    await one.engine.nextCut({ waitMs: 5000, signal: NEVER });
    await one.engine.nextCut({ waitMs: 5000, signal: NEVER });
    await one.net.close();
    await one.engine.stop();
    write(where.loops.disks[0], 11);
    const two = await begin(where);
    assert.ok(two.recovery.kind === 'RESUME' && two.recovery.position.lastEpoch === 8);
    const [first = [], second = []] = await takeAll(two.engine);
    assert.ok(first.includes(11) && !first.includes(9), `${first}`);
    assert.deepEqual(second, [8, 9]);
  });

  test('discards stay discards, unless something was written there', async (context) => {
    const where = await place(context);
    const device = where.loops.disks[0]?.devicePath ?? '';
    const one = await beginInStep(where);
    await one.die();
    write(where.loops.disks[0], 100);
    await runChecked(['blkdiscard', '--offset', String(MIB), '--length', String(MIB), device]);
    await runChecked(['blkdiscard', '--offset', String(100 * BLOCK), '--length', String(BLOCK), device]);
    const two = await begin(where);
    assert.ok(two.recovery.kind === 'RESUME' && two.recovery.changedBytes >= MIB + BLOCK);
    const uncertain = two.engine.uncertain();
    assert.ok(uncertain.kind === 'KNOWN');
    const counts = uncertain.disks.map(({ dirty, discarded }) => [bits(dirty.words), bits(discarded.words)]);
    assert.deepEqual(counts[0], [1, 256]);
  });

  test('whatever was done to trace or checkpoint, the disks are compared, and the reason is told', async (context) => {
    const cases: readonly [string, RegExp, (where: Place) => void | Promise<void>][] = [
      ['trace emptied', /cleared|made anew/, (where) => writeFileSync(`${activeFolder(where)}/trace`, '')],
      [
        'clock written again',
        /cleared/,
        (where) => writeFileSync(`${activeFolder(where)}/trace_clock`, 'mono'),
      ],
      ['switched off', /tracing_on/, (where) => writeFileSync(`${activeFolder(where)}/tracing_on`, '0')],
      [
        'off and on again while it was written',
        /do not appear/,
        (where) => {
          writeFileSync(`${activeFolder(where)}/tracing_on`, '0');
          write(where.loops.disks[0], 1, 2, 3);
          writeFileSync(`${activeFolder(where)}/tracing_on`, '1');
        },
      ],
      [
        'filter altered',
        /filter/,
        (where) => writeFileSync(`${activeFolder(where)}/events/block/block_rq_issue/filter`, 'dev == 1'),
      ],
      ['removed', /removed/, (where) => rmdirSync(activeFolder(where))],
      ['read by somebody', /read before/, readByOther],
      ['overrun', /events were lost/, overrun],
      ['cut short', /CHECKPOINT_DAMAGED/, (where) => truncate(where)],
      ['damaged', /CHECKPOINT_DAMAGED/, damage],
      ['of another boot', /restarted/, (where) => alter(where, { bootId: 'another' })],
      ['of another machine', /another machine/, (where) => alter(where, { machineId: 'another' })],
      ['clock jumped', /clock jumped/, (where) => alter(where, { clockOffsetMs: 5 })],
    ];
    const tryCase = async ([what, reason, tamper]: (typeof cases)[number]) => {
      const where = await place(context, what === 'overrun' ? 8 : 1024);
      const one = await beginInStep(where);
      await one.die();
      await tamper(where);
      const two = await begin(where);
      assert.match(reasonOf(two), reason, what);
      assert.ok(!existsSync(where.checkpointPath), `${what}: the checkpoint is gone`);
      await two.die();
    };
    await Promise.all(cases.map(tryCase));
  });

  test('an old checkpoint is not taken for the newest', async (context) => {
    const where = await place(context);
    const one = await beginInStep(where);
    const old = readFileSync(where.checkpointPath);
    for (const block of [1, 2]) {
      write(where.loops.disks[0], block);
      await untilMore(one);
    }
    await one.die();
    writeFileSync(where.checkpointPath, old);
    assert.match(reasonOf(await begin(where)), /cleared|altered/);
  });

  test('another disk under the same name is compared', async (context) => {
    const where = await place(context);
    const one = await beginInStep(where);
    await one.die();
    const other = await createLoopDisks([4 * MIB, 2 * MIB]);
    context.after(() => other.remove());
    const two = await begin({ ...where, loops: other });
    assert.match(reasonOf(two), /not the disk it was/);
    await untilCheckpoint(two, 1);
    await two.die();
    const three = await begin({ ...where, loops: other });
    assert.equal(three.recovery.kind, 'RESUME', 'afterwards all is well again');
  });

  test('disks that were left out, added or grown since are compared, once', async (context) => {
    const where = await place(context);
    const { loops } = where;
    const alone: Place = { ...where, loops: { ...loops, disks: loops.disks.slice(0, 1) } };
    await (await beginInStep(where)).die();
    const without = await begin(alone);
    assert.match(reasonOf(without), /made of other disks/);
    assert.ok(!existsSync(where.checkpointPath), 'what was known of the other disks is known no more');
    await untilCheckpoint(without, 1);
    await without.die();
    const again = await begin(alone);
    assert.equal(again.recovery.kind, 'RESUME');
    await again.die();
    const added = await begin(where);
    assert.match(reasonOf(added), /made of other disks/);
    await untilCheckpoint(added, 1);
    await grow(loops, 8 * MIB);
    write(loops.disks[0], 1);
    await untilUnsafe(added, /disk-0 is not the disk it was/);
    await untilWithdrawn(where);
    await added.die();
    await untilCheckpoint(await begin(where), 1);
    await where.runs.at(-1)?.die();
    await grow(loops, 12 * MIB);
    const grown = await begin(where);
    assert.match(reasonOf(grown), /disk-0 is not the disk it was/);
  });

  test('of two agents the second compares, and leaves the first its checkpoints', async (context) => {
    const where = await place(context);
    const one = await beginInStep(where);
    await one.die();
    const sleeper = spawn('sleep', ['60']);
    context.after(() => sleeper.kill('SIGKILL'));
    const pid = sleeper.pid ?? 0;
    const checkpoint = await decodeCheckpoint(readFileSync(where.checkpointPath));
    const owned = { ...checkpoint, owner: { pid, startTime: processStart(pid) ?? '' } };
    writeFileSync(where.checkpointPath, await encodeCheckpoint(owned));
    const before = digest(where);
    const two = await begin(where);
    assert.match(reasonOf(two), new RegExp(`another agent, process ${pid}`));
    two.net.attach(() => ({ ...POSITION, taken: [] }));
    await systemClock.sleep(200);
    await two.net.close();
    assert.equal(digest(where), before);
  });

  test('without a replica that is known there is no checkpoint', async (context) => {
    const where = await place(context);
    const one = await beginInStep(where);
    one.net.attach(() => undefined);
    await untilWithdrawn(where);
    assert.match(one.net.whyUnsafe ?? '', /made equal/);
    await one.die();
    assert.match(reasonOf(await begin(where)), /no checkpoint/);
  });
});

async function untilMore(run: Run): Promise<void> {
  const { checkpoints } = run.net.stats;
  for (let waited = 0; run.net.stats.checkpoints === checkpoints; waited += 1) {
    assert.ok(waited < 5000, `no checkpoint: ${run.net.whyUnsafe}`);
    await systemClock.sleep(20);
  }
}

async function untilUnsafe({ net }: Run, why: RegExp): Promise<void> {
  for (let waited = 0; !why.test(net.whyUnsafe ?? ''); waited += 1) {
    assert.ok(waited < 5000, `whyUnsafe: ${net.whyUnsafe}`);
    await systemClock.sleep(20);
  }
}

async function untilWithdrawn({ checkpointPath }: Place): Promise<void> {
  for (let waited = 0; existsSync(checkpointPath); waited += 1) {
    assert.ok(waited < 5000, 'the checkpoint is withdrawn while the agent runs');
    await systemClock.sleep(20);
  }
}

async function grow({ disks }: LoopDisks, sizeBytes: number): Promise<void> {
  const [disk] = disks;
  truncateSync(disk?.backingPath ?? '', sizeBytes);
  await runChecked(['losetup', '--set-capacity', disk?.devicePath ?? '']);
}

function bits(words: Uint32Array): number {
  return [...words].reduce((sum, word) => sum + word.toString(2).replaceAll('0', '').length, 0);
}

function readByOther(where: Place): void {
  const folder = `${activeFolder(where)}/per_cpu`;
  write(where.loops.disks[0], 1);
  for (const cpu of ['cpu0', 'cpu1']) {
    if (!existsSync(`${folder}/${cpu}`)) continue;
    const file = openSync(`${folder}/${cpu}/trace_pipe_raw`, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      readSync(file, Buffer.alloc(4096));
    } catch (error) {
      assert.match(String(error), /EAGAIN/);
    }
    closeSync(file);
  }
}

function overrun(where: Place): void {
  for (let round = 0; round < 12; round += 1) {
    write(where.loops.disks[0], ...Array.from({ length: 100 }, (_, index) => index));
  }
}

function truncate({ checkpointPath }: Place): void {
  const bytes = readFileSync(checkpointPath);
  writeFileSync(checkpointPath, bytes.subarray(0, bytes.length - 1));
}

function damage({ checkpointPath }: Place): void {
  const bytes = readFileSync(checkpointPath);
  bytes.writeUInt8(bytes.readUInt8(200) ^ 1, 200);
  writeFileSync(checkpointPath, bytes);
}

async function alter({ checkpointPath }: Place, difference: object): Promise<void> {
  const checkpoint = await decodeCheckpoint(readFileSync(checkpointPath));
  const world = { ...checkpoint.world, ...difference };
  writeFileSync(checkpointPath, await encodeCheckpoint({ ...checkpoint, world }));
}

function digest({ checkpointPath }: Place): string {
  return createHash('sha256').update(readFileSync(checkpointPath)).digest('hex');
}
