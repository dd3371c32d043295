import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperationError } from '@landfall/runtime';
import { whyScan } from './linux-source.ts';

const refusal = new OperationError('LOCKDOWN_CONFIDENTIALITY', 'the kernel is locked down', {
  hint: 'boot otherwise',
});

test('disks are scanned when the kernel refuses to show changes, with its reason and the remedy', async () => {
  const reason = await whyScan(false, async () => refusal);
  assert.match(reason ?? '', /LOCKDOWN_CONFIDENTIALITY: the kernel is locked down \(boot otherwise\)/);
  assert.equal(await whyScan(false, async () => undefined), undefined);
});

test('disks are scanned when that was asked for, whatever the kernel could do', async () => {
  assert.match((await whyScan(true, async () => undefined)) ?? '', /--scan-mode/);
});
