/** When freed space is compared with what was written, and what the comparison means. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CopyWatch } from './copy-watch.ts';

const MIB = 1024 * 1024;

/** So many seconds of writing into free space. */
function write(
  watch: CopyWatch,
  fromMs: number,
  added: { seconds: number; mib: number; uniformShare: number },
) {
  let atMs = fromMs;
  for (let second = 0; second < added.seconds; second += 1) {
    atMs += 1000;
    watch.observe(atMs, {
      newBytes: added.mib * MIB,
      newUniformBytes: added.mib * MIB * added.uniformShare,
      first: { epoch: atMs / 100, cutTimeMs: atMs - 1000 },
    });
  }
  return atMs;
}

test('noise of some volume is looked into, since its beginning, at growing distances', () => {
  const watch = new CopyWatch();
  const early = write(watch, 0, { seconds: 2, mib: 10, uniformShare: 1 });
  assert.equal(watch.wanted(early), undefined, '20 MiB are too few');
  const atMs = write(watch, early, { seconds: 4, mib: 10, uniformShare: 1 });
  assert.equal(watch.wanted(atMs)?.since.cutTimeMs, 0);
  assert.equal(watch.wanted(atMs + 1000), undefined);
  assert.ok(watch.wanted(atMs + 10_000) !== undefined);
  assert.equal(watch.wanted(atMs + 20_000), undefined, 'the second pause is longer');
  assert.ok(watch.wanted(atMs + 30_000) !== undefined);
});

test('what is mostly no noise is not looked into', () => {
  const watch = new CopyWatch();
  const atMs = write(watch, 0, { seconds: 60, mib: 20, uniformShare: 0.3 });
  assert.equal(watch.wanted(atMs), undefined);
});

test('about as much freed is a copy; nothing freed is a download, several times as much is compression', () => {
  const wanted = { since: { epoch: 1, cutTimeMs: 0 }, newUniformBytes: 100 * MIB };
  assert.equal(new CopyWatch().confirmed(wanted, 0), 0);
  assert.equal(new CopyWatch().confirmed(wanted, 20 * MIB), 0);
  assert.equal(new CopyWatch().confirmed(wanted, 90 * MIB), 90 * MIB);
  assert.equal(new CopyWatch().confirmed(wanted, 130 * MIB), 100 * MIB);
  assert.equal(new CopyWatch().confirmed(wanted, 700 * MIB), 0);
});

test('what was confirmed once does not count again', () => {
  const watch = new CopyWatch();
  const since = { epoch: 1, cutTimeMs: 0 };
  assert.equal(watch.confirmed({ since, newUniformBytes: 100 * MIB }, 60 * MIB), 60 * MIB);
  assert.equal(watch.confirmed({ since, newUniformBytes: 100 * MIB }, 60 * MIB), 0);
  assert.equal(watch.confirmed({ since, newUniformBytes: 120 * MIB }, 100 * MIB), 40 * MIB);
});
