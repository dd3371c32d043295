import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import type { MachinePhase } from '@landfall/channel';
import { systemClock } from '@landfall/runtime';
import { runningRecord, SimulatedHost, simulatedServices } from '../simulated-host.testing.ts';
import { Machine } from './machine.ts';
import { POWER_OFF_MS_MAX } from './machine-power.ts';
import type { MachineRecord } from './machine-record.ts';

const MACHINE_ID = 'i-0123456789abcdef0';

interface Rig {
  readonly host: SimulatedHost;
  readonly machine: Machine;
  /** Of the launch host, which was killed. */
  restart(): Promise<Machine>;
  later(durationMs: number): void;
}

async function rig(t: TestContext, change: Partial<MachineRecord> = {}): Promise<Rig> {
  const stateDir = await mkdtemp(join(tmpdir(), 'lh-'));
  t.after(() => rm(stateDir, { recursive: true, force: true }));
  let aheadMs = 0;
  const host = new SimulatedHost();
  const services = {
    ...(await simulatedServices(stateDir, host)),
    clock: { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs },
  };
  const { store } = services;
  const record = { ...runningRecord(MACHINE_ID), ...change };
  await store.save(record);
  if (record.phase === 'RUNNING') host.machines.set(MACHINE_ID, 'RUNNING');
  return {
    host,
    machine: new Machine(services, record),
    restart: async () => {
      const [saved] = await store.loadAll();
      assert.ok(saved !== undefined);
      const machine = new Machine(services, saved);
      await machine.reattach({ isTerminated: false });
      return machine;
    },
    later: (durationMs) => {
      aheadMs += durationMs;
    },
  };
}

function power(machine: Machine, action: 'START' | 'STOP' | 'RESTART', forced = false) {
  return machine.power({ machineId: MACHINE_ID, action, forced });
}

async function phaseOf(machine: Machine): Promise<MachinePhase> {
  await machine.refresh();
  await machine.settled();
  return machine.status.phase;
}

test('a guest that is asked powers itself off, and is started again', async (t) => {
  const { host, machine } = await rig(t);
  const asked = await power(machine, 'STOP');
  assert.deepEqual([asked.phase, asked.powerRequest], ['RUNNING', 'STOP']);
  assert.equal(await phaseOf(machine), 'STOPPED');
  assert.equal(machine.status.powerRequest, undefined);
  assert.equal((await power(machine, 'STOP')).phase, 'STOPPED', 'it is so already');
  await power(machine, 'START');
  assert.equal(await phaseOf(machine), 'RUNNING');
  assert.equal((await power(machine, 'START')).phase, 'RUNNING', 'it is so already');
  assert.deepEqual(host.done, ['button', 'stop', 'start']);
});

test('a guest that powers itself off while it is looked at is started again all the same', async (t) => {
  const { host, machine } = await rig(t);
  host.obeysButton = false;
  await power(machine, 'RESTART');
  const readRunState = host.readRunState.bind(host);
  // Off as soon as it was seen to run.
  host.readRunState = async (place) => {
    const state = await readRunState(place);
    host.machines.set(MACHINE_ID, 'POWERED_OFF');
    return state;
  };
  assert.equal(await phaseOf(machine), 'RUNNING');
  host.readRunState = readRunState;
  assert.equal(await phaseOf(machine), 'RUNNING');
  assert.equal(machine.status.powerRequest, undefined);
  assert.deepEqual(host.done, ['button', 'stop', 'start']);
});

test('from a guest that does not listen the power is taken after its time', async (t) => {
  const { host, machine, later } = await rig(t);
  host.obeysButton = false;
  await power(machine, 'STOP');
  later(POWER_OFF_MS_MAX - 1000);
  assert.equal(await phaseOf(machine), 'RUNNING');
  later(2000);
  assert.equal(await phaseOf(machine), 'STOPPED');
});

test('forced, it is off at once', async (t) => {
  const { host, machine } = await rig(t);
  host.obeysButton = false;
  assert.equal((await power(machine, 'STOP', true)).phase, 'STOPPED');
});

test('a restart ends with a machine that runs, and its disks go on filling in', async (t) => {
  const { host, machine } = await rig(t, {
    hydration: { ...runningRecord(MACHINE_ID).hydration, state: 'RUNNING' },
  });
  assert.equal((await power(machine, 'RESTART')).powerRequest, 'RESTART');
  assert.equal(await phaseOf(machine), 'RUNNING');
  assert.deepEqual(host.done, ['button', 'stop', 'start']);
  assert.equal(host.machines.get(MACHINE_ID), 'RUNNING');
});

test('what was asked is remembered by a launch host that was killed', async (t) => {
  for (const [action, phase] of [
    ['STOP', 'STOPPED'],
    ['RESTART', 'RUNNING'],
  ] as const) {
    const { host, machine, restart } = await rig(t);
    await power(machine, action);
    host.machines.delete(MACHINE_ID);
    assert.equal(await phaseOf(await restart()), phase);
  }
});

test('one that died is started again by who asks for it, as often as they like', async (t) => {
  const error = { code: 'MACHINE_DIED', message: 'killed' };
  const { machine } = await rig(t, { phase: 'FAILED', error, restarts: 3 });
  await power(machine, 'START');
  assert.equal(await phaseOf(machine), 'RUNNING');
  assert.equal(machine.status.error, undefined);
});

test('while it is stopping it cannot be started, and what was never launched has no power', async (t) => {
  const { machine } = await rig(t);
  await power(machine, 'STOP');
  await assert.rejects(power(machine, 'START'), { code: 'MACHINE_NOT_READY' });
  const converting = await rig(t, { phase: 'FAILED', startedAtMs: null });
  await assert.rejects(power(converting.machine, 'START'), { code: 'MACHINE_NOT_READY' });
  await assert.rejects(power(converting.machine, 'RESTART'), { code: 'MACHINE_NOT_READY' });
});
