import assert from 'node:assert/strict';
import test from 'node:test';
import type { Landfall } from '@landfall/api/types';
import {
  draftOf,
  limitsChange,
  limitsFaults,
  newWindow,
  windowFaults,
  withoutWindow,
  withWindow,
} from './schedule-draft.ts';

const KNOWN: Landfall.ReplicationLimits = {
  bandwidthMbps: 100,
  currentMbps: 20,
  revision: '0123456789abcdef',
  impactBudgetPercent: 5,
  bandwidthSchedule: {
    timeZone: 'Asia/Seoul',
    windows: [{ days: ['TUE', 'MON'], from: '08:00', to: '18:00', mbps: 20 }],
  },
};

test('what is not changed is not sent', () => {
  assert.deepEqual(limitsChange(KNOWN, draftOf(KNOWN, 'UTC')), {});
  const without = { bandwidthMbps: 0, currentMbps: 0, revision: '0123456789abcdef' };
  assert.deepEqual(limitsChange(without, draftOf(without, 'UTC')), {});
});

test('each part is sent by itself', () => {
  const draft = draftOf(KNOWN, 'UTC');
  assert.deepEqual(limitsChange(KNOWN, { ...draft, mbps: '0' }), { bandwidthMbps: 0 });
  assert.deepEqual(limitsChange(KNOWN, { ...draft, impactPercent: '0' }), {
    impactBudgetPercent: 0,
  });
  const slower = withWindow(draft, 'known-0', { mbps: '5' });
  assert.deepEqual(limitsChange(KNOWN, slower), {
    bandwidthSchedule: {
      timeZone: 'Asia/Seoul',
      windows: [{ days: ['MON', 'TUE'], from: '08:00', to: '18:00', mbps: 5 }],
    },
  });
});

test('a schedule whose last window goes is taken away', () => {
  const draft = withoutWindow(draftOf(KNOWN, 'UTC'), 'known-0');
  assert.deepEqual(limitsChange(KNOWN, draft), {
    bandwidthSchedule: { timeZone: 'Asia/Seoul', windows: [] },
  });
});

test('a new window is right, and goes by the zone of the person', () => {
  const known = { bandwidthMbps: 0, currentMbps: 0, revision: '0123456789abcdef' };
  const draft = { ...draftOf(known, 'Europe/Berlin'), windows: [newWindow('a')] };
  assert.deepEqual(limitsFaults(draft), []);
  assert.equal(limitsChange(known, draft).bandwidthSchedule?.timeZone, 'Europe/Berlin');
});

test('faults are told by their place', () => {
  const window = { id: 'a', days: [], from: '24:00', to: '8:00', mbps: '-1' };
  assert.deepEqual(windowFaults(window), ['days', 'from', 'to', 'mbps']);
  const draft = { mbps: 'x', impactPercent: '101', timeZone: 'Mars/Olympus', windows: [window] };
  assert.deepEqual(limitsFaults(draft), ['mbps', 'impactPercent', 'timeZone', 'windows']);
  const many = Array.from({ length: 33 }, (_, index) => newWindow(String(index)));
  assert.deepEqual(limitsFaults({ mbps: '0', impactPercent: '', timeZone: 'UTC', windows: many }), [
    'windowCount',
  ]);
});
