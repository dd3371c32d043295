import assert from 'node:assert/strict';
import test from 'node:test';
import { findFaults, fsckIsClean, type LedgerProof } from './ledger-proof.ts';

const GOOD: LedgerProof = {
  integrity: 'ok',
  committed: 41,
  rows: 41,
  logged: 40,
  rootFsck:
    'root: recovering journal\nroot has been mounted 2 times without being checked, check forced.\nroot: 10405/126976 files (0.1% non-contiguous), 113815/507392 blocks\n',
  dataFsck: 'ledger: recovering journal\nledger: 12/32768 files (0.0% non-contiguous), 6354/131072 blocks\n',
  bootId: '3f0116d0',
  mounts: '/ /dev/vda1 ext4\n/srv/ledger /dev/vdb ext4\n',
  swaps: 'Filename Type Size\n/dev/vda2 partition 65532\n',
  agent: 'inactive',
};
const EXPECTED = { committedMin: 30, committedMax: 50 };

test('a machine that kept the promise of its ledger has no faults', () => {
  assert.deepEqual(findFaults(GOOD, EXPECTED), []);
});

test('each broken promise is named', () => {
  const broken: readonly (readonly [Partial<LedgerProof>, RegExp])[] = [
    [{ integrity: 'malformed' }, /integrity_check/],
    [{ rows: 40 }, /missing/],
    [{ logged: 42 }, /logged 42 on disk 2/],
    [{ logged: 39 }, /committed 41 on disk 1/],
    [{ committed: 20, rows: 20, logged: 20 }, /at least 30/],
    [{ committed: 60, rows: 60, logged: 60 }, /at most 50/],
    [{ rootFsck: 'root: UNEXPECTED INCONSISTENCY; RUN fsck MANUALLY.' }, /root disk is not clean/],
    [{ dataFsck: '' }, /data disk is not clean/],
    [{ mounts: '/ /dev/vda1 ext4\n' }, /data disk is not mounted/],
    [{ swaps: 'Filename Type Size\n' }, /swap/],
    [{ agent: 'active' }, /agent is active/],
  ];
  for (const [change, pattern] of broken) {
    const faults = findFaults({ ...GOOD, ...change }, EXPECTED);
    assert.equal(faults.length, 1, faults.join('; '));
    assert.match(faults[0] ?? '', pattern);
  }
});

test('a check that repaired something is not clean', () => {
  assert.equal(fsckIsClean('root: 1/2 files (0% non-contiguous), 3/4 blocks'), true);
  assert.equal(
    fsckIsClean('root: 1/2 files (0% non-contiguous)\nroot: ***** FILE SYSTEM WAS MODIFIED *****'),
    false,
  );
});
