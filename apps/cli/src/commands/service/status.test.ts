import assert from 'node:assert/strict';
import test from 'node:test';
import type { Landfall } from '@landfall/api';
import { buildProgram } from '../../program.ts';
import { leavesOf } from '../../tree/command-tree.ts';
import { nextCommand, statusLines } from './status.ts';

const FLEET: Landfall.DescribeFleetResponse = {
  observedDateTime: '2026-01-01T00:00:00.000Z',
  ...{ servers: 3, protectedServers: 2, alerts: [], alertsTotal: 1 },
  lifeCycle: [
    { state: 'NOT_READY', servers: 1 },
    { state: 'TESTING', servers: 2 },
  ],
  replication: [{ state: 'CONTINUOUS', servers: 3 }],
  lag: { typicalMs: 400, worstMs: 90_000, worstName: 'shop', dayMeanMs: 500, dayWorstMs: 95_000 },
  launches: { measured: 4, typicalMs: 42_000 },
  staging: { replicationServers: 2, connected: 1, totalBytes: 2 ** 40, freeBytes: 2 ** 39, volumes: [] },
};

test('a fleet is told in a line for each question', () => {
  const text = statusLines(FLEET).join('\n');
  assert.match(text, /servers +3, of which 2 can be launched/);
  assert.match(text, /lifecycle +1 NOT_READY, 2 TESTING/);
  assert.match(text, /at worst \(shop\); last 24 h: mean/);
  assert.match(text, /median of 4/);
  assert.match(text, /512.0 GiB of 1.00 TiB used, 1 of 2 replication servers connected/);
  assert.match(text, /needs you +1/);
});

test('what is not known is said to be so', () => {
  const nothing = {
    ...FLEET,
    lifeCycle: [],
    replication: [],
    lag: {},
    launches: { measured: 0 },
    alertsTotal: 0,
  };
  const text = statusLines(nothing).join('\n');
  assert.match(text, /lifecycle +none/);
  assert.match(text, /data at risk +not known yet/);
  assert.match(text, /time to launch +not measured yet/);
  assert.match(text, /needs you +nothing/);
});

test('what to do about an alert is a command that there is', () => {
  const paths = leavesOf(buildProgram()).map(({ path }) => path);
  const kinds: readonly Landfall.FleetAlertKind[] = [
    ...(['RANSOMWARE_SUSPECTED', 'REPLICATION_STALLED', 'DOES_NOT_CONVERGE', 'MAY_NOT_CONVERGE'] as const),
    ...([
      'BOOT_PROOF_FAILED',
      'PREFLIGHT_BLOCKED',
      'STAGING_SPACE',
      'REPLICATION_PAUSED',
      'NO_LAUNCH_HOST',
    ] as const),
  ];
  for (const kind of kinds) {
    const command = nextCommand({ kind, rank: 'ERROR', resourceID: 's-1', name: 'shop' });
    assert.ok(
      paths.some((path) => command.startsWith(`landfall ${path}`)),
      command,
    );
  }
});
