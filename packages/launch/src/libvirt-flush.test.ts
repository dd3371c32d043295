import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flushDisk } from './libvirt-flush.ts';

test('a disk is opened again by the names that libvirt gave its nodes; a refusal is told', async () => {
  const path = import.meta.filename;
  const asked: unknown[] = [];
  const nodes = [
    { 'node-name': 'libvirt-2-format', drv: 'qcow2', file: '/another' },
    { 'node-name': 'libvirt-1-format', drv: 'qcow2', file: path },
    { 'node-name': 'libvirt-1-storage', drv: 'file', file: path },
  ];
  const answering = (reopened: unknown) => async (command: string, domain: string, question: string) => {
    assert.deepEqual([command, domain], ['qemu-monitor-command', 'landfall-i-1']);
    const { execute, arguments: parameters } = JSON.parse(question);
    asked.push(execute === 'blockdev-reopen' ? parameters : execute);
    return JSON.stringify(execute === 'blockdev-reopen' ? reopened : { return: nodes });
  };
  assert.equal(await flushDisk(answering({ return: {} }), 'landfall-i-1', path), undefined);
  const [options] = (asked[1] as { readonly options: readonly object[] }).options;
  assert.deepEqual(options, {
    ...{ driver: 'qcow2', 'node-name': 'libvirt-1-format', file: 'libvirt-1-storage' },
    ...{ discard: 'unmap', backing: null },
  });
  const refused = answering({ error: { desc: 'no space left' } });
  assert.match((await flushDisk(refused, 'landfall-i-1', path)) ?? '', /no space left/);
  nodes.splice(1);
  assert.match((await flushDisk(refused, 'landfall-i-1', path)) ?? '', /QEMU has no node of/);
});
