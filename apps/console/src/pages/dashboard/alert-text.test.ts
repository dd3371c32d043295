import assert from 'node:assert/strict';
import test from 'node:test';
import { alertHref } from './alert-text.ts';

test('an alert of a server leads to the part of its page where something can be done', () => {
  const alert = { rank: 'ERROR', resourceID: 's-1', sourceServerID: 's-1', name: 'shop' } as const;
  assert.equal(alertHref({ ...alert, kind: 'PREFLIGHT_BLOCKED' }), '/console/servers/s-1?tab=preflight');
  assert.equal(alertHref({ ...alert, kind: 'RANSOMWARE_SUSPECTED' }), '/console/servers/s-1?tab=timeline');
});

test('an alert of a program leads to the programs', () => {
  const alert = { kind: 'LAUNCH_HOST_AWAY', rank: 'WARNING', resourceID: 'host-1', name: 'host-1' } as const;
  assert.equal(alertHref(alert), '/console/settings');
});
