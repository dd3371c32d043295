/**
 * A short crash campaign, as a user runs it: whatever is killed, every recovery point is a state the server
 * had. The seeds are new each time; a failure names its seed.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { run, systemClock, systemErrorCode } from '../packages/runtime/src/index.ts';
import { createCampaignFolder } from './crash/campaign-folder.ts';
import type { CampaignSummary } from './crash/report-text.ts';

const LAUNCHER = join(import.meta.dirname, '../landfall');
const ROUNDS = 20;
const TIMEOUT_MS = 60 * 60_000;

test(`${ROUNDS} rounds of load, kills and recovery hold`, async (context) => {
  const argv = [LAUNCHER, 'crash-test', '--rounds', String(ROUNDS), '--json'];
  const onOutput = (text: string) => void process.stderr.write(text);
  const result = await run(argv, { timeoutMs: TIMEOUT_MS, onOutput });
  assert.equal(result.exitCode, 0, result.stderr.slice(-4000));
  const summary = JSON.parse(result.stdout) as CampaignSummary;
  assert.equal(summary.held, ROUNDS);
  assert.ok(summary.pointsProved >= ROUNDS * 2, `only ${summary.pointsProved} points were proved`);
  assert.ok(summary.kills > 0, 'nothing was killed');
  assert.ok(summary.pointsDropped > ROUNDS, 'retention dropped hardly anything');
  const { pointsProved, pointsDropped, checks, kills, durationMs } = summary;
  context.diagnostic(
    `${pointsProved} points, ${pointsDropped} dropped, ${checks} checks, ${kills} kills, ${durationMs} ms`,
  );
});

/** A round with PostgreSQL: it has a mount, a loop device and processes of two users. */
const SEED_WITH_POSTGRES = 1;
const POLL_MS = 100;

test('of a campaign ended by kill -9 only files stay, and the next removes them', {
  timeout: 15 * 60_000,
}, async (t) => {
  const cache = await mkdtemp(join(tmpdir(), 'landfall-killed-'));
  t.after(() => rm(cache, { recursive: true, force: true }));
  const parameters = ['crash-test', '--rounds', '1', '--from-seed', String(SEED_WITH_POSTGRES)];
  const env = { ...process.env, LANDFALL_CACHE_DIR: cache };
  const command = spawn(LAUNCHER, parameters, { env, stdio: 'ignore' });
  const name = await campaignUnderWay(cache, command);
  const [, pid = ''] = name.split('-');
  assert.ok(
    (await attachedFiles()).some((file) => file.startsWith(cache)),
    'a loop device is attached',
  );
  const closed = once(command, 'close');
  process.kill(Number(pid), 'SIGKILL');
  await closed;
  await until(async () => !(await attachedFiles()).some((file) => file.startsWith(cache)));
  await until(
    async () => !(await commandLines()).some((line) => line.includes(cache) || line.includes(name)),
  );
  assert.ok((await readdir(cache)).includes(name), 'its files are still there');
  await (await createCampaignFolder(cache)).remove();
  assert.deepEqual(await readdir(cache), []);
  assert.ok(!(await readdir('/run')).includes(`landfall-${name}`));
});

/** The name of its folder, once its agent runs. */
async function campaignUnderWay(cache: string, command: ChildProcess): Promise<string> {
  for (;;) {
    const [name] = (await readdir(cache)).filter((one) => one.startsWith('crash-'));
    const agentRuns = (await commandLines()).some(
      (line) => line.includes(`${cache}/${name}`) && line.includes(' run '),
    );
    if (name !== undefined && agentRuns) return name;
    assert.equal(command.exitCode, null, 'the campaign ended before it was killed');
    await systemClock.sleep(POLL_MS);
  }
}

async function attachedFiles(): Promise<readonly string[]> {
  const listed = await run(['losetup', '--list', '--noheadings', '--output', 'BACK-FILE']);
  return listed.stdout.split('\n').map((line) => line.trim());
}

async function commandLines(): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return Promise.all(pids.map(commandLine));
}

async function commandLine(pid: string): Promise<string> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ');
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ESRCH') return '';
    throw error;
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await systemClock.sleep(POLL_MS);
}
