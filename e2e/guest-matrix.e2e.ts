/**
 * Three guests of the matrix, as a user runs it: whatever they were made for, they are converted, start on
 * virtio from their own bootloader, and have all of their disks. And a matrix that is killed leaves nothing.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { run, systemClock } from '../packages/runtime/src/index.ts';
import type { RowResult } from './guests/row-result.ts';

const LAUNCHER = join(import.meta.dirname, '../landfall');
const ROWS = ['12-bios-ext4-static', '12-uefi-lvm-xfs', '12-bios-btrfs-disks'];
const TIMEOUT_MS = 30 * 60_000;
const POLL_MS = 100;

test('guests made for other hardware start on virtio, whole', { timeout: TIMEOUT_MS }, async (context) => {
  const argv = [LAUNCHER, 'guest-matrix', ...ROWS.flatMap((name) => ['--only', name]), '--ahead', '--json'];
  const onOutput = (text: string) => void process.stderr.write(text);
  const matrix = await run(argv, { timeoutMs: TIMEOUT_MS, onOutput });
  assert.equal(matrix.exitCode, 0, matrix.stderr.slice(-4000));
  const results = JSON.parse(matrix.stdout) as readonly RowResult[];
  assert.deepEqual(
    results.map(({ name, outcome }) => `${name} ${outcome}`),
    ROWS.map((name) => `${name} PASSED`),
  );
  const stepsOf = (name: string) => results.find((row) => row.name === name)?.conversion ?? [];
  for (const result of results) {
    assert.ok(
      stepsOf(result.name).some(({ step }) => step === 'Boot drivers'),
      `${result.name} had its drivers`,
    );
    const { name, buildMs, conversionMs, bootMs } = result;
    context.diagnostic(`${name}: built in ${buildMs} ms, converted in ${conversionMs}, booted in ${bootMs}`);
  }
  const [first] = results;
  assert.ok((first?.sourceBootMs ?? 0) > 0, 'the first was started on its own hardware');
  assert.match(first?.withoutConversion ?? '', /Gave up waiting for|Unable to mount root/);
  assert.ok(stepsOf('12-bios-btrfs-disks').some(({ step }) => step === 'Filesystem table'));
  assert.ok(stepsOf('12-bios-ext4-static').some(({ detail }) => detail.includes('→ DHCP')));
});

test('a matrix killed while it builds leaves no process and no mount', {
  timeout: TIMEOUT_MS,
}, async (context) => {
  const cache = await mkdtemp(join(tmpdir(), 'landfall-guests-'));
  context.after(() => rm(cache, { recursive: true, force: true }));
  const env = { ...process.env, LANDFALL_CACHE_DIR: cache };
  const parameters = ['guest-matrix', '--build', '--only', '12-uefi-ext4'];
  const command = spawn(LAUNCHER, parameters, { env, stdio: 'ignore' });
  const closed = once(command, 'close');
  await until(async () => (await commandLines()).some((line) => line.includes(`mmdebstrap ${'--variant'}`)));
  await until(async () => (await commandLinesOf(cache)).length > 1);
  process.kill(command.pid ?? 0, 'SIGKILL');
  await closed;
  await until(async () => (await commandLinesOf(cache)).length === 0);
  assert.ok(!(await readFile('/proc/self/mounts', 'utf8')).includes(cache));
  const lock = await run(['flock', '--nonblock', join(cache, 'guests/lock'), 'true']);
  assert.equal(lock.exitCode, 0, 'the folder is free for the next');
});

test('a row that does not exist is wrong usage, and the message names those that do', async () => {
  const matrix = await run([LAUNCHER, 'guest-matrix', '--only', 'windows']);
  assert.equal(matrix.exitCode, 2);
  assert.match(matrix.stderr, /12-bios-ext4-static/);
});

async function commandLinesOf(folder: string): Promise<string[]> {
  return (await commandLines()).filter((line) => line.includes(folder));
}

async function commandLines(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''));
  return (await Promise.all(lines)).map((line) => line.replaceAll('\0', ' '));
}

async function until(isReached: () => Promise<boolean>): Promise<void> {
  while (!(await isReached())) await systemClock.sleep(POLL_MS);
}
