/** Ends of processes, with ones that only look like QEMU's. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { processStart, run, systemClock } from '@landfall/runtime';
import { PID_FILE } from './launch-plan.ts';
import { findQemu, PROCESS_FILE, stopQemu } from './qemu-process.ts';

/** Once it is told to, its first thread ends, and is a zombie: another goes on. */
const LOSING_ITS_FIRST_THREAD = `
import ctypes, sys, threading, time
threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
print('ready', flush=True)
sys.stdin.readline()
ctypes.CDLL(None).pthread_exit(None)
`;

interface LookAlike {
  readonly folder: string;
  readonly process: ChildProcess;
  readonly pid: number;
}

async function lookAlike(t: TestContext): Promise<LookAlike> {
  const folder = await mkdtemp(join(tmpdir(), 'qp-'));
  const child = spawn('python3', ['-c', LOSING_ITS_FIRST_THREAD, '-pidfile', join(folder, PID_FILE)]);
  t.after(async () => {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });
  await once(child.stdout, 'data');
  assert.ok(child.pid !== undefined);
  await writeFile(join(folder, PID_FILE), `${child.pid}\n`);
  return { folder, process: child, pid: child.pid };
}

test('a process is not gone while a thread of it is left', async (t) => {
  const { stdout } = await run(['sh', '-c', 'command -v python3'], { timeoutMs: 10_000 });
  if (stdout === '') return t.skip('no `python3` is installed');
  const { folder, process: child, pid } = await lookAlike(t);
  let aheadNs = 0n;
  const exit = once(child, 'exit');
  const clock = {
    ...systemClock,
    monotonicNs: () => systemClock.monotonicNs() + aheadNs,
    sleep: async (durationMs: number) => {
      // Found, and waited for: only now, as one that ends does.
      if (aheadNs === 0n) child.stdin?.write('\n');
      aheadNs += BigInt(durationMs) * 10_000_000n;
      await systemClock.sleep(durationMs);
    },
  };
  await stopQemu(folder, clock);
  assert.equal(processStart(pid), undefined);
  assert.deepEqual(await exit, [null, 'SIGKILL']);
});

test("a pid that was given to another process is not the machine's, whatever its command line", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'qp-'));
  const place = join(folder, PID_FILE);
  const sleeper = spawn('sh', ['-c', 'read line', '-pidfile', place]);
  const reader = spawn('sh', ['-c', 'read line', place]);
  t.after(async () => {
    for (const child of [sleeper, reader]) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });
  await writeFile(place, `${reader.pid}\n`);
  assert.equal(await findQemu(folder), undefined, 'who only reads the file is not who wrote it');
  const pid = sleeper.pid ?? 0;
  const startTicks = processStart(pid) ?? '';
  await writeFile(place, `${pid}\n`);
  assert.deepEqual(await findQemu(folder), { pid, startTicks }, 'killed before it was recorded');
  await writeFile(join(folder, PROCESS_FILE), JSON.stringify({ pid, startTicks }));
  assert.deepEqual(await findQemu(folder), { pid, startTicks });
  await writeFile(
    join(folder, PROCESS_FILE),
    JSON.stringify({ pid, startTicks: `${Number(startTicks) - 1}` }),
  );
  assert.equal(await findQemu(folder), undefined, 'the same number, another start');
  await stopQemu(folder, systemClock);
  assert.equal(processStart(pid), startTicks, 'and it is left alone');
});
