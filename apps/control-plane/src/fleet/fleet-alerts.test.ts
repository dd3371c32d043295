import assert from 'node:assert/strict';
import test from 'node:test';
import type { Forecast, RansomwareSuspicion } from '@landfall/model';
import type { ReplicationView } from '../lifecycle/replication-view.ts';
import { serverRecord } from '../testing/server-records.ts';
import { programAlerts, type ServerFacts, serverAlerts, sortAlerts } from './fleet-alerts.ts';
import { fleetServer } from './fleet-server.ts';

const RECORD = serverRecord({
  sourceServerId: 's-00000000000000001',
  createdAtMs: 0,
  state: 'READY_FOR_TEST',
});
const VIEW: ReplicationView = {
  ...{ state: 'CONTINUOUS', steps: [], disks: [], lagMs: 0, etaMs: 0, lastPointAtMs: null, firstBytes: true },
};
const NOTHING = { agent: undefined, staged: undefined, blockers: undefined, bootFailure: undefined };
const CALM: ServerFacts = { server: fleetServer(RECORD), view: VIEW, ...NOTHING };
const STAGED = {
  ...{ sourceServerId: 's-00000000000000001', connected: true, lastEpoch: 1, lastCutTimeMs: 1 },
  ...{ recoveryPoints: 1, bytesOnDisk: 1, bytesReceived: 1 },
};

function kindsOf(facts: Partial<ServerFacts>): readonly string[] {
  return serverAlerts({ ...CALM, ...facts }).map(({ kind, detail }) => `${kind} ${detail ?? ''}`.trim());
}

function forecast(verdict: Forecast['verdict']): ServerFacts['agent'] {
  const explanation = 'falls behind';
  return { replication: { forecast: { verdict, explanation } } } as NonNullable<ServerFacts['agent']>;
}

test('a server that goes on by itself needs nobody', () => {
  assert.deepEqual(kindsOf({}), []);
  assert.deepEqual(kindsOf({ agent: forecast('CONVERGES'), staged: STAGED }), []);
});

test('what stalls is said once, with its cause; what was paused, too', () => {
  const error = { error: 'AGENT_NOT_SEEN', rawError: 'last heard of 90 s ago' } as const;
  const stalled = { ...VIEW, state: 'STALLED', error } as const;
  assert.deepEqual(kindsOf({ view: stalled, agent: forecast('DOES_NOT_CONVERGE') }), [
    'REPLICATION_STALLED AGENT_NOT_SEEN: last heard of 90 s ago',
  ]);
  assert.deepEqual(kindsOf({ view: { ...VIEW, state: 'PAUSED' } }), ['REPLICATION_PAUSED']);
});

test('what falls behind is told by the forecast', () => {
  assert.deepEqual(kindsOf({ agent: forecast('DOES_NOT_CONVERGE') }), ['DOES_NOT_CONVERGE falls behind']);
  assert.deepEqual(kindsOf({ agent: forecast('MAY_NOT_CONVERGE') }), ['MAY_NOT_CONVERGE falls behind']);
});

test('suspicions that nobody has acknowledged, proofs that failed, blockers and scarce space are told', () => {
  const suspicion: RansomwareSuspicion = {
    ...{ code: 'RANSOMWARE_SUSPECTED', detectedAtMs: 1_767_229_260_000, beganAtMs: 1, convertedBytes: 9 },
    ...{ diskIds: ['disk-0'], lastSeenAtMs: 2, endedAtMs: 3, acknowledgedAtMs: null },
  };
  const staged = { ...STAGED, spaceWarning: 'full in 3 h', tripwire: { suspicions: [suspicion] } };
  const known = { codes: ['EFI_LOADER_MISSING', 'FSTAB'], atMs: 1_767_229_200_000 };
  const all = serverAlerts({
    ...CALM,
    staged,
    blockers: known,
    bootFailure: { code: 'GUEST_NOT_BOOTED', atMs: 0 },
  });
  assert.deepEqual(
    all.map(({ kind }) => kind),
    ['RANSOMWARE_SUSPECTED', 'STAGING_SPACE', 'BOOT_PROOF_FAILED', 'PREFLIGHT_BLOCKED'],
  );
  assert.equal(all[0]?.sinceDateTime, '2026-01-01T01:01:00.000Z');
  assert.equal(all[3]?.detail, 'EFI_LOADER_MISSING, FSTAB');
  const known2: RansomwareSuspicion = { ...suspicion, acknowledgedAtMs: 4 };
  assert.deepEqual(kindsOf({ staged: { ...STAGED, tripwire: { suspicions: [known2] } } }), []);
});

test('of a server that is not replicated only a suspicion is left to be told', () => {
  const ended = fleetServer({ ...RECORD, replication: { ...RECORD.replication, desired: 'UNINSTALL' } });
  const known = { codes: ['X'], atMs: 0 };
  const view = { ...VIEW, state: 'DISCONNECTED' } as const;
  assert.deepEqual(
    kindsOf({ server: ended, view, blockers: known, bootFailure: { code: 'Y', atMs: 0 } }),
    [],
  );
});

test('programs that are away are told, and that nothing can be launched once', () => {
  const program = (programId: string, role: 'replication-server' | 'launch-host', isConnected: boolean) => ({
    ...{ programId, role, isConnected, lastSeenMs: isConnected ? 5 : undefined },
  });
  const kinds = (...programs: Parameters<typeof programAlerts>[0]) =>
    programAlerts(programs).map(({ kind, name }) => `${kind} ${name}`.trim());
  assert.deepEqual(kinds(program('r', 'replication-server', true), program('h', 'launch-host', true)), []);
  assert.deepEqual(kinds(), ['NO_LAUNCH_HOST']);
  assert.deepEqual(kinds(program('h', 'launch-host', false), program('r', 'replication-server', false)), [
    'NO_LAUNCH_HOST',
    'REPLICATION_SERVER_AWAY r',
  ]);
  assert.deepEqual(kinds(program('h', 'launch-host', false), program('i', 'launch-host', true)), [
    'LAUNCH_HOST_AWAY h',
  ]);
});

test('the worst comes first, and of one kind by name', () => {
  const alert = (kind: 'REPLICATION_PAUSED' | 'RANSOMWARE_SUSPECTED', name: string) => ({
    ...{ kind, rank: 'ERROR' as const, resourceID: name, name },
  });
  const some = [
    alert('REPLICATION_PAUSED', 'a'),
    alert('RANSOMWARE_SUSPECTED', 'z'),
    alert('RANSOMWARE_SUSPECTED', 'b'),
  ];
  assert.deepEqual(
    sortAlerts(some).map(({ name }) => name),
    ['b', 'z', 'a'],
  );
});
