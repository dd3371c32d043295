import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { processStart, startIn } from './process-start.ts';

/** As of proc_pid_stat(5); the name holds what names may hold. */
function stat(state: string, threads: number): string {
  return `4711 (a) S (b) ${state} 1 4711 4711 0 -1 4194560 1 0 0 0 1 2 3 4 20 0 ${threads} 0 98765 5 6`;
}

test('a running process has its start, whatever its name', () => {
  for (const state of ['R', 'S', 'D', 'T']) assert.equal(startIn(stat(state, 1)), '98765');
});

test('a zombie is over when no thread of it is left', () => {
  assert.equal(startIn(stat('Z', 1)), undefined);
  assert.equal(startIn(stat('Z', 0)), undefined);
  assert.equal(startIn(stat('Z', 2)), '98765');
  assert.equal(startIn(stat('X', 0)), undefined);
  assert.equal(startIn(stat('x', 0)), undefined);
});

test('this process runs, and no process has the number 0', () => {
  assert.match(processStart(process.pid) ?? '', /^\d+$/);
  assert.equal(processStart(process.pid), processStart(process.pid));
  assert.equal(processStart(0), undefined);
});

test('a killed process is over before its parent has heard of it', async () => {
  // The shell is replaced by one that never asks for its children: what it started stays a zombie.
  const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec tail -f /dev/null']);
  try {
    const [said] = await once(parent.stdout, 'data');
    const pid = Number(String(said));
    assert.match(processStart(pid) ?? '', /^\d+$/);
    process.kill(pid, 'SIGKILL');
    while (processStart(pid) !== undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    process.kill(pid, 0); // It is still there.
  } finally {
    parent.kill('SIGKILL');
  }
});
