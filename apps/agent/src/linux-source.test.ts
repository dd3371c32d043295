import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { removeSafetyNet } from '@landfall/capture';
import { createLoopDisks, whyNoLoopDevices } from '@landfall/capture/testing';
import { MIB, OperationError, silentLogger, systemClock } from '@landfall/runtime';
import { type OpenedSource, openSource, trackingFacts, whyScan } from './linux-source.ts';
import type { JoiningDisks } from './replicator.ts';
import type { SafetyPlace } from './safety-place.ts';

const NEVER = new AbortController().signal;
const POSITION = { journalId: 'journal-1', lastEpoch: 3 };
const INSTANCES = '/sys/kernel/tracing/instances';

const refusal = new OperationError('LOCKDOWN_CONFIDENTIALITY', 'the kernel is locked down', {
  hint: 'boot otherwise',
});

test('disks are scanned when the kernel refuses to show changes, with its reason and the remedy', async () => {
  const reason = await whyScan(false, async () => refusal);
  assert.match(reason ?? '', /LOCKDOWN_CONFIDENTIALITY: the kernel is locked down \(boot otherwise\)/);
  assert.equal(await whyScan(false, async () => undefined), undefined);
});

test('disks are scanned when that was asked for, whatever the kernel could do', async () => {
  assert.match((await whyScan(true, async () => undefined)) ?? '', /--scan-mode/);
});

const STARVED = {
  passthroughDisks: [],
  lastCutTimeMs: Date.UTC(2026, 0, 2, 3, 4, 5),
  whyNoCut: 'blocks change faster than they can be read',
};

test('no cut for more than 10 s of continuous replication is one warning, with since when and why', () => {
  const warnings = (change: Partial<typeof STARVED> | { whyNoCut: undefined }, lagMs = 10_001) =>
    trackingFacts({ ...STARVED, ...change }, [], { state: 'CONTINUOUS', lagMs }).warnings.filter((warning) =>
      warning.startsWith('no cut since'),
    );
  const expected = 'no cut since 2026-01-02T03:04:05.000Z: blocks change faster than they can be read';
  assert.deepEqual(warnings({}), [expected]);
  assert.deepEqual(warnings({}, 10_000), []);
  assert.deepEqual(warnings({ whyNoCut: undefined }), [], 'cuts come: something else is slow');
});

test('no cut is no matter while replication is not continuous, or before its first one', () => {
  const beside = [
    undefined,
    { state: 'BACKLOG', lagMs: 60_000 },
    { state: 'CONTINUOUS', lagMs: null },
  ] as const;
  for (const sending of beside) {
    const { warnings } = trackingFacts(STARVED, [], sending);
    assert.deepEqual(
      warnings.filter((warning) => warning.startsWith('no cut')),
      [],
    );
  }
});

test('a source opened again on the same disks goes on, one with a disk more compares', {
  skip: whyNoLoopDevices(),
}, async (context) => {
  const rig = await createRig(context);
  const first = await rig.open(1);
  assert.match(first.account?.().start ?? '', /comparison: no checkpoint/);
  assert.equal(first.safety?.takePrevious(), undefined);
  await leaveCheckpoint(first);
  const again = await rig.open(1);
  assert.match(again.account?.().start ?? '', /resumed without comparison/);
  assert.deepEqual(again.safety?.takePrevious(), POSITION);
  assert.equal(again.safety?.takePrevious(), undefined, 'for the first sender only');
  await leaveCheckpoint(again);
  const joined: string[] = [];
  const onJoined = (diskIds: readonly string[]) => joined.push(...diskIds);
  const larger = await rig.open(2, { joining: { diskIds: ['disk-1'], onJoined } });
  assert.match(larger.account?.().start ?? '', /comparison: .*made of other disks/);
  assert.equal(larger.safety?.takePrevious(), undefined);
  assert.deepEqual(larger.source.joiningDisks, [1]);
  larger.source.finishJoining?.();
  assert.deepEqual([joined, larger.source.joiningDisks], [['disk-1'], []]);
  assert.ok(larger.source.forgetFree !== undefined && larger.meters !== undefined);
  await leaveCheckpoint(larger);
  const smaller = await rig.open(1);
  assert.match(smaller.account?.().start ?? '', /comparison: .*made of other disks/);
  await smaller.close();
});

test('a scan is neither measured nor resumed, and takes away what tracking left for a restart', {
  skip: whyNoLoopDevices(),
}, async (context) => {
  const rig = await createRig(context);
  await leaveCheckpoint(await rig.open(1));
  assert.ok(existsSync(rig.safetyPlace.checkpointPath) && rig.traces().length > 0);
  const scan = await rig.open(1, { scanMode: true });
  assert.deepEqual([scan.meters, scan.safety, scan.account], [undefined, undefined, undefined]);
  assert.equal(scan.capture().mode, 'SCAN');
  assert.ok(!existsSync(rig.safetyPlace.checkpointPath));
  assert.deepEqual(rig.traces(), []);
  await scan.close();
});

test('a source that is only tried keeps nothing for a restart', {
  skip: whyNoLoopDevices(),
}, async (context) => {
  const rig = await createRig(context);
  const tried = await openSource({ ...rig.common, disks: rig.disks, scanMode: false });
  assert.deepEqual([tried.account, rig.traces()], [undefined, []]);
  await tried.close();
});

interface Rig {
  readonly common: { readonly stateName: string; logger: typeof silentLogger; clock: typeof systemClock };
  readonly disks: Parameters<typeof openSource>[0]['disks'];
  readonly safetyPlace: SafetyPlace;
  open(diskCount: number, more?: { joining?: JoiningDisks; scanMode?: boolean }): Promise<OpenedSource>;
  /** The safety traces there are. */
  traces(): readonly string[];
}

async function createRig(context: TestContext): Promise<Rig> {
  const loops = await createLoopDisks([4 * MIB, 2 * MIB]);
  rigCount += 1;
  const stateName = `test-${process.pid}-source-${rigCount}`;
  const safetyPlace = { stateName, checkpointPath: join(loops.folder, 'run', 'checkpoint') };
  const opened: OpenedSource[] = [];
  context.after(async () => {
    for (const source of opened) await source.close();
    await removeSafetyNet(safetyPlace);
    loops.remove();
  });
  const disks = loops.disks.map(({ devicePath: deviceName, sizeBytes }, index) => {
    return { diskId: `disk-${index}`, deviceName, sizeBytes, isBootDisk: index === 0 };
  });
  const common = { stateName, logger: silentLogger, clock: systemClock };
  return {
    ...{ common, disks, safetyPlace },
    open: async (diskCount, more = {}) => {
      const wanted = { ...common, disks: disks.slice(0, diskCount), scanMode: false, safetyPlace, ...more };
      const source = await openSource(wanted);
      opened.push(source);
      return source;
    },
    traces: () => readdirSync(INSTANCES).filter((name) => name.startsWith(`landfall-safety-${stateName}`)),
  };
}

let rigCount = 0;

/** As an agent whose replica is equal, and which then ends. */
async function leaveCheckpoint(opened: OpenedSource): Promise<void> {
  await opened.source.nextCut({ waitMs: 10_000, signal: NEVER });
  opened.safety?.attach(() => ({ ...POSITION, taken: [] }));
  await opened.close();
}
