import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { ensureGuestImage } from '../apps/cli/src/demo/guest-image.ts';
import { waitFor } from '../apps/cli/src/demo/http-ledger.ts';
import { cacheFolder } from '../apps/cli/src/setup/cache-folder.ts';
import type { Landfall, Mgn } from '../packages/api/src/index.ts';
import { runChecked } from '../packages/runtime/src/index.ts';
import { assertInstalled, LoopSource } from './loop-source.ts';
import { FILL_LIMIT, proveFilling } from './machine-filling.ts';
import { Site } from './site.ts';

const READY_MS = 5 * 60_000;
const BOOT_MS = 5 * 60_000;
const LAUNCH_MS = 12 * 60_000;

test('Debian’s aws CLI takes a server through the whole lifecycle', async (context) => {
  const site = await Site.create();
  context.after(() => site.close());
  const source = new LoopSource(site.folder);
  context.after(() => source.close());
  await attachGuestDisks(source);

  const token = await site.landfallJson<Landfall.CreateEnrolmentTokenResponse>('token', 'create');
  assertInstalled(await source.install(token.token));
  await source.startAgent();
  await waitForState(site, 'READY_FOR_TEST');
  const server = await onlyServer(site);
  const id = server.sourceServerID ?? '';
  await configure(site, id, server.arn ?? '');

  await launch(site, ['start-test', '--source-server-ids', id], 'START_TEST');
  assert.equal((await onlyServer(site)).lifeCycle?.state, 'TESTING');
  await proveMachine(site);
  await site.awsJson(
    'change-server-life-cycle-state',
    '--source-server-id',
    id,
    '--life-cycle',
    'state=READY_FOR_TEST',
  );
  await launch(site, ['terminate-target-instances', '--source-server-ids', id], 'TERMINATE');
  await site.awsJson(
    'change-server-life-cycle-state',
    '--source-server-id',
    id,
    '--life-cycle',
    'state=READY_FOR_CUTOVER',
  );

  await site.landfallJson('launch-template', 'set', id, '--fill-limit', FILL_LIMIT);
  await launch(site, ['start-cutover', '--source-server-ids', id], 'START_CUTOVER');
  await proveMachine(site);
  await proveFilling(site, context);
  await proveMachine(site);
  const cutOver = await site.awsJson<Mgn.SourceServer>('finalize-cutover', '--source-server-id', id);
  assert.equal(cutOver.lifeCycle?.state, 'CUTOVER');
  assert.equal(cutOver.dataReplicationInfo?.dataReplicationState, 'DISCONNECTED');
  await waitForRetirement(site, id);
  const archived = await site.awsJson<Mgn.SourceServer>('mark-as-archived', '--source-server-id', id);
  assert.equal(archived.isArchived, true);
  await site.awsJson('delete-source-server', '--source-server-id', id);
  const left = await site.awsJson<Mgn.DescribeSourceServersResponse>(
    'describe-source-servers',
    '--filters',
    '{}',
  );
  assert.deepEqual(left.items, []);
});

/** Copies of the demo server's own disks: at rest, bootable, real. */
async function attachGuestDisks(source: LoopSource): Promise<void> {
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const image = await ensureGuestImage({ cacheFolder: cacheFolder(), onStep: say });
  for (const [name, file] of [
    ['root', image.rootDisk],
    ['data', image.dataDisk],
  ] as const) {
    const copy = join(source.folder, `${name}.raw`);
    await runChecked(['cp', '--sparse=always', '--reflink=auto', file, copy]);
    await source.attach(copy);
  }
}

async function onlyServer(site: Site): Promise<Mgn.SourceServer> {
  const page = await site.awsJson<Mgn.DescribeSourceServersResponse>(
    'describe-source-servers',
    '--filters',
    '{}',
  );
  const [server] = page.items ?? [];
  assert.ok(server !== undefined && page.items?.length === 1, 'there is one source server');
  return server;
}

async function waitForState(site: Site, state: string): Promise<void> {
  const find = async () => ((await onlyServer(site)).lifeCycle?.state === state ? true : undefined);
  await waitFor(find, { what: `lifecycle state ${state}`, timeoutMs: READY_MS });
}

async function configure(site: Site, id: string, arn: string): Promise<void> {
  const launchConfiguration = await site.awsJson<Mgn.LaunchConfiguration>(
    ...['update-launch-configuration', '--source-server-id', id, '--name', 'ledger'],
    ...['--launch-disposition', 'STARTED', '--target-instance-type-right-sizing-method', 'NONE'],
  );
  assert.equal(launchConfiguration.name, 'ledger');
  const replication = await site.awsJson<Mgn.ReplicationConfiguration>(
    'get-replication-configuration',
    '--source-server-id',
    id,
  );
  assert.equal(replication.replicatedDisks?.length, 2);
  await site.awsJson(
    'update-replication-configuration',
    '--source-server-id',
    id,
    '--bandwidth-throttling',
    '0',
  );
  await site.awsJson('tag-resource', '--resource-arn', arn, '--tags', 'wave=1');
  const tags = await site.awsJson<Mgn.ListTagsForResourceResponse>(
    'list-tags-for-resource',
    '--resource-arn',
    arn,
  );
  assert.equal(tags.tags?.wave, '1');
}

async function launch(site: Site, parameters: readonly string[], initiatedBy: string): Promise<void> {
  const { job } = await site.awsJson<{ job: Mgn.Job }>(...parameters);
  const find = async () => {
    const page = await site.awsJson<Mgn.DescribeJobsResponse>(
      'describe-jobs',
      '--filters',
      JSON.stringify({ jobIDs: [job.jobID] }),
    );
    const found = page.items?.[0];
    return found?.status === 'COMPLETED' ? found : undefined;
  };
  const done = await waitFor(find, { what: `job ${job.jobID}`, timeoutMs: LAUNCH_MS });
  assert.equal(done.initiatedBy, initiatedBy);
  const log = await site.awsJson<Mgn.DescribeJobLogItemsResponse>(
    'describe-job-log-items',
    '--job-id',
    job.jobID,
  );
  const events = (log.items ?? []).map((item) => item.event);
  const expected = initiatedBy === 'TERMINATE' ? 'TERMINATED' : 'LAUNCHED';
  assert.equal(done.participatingServers?.[0]?.launchStatus, expected, JSON.stringify(log.items));
  assert.equal(events[0], 'JOB_START');
  assert.equal(events.at(-1), 'JOB_END');
}

async function proveMachine(site: Site): Promise<void> {
  const find = async () => {
    const machines = await site.landfallJson<Landfall.LaunchedMachine[]>('machine', 'list');
    return machines
      .find(({ phase }) => phase === 'RUNNING')
      ?.published.find(({ guestPort }) => guestPort === 80);
  };
  const port = await waitFor(find, { what: 'a running machine', timeoutMs: 60_000 });
  // Its disks are called otherwise here than in its own fstab, so only the root is mounted; the page is on
  // it.
  const answers = async () => ((await isAnswering(`http://${port.host}:${port.port}/`)) ? true : undefined);
  await waitFor(answers, { what: 'HTTP 200 from the machine', timeoutMs: BOOT_MS });
}

async function isAnswering(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(5000) })).ok;
  } catch {
    // Not up yet; the caller polls and has the deadline.
    return false;
  }
}

async function waitForRetirement(site: Site, id: string): Promise<void> {
  const find = async () => {
    const { replication } = await site.landfallJson<{ replication: Landfall.DescribeReplicationResponse }>(
      'server',
      'show',
      id,
    );
    return replication.stagingDiscarded ? true : undefined;
  };
  await waitFor(find, { what: 'freed staging', timeoutMs: LAUNCH_MS });
}
