import assert from 'node:assert/strict';
import test from 'node:test';
import type { MachineStatus } from '@landfall/channel';
import { MIB, systemClock } from '@landfall/runtime';
import type { HydrationWish } from '../store/machines.ts';
import { newMachine } from '../testing/simulated-machine.ts';
import { askedHydration, checkHydrationLimit, hydrationOrder, nextHydrationStep } from './hydration-wish.ts';

const MACHINE_ID = 'i-00000000000000001';
const NOW_MS = 1_000_000;
const SERVICE = { clock: { ...systemClock, nowMs: () => NOW_MS }, bootGraceMs: 60_000 };
const WISH: HydrationWish = { start: 'AFTER_LAUNCH', isWanted: true, bytesPerSecondMax: 5 * MIB };

function machineThatIs(
  phase: MachineStatus['phase'],
  hydration: Partial<MachineStatus['hydration']> = {},
): MachineStatus {
  const machine = newMachine(MACHINE_ID);
  return { ...machine, phase, hydration: { ...machine.hydration, ...hydration } };
}

function stepOf(status: MachineStatus | null, wish: Partial<HydrationWish> = {}) {
  return nextHydrationStep({ hydration: { ...WISH, ...wish } }, status, SERVICE);
}

test('a launch host is told what it does not do, until it does', () => {
  const running = { state: 'RUNNING', bytesPerSecondMax: 5 * MIB } as const;
  assert.equal(stepOf(machineThatIs('RUNNING')), 'TELL');
  assert.equal(stepOf(machineThatIs('STOPPED')), 'TELL');
  assert.equal(stepOf(machineThatIs('RUNNING', { state: 'FAILED' })), 'TELL');
  assert.equal(stepOf(machineThatIs('RUNNING', running)), 'NOTHING');
  assert.equal(stepOf(machineThatIs('RUNNING', running), { bytesPerSecondMax: null }), 'TELL');
  assert.equal(stepOf(machineThatIs('RUNNING', { state: 'RUNNING' })), 'TELL');
  assert.equal(
    stepOf(machineThatIs('RUNNING', { state: 'RUNNING' }), { bytesPerSecondMax: null }),
    'NOTHING',
  );
});

test('what nobody wants, and what has no disks of its own, is left alone', () => {
  assert.equal(stepOf(machineThatIs('RUNNING'), { isWanted: false }), 'NOTHING');
  assert.equal(stepOf(machineThatIs('RUNNING', { state: 'COMPLETE' }), { isWanted: false }), 'NOTHING');
  assert.equal(nextHydrationStep({}, machineThatIs('RUNNING'), SERVICE), 'NOTHING');
  for (const status of [null, machineThatIs('CONVERTING'), machineThatIs('TERMINATED')]) {
    assert.equal(stepOf(status), 'NOTHING');
  }
});

test('a guest boots first; what is under way, or was asked for, does not wait', () => {
  const waits = { notBeforeMs: NOW_MS + 1 };
  assert.equal(stepOf(machineThatIs('RUNNING'), waits), 'NOTHING');
  assert.equal(stepOf(machineThatIs('RUNNING'), { notBeforeMs: NOW_MS }), 'TELL');
  assert.equal(stepOf(machineThatIs('RUNNING', { state: 'RUNNING' }), waits), 'TELL', 'its limit is another');
  assert.equal(stepOf(machineThatIs('RUNNING', { state: 'COMPLETE' }), waits), 'CLOSE');
  assert.equal(stepOf(machineThatIs('RUNNING'), { notBeforeMs: NOW_MS + 60_001 }), 'TELL', 'clock set back');
  assert.deepEqual(askedHydration({ hydration: { ...WISH, ...waits } }, undefined), WISH);
});

test('only a machine that is complete is whole: not one that died on the way', () => {
  assert.equal(stepOf(machineThatIs('RUNNING', { state: 'COMPLETE' })), 'CLOSE');
  assert.equal(stepOf(machineThatIs('FAILED', { state: 'COMPLETE' })), 'CLOSE');
  const almost = { state: 'RUNNING', doneBytes: 100, totalBytes: 100 } as const;
  assert.notEqual(stepOf(machineThatIs('FAILED', almost)), 'CLOSE');
  assert.equal(stepOf(machineThatIs('FAILED', { state: 'FAILED' })), 'TELL');
});

test('who asks without a limit leaves it as it is; 0 lifts it', () => {
  const idle = { hydration: { ...WISH, isWanted: false } };
  assert.deepEqual(askedHydration(idle, undefined), WISH);
  assert.deepEqual(askedHydration(idle, MIB), { ...WISH, bytesPerSecondMax: MIB });
  assert.deepEqual(askedHydration(idle, 0), { ...WISH, bytesPerSecondMax: null });
  assert.equal(askedHydration({}, undefined).bytesPerSecondMax, null);
});

test('a launch host is told of a limit only where there is one', () => {
  const machineId = MACHINE_ID;
  const limited = { machineId, bandwidthBytesPerSecond: 5 * MIB };
  assert.deepEqual(hydrationOrder({ machineId, hydration: WISH }), limited);
  assert.deepEqual(hydrationOrder({ machineId, hydration: { ...WISH, bytesPerSecondMax: null } }), {
    machineId,
  });
  assert.deepEqual(hydrationOrder({ machineId }), { machineId });
});

test('a limit that would take years is refused', () => {
  for (const limit of [undefined, 0, 65_536, 1e9]) checkHydrationLimit('limit', limit);
  assert.throws(() => checkHydrationLimit('limit', 50), {
    name: 'ValidationException',
    message: /limit: must be at least 65536 bytes a second/,
  });
});
