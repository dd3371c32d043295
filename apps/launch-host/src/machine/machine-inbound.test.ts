import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import type { MachineSpecification } from '@landfall/channel';
import { OperationError } from '@landfall/runtime';
import { runningRecord, SimulatedHost, simulatedServices } from '../simulated-host.testing.ts';
import { Machine } from './machine.ts';
import type { MachineRecord } from './machine-record.ts';

const MACHINE_ID = 'i-0123456789abcdef0';
const FAILURE = new OperationError('INBOUND_NOT_FILTERED', 'there is no nft here', { hint: 'install it' });

async function rig(
  t: TestContext,
  specified: Partial<MachineSpecification>,
  change: Partial<MachineRecord> = {},
): Promise<{ host: SimulatedHost; machine: Machine }> {
  const stateDir = await mkdtemp(join(tmpdir(), 'lh-'));
  t.after(() => rm(stateDir, { recursive: true, force: true }));
  const host = new SimulatedHost();
  const record = { ...runningRecord(MACHINE_ID), ...change };
  const specification = { ...record.specification, ...specified };
  if (record.phase === 'RUNNING') host.machines.set(MACHINE_ID, 'RUNNING');
  return {
    host,
    machine: new Machine(await simulatedServices(stateDir, host), { ...record, specification }),
  };
}

const LISTED = { publishedPorts: [22], inboundTraffic: 'LISTED_PORTS' } as const;

test('a machine that runs has its other ports closed, by a launch host that was restarted, too', async (t) => {
  const { host, machine } = await rig(t, LISTED);
  await machine.refresh();
  assert.deepEqual(host.closedBut, [22]);
});

for (const inboundTraffic of ['ALL', undefined] as const) {
  test(`nothing is closed where its network decides: ${inboundTraffic}`, async (t) => {
    const specified = inboundTraffic === undefined ? {} : { inboundTraffic };
    const { host, machine } = await rig(t, { publishedPorts: [22], ...specified });
    await machine.refresh();
    assert.equal(host.closedBut, undefined);
  });
}

test('rules that are lost and cannot be put back are told of, until they can', async (t) => {
  const { host, machine } = await rig(t, LISTED);
  host.filterError = FAILURE;
  await machine.refresh();
  const { phase, error } = machine.status;
  assert.deepEqual(
    [phase, error?.code, error?.message, error?.hint],
    ['RUNNING', 'INBOUND_NOT_FILTERED', 'there is no nft here', 'install it'],
  );
  host.filterError = undefined;
  await machine.refresh();
  assert.equal(machine.status.error, undefined);
});

test('a machine whose ports cannot be closed is not started', async (t) => {
  const { host, machine } = await rig(t, LISTED, { phase: 'STARTING' });
  host.filterError = FAILURE;
  await machine.refresh();
  await machine.settled();
  assert.deepEqual([machine.status.phase, machine.status.error?.code], ['FAILED', 'INBOUND_NOT_FILTERED']);
  assert.deepEqual(host.done, []);
});
