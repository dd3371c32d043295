import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readTracingFacts } from './linux-tracefs.ts';
import { kernelWarnings, type TracingFacts, whyNoTracing } from './tracing-readiness.ts';

const READY: TracingFacts = {
  lockdown: 'none [integrity] confidentiality',
  knowsTracefs: true,
  isMounted: true,
  isWritable: true,
  isClockShifted: false,
  hasBlockEvents: true,
};

test('a kernel in integrity lockdown, as with Secure Boot, lets disks be tracked', () => {
  assert.equal(whyNoTracing(READY), undefined);
});

const REFUSED: readonly (readonly [string, Partial<TracingFacts>, string, RegExp, RegExp])[] = [
  [
    'confidentiality lockdown',
    { lockdown: 'none integrity [confidentiality]' },
    'LOCKDOWN_CONFIDENTIALITY',
    /confidentiality/,
    /lockdown=integrity/,
  ],
  [
    'no event tracing',
    { knowsTracefs: false },
    'TRACEFS_UNAVAILABLE',
    /CONFIG_EVENT_TRACING/,
    /distribution/,
  ],
  [
    'tracefs missing',
    { isMounted: false, mountFailure: 'permission denied' },
    'TRACEFS_UNAVAILABLE',
    /not mounted.*permission denied/,
    /root/,
  ],
  ['tracefs read-only', { isWritable: false }, 'TRACEFS_UNAVAILABLE', /not writable/, /container/],
  ['no block events', { hasBlockEvents: false }, 'TRACEFS_UNAVAILABLE', /no block events/, /distribution/],
  ['a shifted clock', { isClockShifted: true }, 'TRACEFS_UNAVAILABLE', /time namespace/, /outside/],
];

for (const [what, facts, code, why, remedy] of REFUSED) {
  test(`${what} is refused with the reason, a remedy, and scan mode as another`, () => {
    const refusal = whyNoTracing({ ...READY, ...facts });
    assert.equal(refusal?.code, code);
    assert.match(refusal?.message ?? '', why);
    assert.match(refusal?.hint ?? '', remedy);
    assert.match(refusal?.hint ?? '', /--scan-mode/);
  });
}

test('kernels with known ring-buffer defects are warned of, and only they are', () => {
  const warned = (release: string, machine = 'x86_64') => kernelWarnings({ release, machine }).length;
  assert.deepEqual(
    ['4.18.0-553.el8', '5.4.0-216-generic', '5.9.8'].map((release) => warned(release)),
    [1, 1, 1],
  );
  assert.deepEqual(
    ['5.9.9', '5.10.0-30-amd64', '6.1.0', '6.18.44'].map((release) => warned(release)),
    [0, 0, 0, 0],
  );
  assert.deepEqual(
    ['5.4.0', '6.1.24', '6.1.25', '6.12.1'].map((release) => warned(release, 'aarch64')),
    [2, 1, 0, 0],
  );
  assert.equal(warned('unreadable'), 0);
});

test('the facts are gathered from the files of a kernel, whatever of them is there', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'landfall-tracefs-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const at = (name: string) => join(folder, name);
  const roots = {
    tracefs: at('tracing'),
    lockdown: at('lockdown'),
    fileSystems: at('filesystems'),
    clockOffsets: at('timens_offsets'),
  };
  const nothing = readTracingFacts(roots);
  assert.deepEqual(
    [nothing.lockdown, nothing.knowsTracefs, nothing.isMounted, nothing.isClockShifted],
    [undefined, false, false, false],
  );
  mkdirSync(at('tracing/instances'), { recursive: true });
  mkdirSync(at('tracing/events/block/block_rq_issue'), { recursive: true });
  mkdirSync(at('tracing/events/block/block_rq_complete'), { recursive: true });
  writeFileSync(at('lockdown'), 'none integrity [confidentiality]\n');
  writeFileSync(at('filesystems'), 'nodev\tsysfs\nnodev\ttracefs\n\text4\n');
  writeFileSync(at('timens_offsets'), 'monotonic      100000         0\nboottime            0         0\n');
  const facts = readTracingFacts(roots);
  assert.equal(facts.lockdown, 'none integrity [confidentiality]');
  assert.deepEqual(
    [facts.knowsTracefs, facts.isMounted, facts.isWritable, facts.isClockShifted, facts.hasBlockEvents],
    [true, true, true, true, true],
  );
});
