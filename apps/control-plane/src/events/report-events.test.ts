import assert from 'node:assert/strict';
import test from 'node:test';
import type { AgentReport, LaunchHostReport, ReplicationServerReport } from '@landfall/channel';
import { newMachine } from '../testing/simulated-machine.ts';
import {
  changedMachines,
  eventsOfAgent,
  eventsOfMachine,
  eventsOfReplicationServer,
} from './report-events.ts';

type Staged = ReplicationServerReport['servers'][number];

function agentReport(replication: Partial<AgentReport['replication']>): AgentReport {
  const rest = { state: 'CONTINUOUS', connected: true, lagMs: 3200, ...replication };
  return { replication: rest } as unknown as AgentReport;
}

function stagingReport(server: Partial<Staged>): ReplicationServerReport {
  const rest = { sourceServerId: 's-1', connected: true, lastEpoch: 7, recoveryPoints: 3, ...server };
  return { servers: [rest] } as unknown as ReplicationServerReport;
}

function typesOf(before: Partial<Staged> | undefined, after: Partial<Staged>): readonly string[] {
  const earlier = before === undefined ? undefined : stagingReport(before);
  return eventsOfReplicationServer(earlier, stagingReport(after)).events.map(({ type }) => type);
}

test('every report of an agent is told, and only another state is worth a webhook', () => {
  const before = agentReport({});
  const { events, notable } = eventsOfAgent('s-1', before, agentReport({ lagMs: 4100 }));
  assert.deepEqual(events, [
    {
      ...{ type: 'ReplicationChanged', resourceId: 's-1', sourceServerId: 's-1' },
      summary: 'CONTINUOUS, lag 4.1 s',
    },
  ]);
  assert.deepEqual(notable, []);
  for (const change of [
    { state: 'BACKLOG' },
    { connected: false },
    { error: { error: 'UPDATE' } },
  ] as const) {
    assert.equal(eventsOfAgent('s-1', before, agentReport(change as never)).notable.length, 1);
  }
  assert.equal(eventsOfAgent('s-1', undefined, before).notable.length, 1);
});

test('of a replication server only what is another now is told', () => {
  assert.deepEqual(typesOf({}, {}), []);
  assert.deepEqual(typesOf({}, { bytesReceived: 99 }), []);
  assert.deepEqual(typesOf({}, { lastEpoch: 8 }), ['RecoveryPointChanged']);
  assert.deepEqual(typesOf({}, { connected: false }), ['ReplicationChanged']);
  assert.deepEqual(typesOf({}, { stalled: { code: 'STAGING_FULL', message: '' } }), ['ReplicationChanged']);
  const suspicions = [{ acknowledgedAtMs: null } as never];
  assert.deepEqual(typesOf({}, { tripwire: { suspicions } }), ['TripwireChanged']);
  assert.deepEqual(typesOf({ tripwire: { suspicions } }, { tripwire: { suspicions } }), []);
  assert.deepEqual(typesOf(undefined, {}), ['RecoveryPointChanged', 'ReplicationChanged']);
});

test('a machine is told when its revision is another', () => {
  const report = (...revisions: number[]) =>
    ({
      machines: revisions.map((revision, index) => ({ machineId: `i-${index}`, revision })),
    }) as unknown as LaunchHostReport;
  const idsOf = (before: LaunchHostReport | undefined, after: LaunchHostReport) =>
    changedMachines(before, after).map(({ machineId }) => machineId);
  assert.deepEqual(idsOf(report(1, 1), report(1, 2)), ['i-1']);
  assert.deepEqual(idsOf(report(1), report(1, 1)), ['i-1']);
  assert.deepEqual(idsOf(undefined, report(4)), ['i-0']);
});

test('filling in is told as it goes; another state, limit or error of a machine is worth a webhook', () => {
  const hydration = { state: 'RUNNING', doneBytes: 1, totalBytes: 9 } as const;
  const before = { ...newMachine('i-1'), phase: 'RUNNING', hydration } as const;
  const { events, notable } = eventsOfMachine('s-1', before, {
    ...{ ...before, revision: 2, hydration: { ...hydration, doneBytes: 5 } },
  });
  const event = { type: 'LaunchedMachineChanged', resourceId: 'i-1', sourceServerId: 's-1' };
  assert.deepEqual([events, notable], [[{ ...event, summary: 'RUNNING' }], []]);
  const error = { code: 'OVERLAY_NO_SPACE', message: 'there is no room' };
  const failed = { ...before, error, hydration: { ...hydration, state: 'FAILED' } } as const;
  assert.deepEqual(eventsOfMachine('s-1', before, failed).notable, [
    { ...event, summary: 'RUNNING, OVERLAY_NO_SPACE' },
  ]);
  for (const change of [
    { hydration: { ...hydration, bytesPerSecondMax: 7 } },
    { hydration: { ...hydration, state: 'COMPLETE' } },
    { phase: 'STOPPED' },
    { powerRequest: 'STOP' },
  ] as const) {
    assert.equal(eventsOfMachine('s-1', before, { ...before, ...change }).notable.length, 1);
  }
  assert.equal(eventsOfMachine('s-1', undefined, before).notable.length, 1);
});
