/**
 * What users get wrong, through the real programs: each a clear message with its code and what to do,
 * nothing lost.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { waitFor } from '../apps/cli/src/demo/http-ledger.ts';
import type { Landfall } from '../packages/api/src/index.ts';
import { decodeEnrolmentToken, encodeEnrolmentToken } from '../packages/channel/src/index.ts';
import type { RunResult } from '../packages/runtime/src/index.ts';
import { assertInstalled, LoopSource } from './loop-source.ts';
import { Site } from './site.ts';

const READY_MS = 2 * 60_000;

let site: Site;
let source: LoopSource;
let serverId = '';

before(async () => {
  site = await Site.create();
  source = new LoopSource(site.folder);
  await source.attachEmpty('empty.raw', 64);
});

after(async () => {
  try {
    await source?.close();
  } finally {
    await site?.close();
  }
});

function createToken(...parameters: string[]): Promise<Landfall.CreateEnrolmentTokenResponse> {
  return site.landfallJson<Landfall.CreateEnrolmentTokenResponse>('token', 'create', ...parameters);
}

function assertRefused(result: RunResult, code: string): void {
  const said = `${result.stdout}${result.stderr}`;
  assert.notEqual(result.exitCode, 0, `it was not refused: ${said}`);
  assert.ok(said.includes(code), `it does not say ${code}: ${said}`);
}

async function replication(): Promise<Landfall.DescribeReplicationResponse> {
  const shown = await site.landfallJson<{ replication: Landfall.DescribeReplicationResponse }>(
    'server',
    'show',
    serverId,
  );
  return shown.replication;
}

test('a token that is none, a wrong one, a revoked one and a used one are refused by name', async () => {
  assertRefused(await source.install('lf_nonsense', 'refused'), 'TOKEN_MALFORMED');
  const token = decodeEnrolmentToken((await createToken()).token);
  const wrong = encodeEnrolmentToken({ ...token, secret: 'x'.repeat(token.secret.length) });
  assertRefused(await source.install(wrong, 'refused'), 'TOKEN_INVALID');
  const revoked = await createToken();
  await site.landfallJson('token', 'revoke', revoked.tokenID);
  assertRefused(await source.install(revoked.token, 'refused'), 'TOKEN_INVALID');
  const once = await createToken('--uses', '1');
  assertInstalled(await source.install(once.token));
  assertRefused(await source.install(once.token, 'second'), 'TOKEN_USED_UP');
  const [server] = await site.landfallJson<{ sourceServerID: string }[]>('server', 'list');
  serverId = server?.sourceServerID ?? '';
});

test('a launch without a recovery point makes no job', async () => {
  const result = await site.landfall('launch', 'test', serverId);
  assertRefused(result, 'ConflictException');
  assert.match(result.stderr, /recovery point/);
  assert.deepEqual(await site.landfallJson('job', 'list'), []);
});

test('two launches at once: the second is told that the server is in a job', async () => {
  await source.startAgent();
  const ready = async () => ((await replication()).recoveryPoints > 0 ? true : undefined);
  await waitFor(ready, { what: 'the first recovery point', timeoutMs: READY_MS });
  const first = await site.landfallJson<{ job: { jobID: string } }>('launch', 'test', serverId, '--no-wait');
  const second = await site.landfall('launch', 'test', serverId);
  assertRefused(
    second,
    'One or more of the Source Servers included in API call are currently being processed by a Job',
  );
  const done = async () => {
    const { job } = await site.landfallJson<{ job: { status: string } }>('job', 'show', first.job.jobID);
    return job.status === 'COMPLETED' ? true : undefined;
  };
  await waitFor(done, { what: 'the end of the first job', timeoutMs: 10 * 60_000 });
});

test('a disk without a system fails its launch with the reason, and replication goes on', async () => {
  const jobs = await site.landfallJson<{ jobID: string; participatingServers: { launchStatus: string }[] }[]>(
    'job',
    'list',
  );
  assert.equal(jobs[0]?.participatingServers[0]?.launchStatus, 'FAILED');
  const { log } = await site.landfallJson<{ log: { event: string; eventData?: { rawError?: string } }[] }>(
    'job',
    'show',
    jobs[0]?.jobID ?? '',
  );
  const failed = log.find(({ event }) => event === 'CONVERSION_FAIL');
  assert.match(failed?.eventData?.rawError ?? '', /CONVERSION_IMPOSSIBLE/);
  const before = await replication();
  assert.equal(before.state, 'CONTINUOUS');
  assert.ok(before.recoveryPoints > 0);
});

test('a disk without a system is told by the preflight, which began by itself', async () => {
  const inspected = async () => {
    const shown = await site.landfallJson<Landfall.DescribePreflightResponse>('server', 'show', serverId);
    return shown.preflight?.report?.findings;
  };
  const findings = await waitFor(inspected, { what: 'the preflight', timeoutMs: 10 * 60_000 });
  assert.deepEqual(
    findings.map(({ rank, code }) => `${rank} ${code}`),
    ['BLOCKER ROOT_MISSING'],
  );
});

test('a port that is taken is named, with what to do', async () => {
  const state = join(site.folder, 'second-state');
  const port = ['--port', String(site.port), '--listen', '127.0.0.1', '--address', '127.0.0.1'];
  const result = await site.landfall('up', ...port, '--state-dir', state);
  assertRefused(result, 'PORT_IN_USE');
});

test('a server, a job and a point that do not exist are named', async () => {
  assertRefused(await site.landfall('server', 'show', 'no-such-server'), 'SERVER_NOT_FOUND');
  assertRefused(await site.landfall('job', 'show', 'mgnjob-00000000000000000'), 'JOB_NOT_FOUND');
  assertRefused(
    await site.landfall('launch', 'test', serverId, '--at', '2001-01-01T00:00:00Z'),
    'NO_RECOVERY_POINT',
  );
  assertRefused(await site.landfall('launch', 'test', serverId, '--at', 'yesterday'), 'ValidationException');
});
