import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GuestChange, planGuestScripts } from './plan-guest-scripts.ts';

const SYSTEMD = new Set(['/lib/systemd/systemd']);

function filesOf(steps: readonly GuestChange[]) {
  return steps.flatMap((step) => (step.kind === 'WRITE_FILES' ? step.files : []));
}

test('with systemd a unit starts the scripts once, without holding up the start of the system', () => {
  const { steps, impossible } = planGuestScripts({ present: SYSTEMD, files: new Map() }, true);
  assert.equal(impossible, undefined);
  const texts = new Map(filesOf(steps).map((file) => [file.path, file]));
  const folder = '/var/lib/landfall-launch';
  assert.deepEqual([...texts.keys()], [`${folder}/run`, '/etc/systemd/system/landfall-post-launch.service']);
  assert.equal(texts.get(`${folder}/run`)?.mode, 0o700, 'the scripts come with the machine');
  const unit = texts.get('/etc/systemd/system/landfall-post-launch.service')?.text ?? '';
  assert.match(unit, /ConditionPathExists=!\/var\/lib\/landfall-launch\/done/);
  assert.match(unit, /Type=simple/);
  assert.ok(steps.some((step) => step.kind === 'LINK' && step.path.includes('multi-user.target.wants')));
});

test('without systemd rc.local does, before it can end', () => {
  const files = new Map([['/etc/rc.local', '#!/bin/sh -e\nexit 0\n']]);
  const { steps } = planGuestScripts({ present: new Set(), files }, true);
  const rcLocal = (changes: readonly GuestChange[]) =>
    filesOf(changes).find(({ path }) => path === '/etc/rc.local')?.text;
  const expected = '#!/bin/sh -e\n/var/lib/landfall-launch/run &\nexit 0\n';
  assert.equal(rcLocal(steps), expected);
  const done = { present: new Set<string>(), files: new Map([['/etc/rc.local', expected]]) };
  assert.equal(rcLocal(planGuestScripts(done, true).steps), expected, 'not twice');
});

test('a guest with neither is told of, and left as it is', () => {
  const { steps, impossible } = planGuestScripts({ present: new Set(), files: new Map() }, true);
  assert.deepEqual(steps, []);
  assert.match(impossible ?? '', /neither systemd nor \/etc\/rc.local/);
});

test('what a source ran when it was launched itself is put aside', () => {
  const present = new Set([...SYSTEMD, '/var/lib/landfall-launch']);
  const { steps } = planGuestScripts({ present, files: new Map() }, false);
  assert.deepEqual(
    steps.map((step) => step.kind),
    ['MOVE'],
  );
});
