import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { MachinePlace, RunState } from '@landfall/launch';
import { createLogger, OperationError } from '@landfall/runtime';
import { runningRecord, SimulatedHost, simulatedServices } from '../simulated-host.testing.ts';
import { Machine } from './machine.ts';
import { lookAtAll } from './machine-round.ts';

const FIRST = 'i-00000000000000001';
const SECOND = 'i-00000000000000002';

async function twoMachines(t: TestContext, host: SimulatedHost): Promise<readonly Machine[]> {
  const stateDir = await mkdtemp(join(tmpdir(), 'lh-'));
  t.after(() => rm(stateDir, { recursive: true, force: true }));
  const services = await simulatedServices(stateDir, host);
  return [FIRST, SECOND].map((machineId) => {
    host.machines.set(machineId, 'RUNNING');
    return new Machine(services, runningRecord(machineId));
  });
}

/** Of the first machine it cannot say whether it is there, or how it is. */
class HostThatFails extends SimulatedHost {
  readonly #question: 'find' | 'readRunState';

  constructor(question: 'find' | 'readRunState') {
    super();
    this.#question = question;
  }

  override async find(place: MachinePlace): Promise<boolean> {
    return this.#answers('find', place) && (await super.find(place));
  }

  override async readRunState(place: MachinePlace): Promise<RunState> {
    this.#answers('readRunState', place);
    return await super.readRunState(place);
  }

  #answers(question: string, { machineId }: MachinePlace): true {
    if (question === this.#question && machineId === FIRST) throw new Error('too many open files');
    return true;
  }
}

for (const question of ['find', 'readRunState'] as const) {
  test(`a machine whose ${question} fails does not keep the others from being looked at`, async (t) => {
    const host = new HostThatFails(question);
    const machines = await twoMachines(t, host);
    host.machines.set(SECOND, 'POWERED_OFF');
    const lines: string[] = [];
    await lookAtAll(machines, createLogger({ program: 'test', write: (line) => lines.push(line) }));
    const phases = machines.map(({ status }) => status.phase);
    assert.deepEqual(phases, ['RUNNING', 'STOPPED']);
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', new RegExp(`machine-look-failed.*${FIRST}.*too many open files`));
  });
}

test('a machine that cannot be found again is told of, is not taken for dead, and is found later', async (t) => {
  const host = new HostThatFails('find');
  const machines = await twoMachines(t, host);
  const [first, second] = machines;
  for (const machine of machines) await machine.reattach({ isTerminated: false });
  assert.deepEqual([first?.status.phase, second?.status.phase], ['RUNNING', 'RUNNING']);
  assert.match(first?.status.error?.message ?? '', /too many open files/);
  assert.equal(second?.status.error, undefined);
  const { revision } = first?.status ?? { revision: 0 };
  assert.equal((await first?.refresh())?.phase, 'RUNNING');
  host.find = async () => false;
  assert.equal((await first?.refresh())?.error?.code, 'MACHINE_DIED', 'once it can be asked, it is');
  assert.ok((first?.status.revision ?? 0) > revision);
});

test('what is left of a terminated machine is ended as soon as its host lets it', async (t) => {
  const host = new SimulatedHost();
  const [machine] = await twoMachines(t, host);
  host.remove = async () => {
    throw new OperationError('HOST_UNREACHABLE', 'libvirtd does not answer');
  };
  await machine?.reattach({ isTerminated: true });
  assert.deepEqual([machine?.status.phase, machine?.status.error?.code], ['RUNNING', 'HOST_UNREACHABLE']);
  host.remove = async ({ machineId }) => void host.machines.delete(machineId);
  assert.equal((await machine?.refresh())?.phase, 'TERMINATED');
  assert.equal(machine?.status.error, undefined);
});
