/** How long a machine that is on its way is waited for. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { MachineSpecification, MachineStatus } from '@landfall/channel';
import { systemClock } from '@landfall/runtime';
import type { Service } from '../service.ts';
import { newMachine } from '../testing/simulated-machine.ts';
import { awaitPhase } from './machine-phase.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const MACHINE_ID = `i-${'0'.repeat(17)}`;
const LIMIT_MS = 20 * MINUTE_MS;
/** Of the waits: days pass in a moment. */
const HASTE = 10;

/** As a launch host tells them, each from so long after it was asked first. */
type Course = readonly (readonly [fromMs: number, change: Partial<MachineStatus>])[];

const convertedBy = (...steps: readonly string[]) => ({
  conversion: steps.map((step) => ({ step, detail: 'it was done', durationMs: 1 })),
});

/** Answers how long it was waited for, and for what. */
async function wait(
  course: Course,
  conversionMethod: MachineSpecification['conversionMethod'] = 'AUTOMATIC',
  haste = HASTE,
) {
  let nowMs = 0;
  const clock = {
    ...systemClock,
    nowMs: () => nowMs,
    sleep: async (durationMs: number) => {
      nowMs += haste * durationMs;
    },
  };
  let asked = 0;
  const send = async () => {
    asked += 1;
    const reached = course.filter(([fromMs]) => fromMs <= nowMs);
    const changes = reached.map(([, change]) => change);
    return Object.assign(newMachine(MACHINE_ID), ...changes, { revision: 1 + reached.length });
  };
  const service = { clock, commands: { send } } as unknown as Service;
  const specification = { machineId: MACHINE_ID, conversionMethod } as MachineSpecification;
  const target = { launchHostId: 'host', specification };
  const options = { timeoutMs: LIMIT_MS, signal: new AbortController().signal };
  const waited = awaitPhase(service, target, ['CONVERTED'], options);
  const [outcome] = await Promise.allSettled([waited]);
  const end = outcome.status === 'fulfilled' ? outcome.value.phase : `${outcome.reason.code}`;
  return { end, minutes: Math.round(nowMs / MINUTE_MS), nowMs, asked };
}

/** The same, to the minute. */
async function minutesOf(...args: Parameters<typeof wait>) {
  const { end, minutes } = await wait(...args);
  return { end, minutes };
}

test('a machine that is there at once is not waited for any longer, and one that takes its time asked seldom', async () => {
  const quick = await wait([[150, { phase: 'CONVERTED' }]], 'AUTOMATIC', 1);
  assert.ok(quick.nowMs <= 220, `${quick.nowMs} ms`);
  const slow = await wait([[9 * MINUTE_MS, { phase: 'CONVERTED' }]], 'AUTOMATIC', 1);
  assert.ok(slow.nowMs >= 9 * MINUTE_MS && slow.nowMs <= 9 * MINUTE_MS + 1000, `${slow.nowMs} ms`);
  assert.ok(slow.asked < 600, `asked ${slow.asked} times in nine minutes`);
});

test('a machine that stands still in its conversion is given up', async () => {
  const inspected = [10 * MINUTE_MS, convertedBy('Inspection')] as const;
  assert.deepEqual(await minutesOf([inspected]), { end: 'LAUNCH_TIMED_OUT', minutes: 30 });
  const begun = [5 * MINUTE_MS, {}] as const;
  assert.deepEqual(await minutesOf([begun]), { end: 'LAUNCH_TIMED_OUT', minutes: 25 });
});

test('a machine that moves, however slowly, is waited for', async () => {
  const course: Course = [
    [18 * MINUTE_MS, {}],
    [36 * MINUTE_MS, convertedBy('Inspection')],
    [54 * MINUTE_MS, convertedBy('Inspection', 'Kernel arguments')],
    [72 * MINUTE_MS, { phase: 'CONVERTED' }],
  ];
  assert.deepEqual(await minutesOf(course), { end: 'CONVERTED', minutes: 72 });
});

test('virt-v2v has its hour, whoever chose it', async () => {
  const chosen: Course = [
    [MINUTE_MS, {}],
    [65 * MINUTE_MS, { phase: 'CONVERTED' }],
  ];
  assert.deepEqual(await minutesOf(chosen, 'VIRT_V2V'), { end: 'CONVERTED', minutes: 65 });
  assert.deepEqual(await minutesOf(chosen), { end: 'LAUNCH_TIMED_OUT', minutes: 21 });
  const found: Course = [
    [MINUTE_MS, convertedBy('Inspection', 'virt-v2v')],
    [65 * MINUTE_MS, { phase: 'CONVERTED' }],
  ];
  assert.deepEqual(await minutesOf(found), { end: 'CONVERTED', minutes: 65 });
  const silent = await minutesOf([[MINUTE_MS, convertedBy('virt-v2v')]]);
  assert.deepEqual(silent, { end: 'LAUNCH_TIMED_OUT', minutes: 76 });
});

test('a machine whose turn has not come waits for those before it, not for ever', async () => {
  const late: Course = [
    [30 * HOUR_MS, {}],
    [30 * HOUR_MS + 1, convertedBy('Inspection')],
    [30 * HOUR_MS + MINUTE_MS, { phase: 'CONVERTED' }],
  ];
  assert.deepEqual(await minutesOf(late), { end: 'CONVERTED', minutes: 30 * 60 + 1 });
  assert.deepEqual(await minutesOf([]), { end: 'LAUNCH_TIMED_OUT', minutes: 72 * 60 });
});
