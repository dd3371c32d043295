/**
 * The lifecycle on real replication, by clients of others: Debian's aws takes a server through it, then the
 * JavaScript SDK the same server again, enrolled anew. The first proves that its machines run.
 */
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { ensureGuestImage } from '../apps/cli/src/demo/guest-image.ts';
import { waitFor } from '../apps/cli/src/demo/http-ledger.ts';
import { cacheFolder } from '../apps/cli/src/setup/cache-folder.ts';
import { type CallMgn, openSdk } from '../apps/control-plane/src/conformance/mgn-client.testing.ts';
import { cleanUpAfter } from '../apps/control-plane/src/testing/clean-up.ts';
import type { Landfall, Mgn } from '../packages/api/src/index.ts';
import { runChecked } from '../packages/runtime/src/index.ts';
import { assertInstalled, LoopSource } from './loop-source.ts';
import { FILL_LIMIT, proveFilling } from './machine-filling.ts';
import { Site } from './site.ts';

const READY_MS = 5 * 60_000;
const BOOT_MS = 5 * 60_000;
const LAUNCH_MS = 12 * 60_000;
const EMPTY_MIB = 32;
const CREDENTIALS = 'control-plane/admin-credentials.json';

interface Client {
  readonly site: Site;
  readonly context: TestContext;
  readonly mgn: CallMgn;
  /** Its agent's state. */
  readonly name: 'awscli' | 'sdk';
}

test('Debian’s aws and the JavaScript SDK take a server through the whole lifecycle', async (context) => {
  const site = await Site.create();
  cleanUpAfter(context, () => site.close());
  const source = new LoopSource(site.folder);
  cleanUpAfter(context, () => source.close());
  await attachGuestDisks(source);
  const empty = new LoopSource(join(site.folder, 'empty'));
  cleanUpAfter(context, () => empty.close());
  await mkdir(empty.folder);
  await empty.attachEmpty('empty.raw', EMPTY_MIB);
  const credentials = JSON.parse(await readFile(join(site.stateDir, CREDENTIALS), 'utf8'));
  const sdk = await openSdk(context, credentials);
  const clients: readonly Client[] = [
    { site, context, name: 'awscli', mgn: callByAws(site) },
    { site, context, name: 'sdk', mgn: sdk.call },
  ];
  for (const client of clients) {
    await disconnect(client, empty);
    await takeThroughLifecycle(client, source);
  }
});

/** `StartTest` with `sourceServerIDs` is `aws mgn start-test --source-server-ids …`. */
function callByAws(site: Site): CallMgn {
  const call = (name: string, input: object) => {
    const options = Object.entries(input).map(([member, value]) => [
      `--${dashed(member)}`,
      typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]);
    return site.awsJson(dashed(name), ...options.flat());
  };
  return call as CallMgn;
}

function dashed(name: string): string {
  return name
    .replace(/IDs?$/, (id) => `-${id.toLowerCase()}`)
    .replace(/(?<=[a-z0-9])[A-Z]/g, '-$&')
    .toLowerCase();
}

/** Before any launch: nothing is left of it but its record, and then not even that. */
async function disconnect(client: Client, source: LoopSource): Promise<void> {
  const { mgn } = client;
  const { sourceServerID = '' } = await enrol(client, source);
  const gone = await mgn('DisconnectFromService', { sourceServerID });
  assert.equal(gone.lifeCycle?.state, 'DISCONNECTED');
  await archiveAndDelete(client, sourceServerID);
}

/** READY_FOR_TEST. */
async function enrol({ site, mgn, name }: Client, source: LoopSource): Promise<Mgn.SourceServer> {
  const { token } = await site.landfallJson<Landfall.CreateEnrolmentTokenResponse>('token', 'create');
  assertInstalled(await source.install(token, name));
  await source.startAgent(name);
  const find = async () => {
    const server = await onlyServer(mgn);
    return server.lifeCycle?.state === 'READY_FOR_TEST' ? server : undefined;
  };
  return waitFor(find, { what: `${name}: a server that is READY_FOR_TEST`, timeoutMs: READY_MS });
}

async function takeThroughLifecycle(client: Client, source: LoopSource): Promise<void> {
  const { mgn, site, context } = client;
  const { sourceServerID = '', arn = '' } = await enrol(client, source);
  const sourceServerIDs = [sourceServerID];
  await configure(client, sourceServerID, arn);

  await untilLaunched(client, await mgn('StartTest', { sourceServerIDs }), 'START_TEST');
  assert.equal((await onlyServer(mgn)).lifeCycle?.state, 'TESTING');
  await proveMachine(client);
  const setState = (state: Mgn.ChangeServerLifeCycleStateSourceServerLifecycleState) =>
    mgn('ChangeServerLifeCycleState', { sourceServerID, lifeCycle: { state } });
  await setState('READY_FOR_TEST');
  await untilLaunched(client, await mgn('TerminateTargetInstances', { sourceServerIDs }), 'TERMINATE');
  await setState('READY_FOR_CUTOVER');

  if (isProved(client))
    await site.landfallJson('launch-template', 'set', sourceServerID, '--fill-limit', FILL_LIMIT);
  await untilLaunched(client, await mgn('StartCutover', { sourceServerIDs }), 'START_CUTOVER');
  await proveMachine(client);
  if (isProved(client)) {
    await proveFilling(site, context);
    await proveMachine(client);
  }
  const cutOver = await mgn('FinalizeCutover', { sourceServerID });
  assert.equal(cutOver.lifeCycle?.state, 'CUTOVER');
  assert.equal(cutOver.dataReplicationInfo?.dataReplicationState, 'DISCONNECTED');
  await archiveAndDelete(client, sourceServerID);
}

async function archiveAndDelete({ site, mgn }: Client, sourceServerID: string): Promise<void> {
  await waitForRetirement(site, sourceServerID);
  assert.equal((await mgn('MarkAsArchived', { sourceServerID })).isArchived, true);
  await mgn('DeleteSourceServer', { sourceServerID });
  assert.deepEqual((await mgn('DescribeSourceServers', { filters: {} })).items, []);
}

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

async function onlyServer(mgn: CallMgn): Promise<Mgn.SourceServer> {
  const { items = [] } = await mgn('DescribeSourceServers', { filters: {} });
  const [server] = items;
  assert.ok(server !== undefined && items.length === 1, 'there is one source server');
  return server;
}

async function configure({ mgn }: Client, sourceServerID: string, resourceArn: string): Promise<void> {
  const launchConfiguration = await mgn('UpdateLaunchConfiguration', {
    ...{ sourceServerID, name: 'ledger', launchDisposition: 'STARTED' },
    targetInstanceTypeRightSizingMethod: 'NONE',
  });
  assert.equal(launchConfiguration.name, 'ledger');
  const replication = await mgn('GetReplicationConfiguration', { sourceServerID });
  assert.equal(replication.replicatedDisks?.length, 2);
  await mgn('UpdateReplicationConfiguration', { sourceServerID, bandwidthThrottling: 0 });
  await mgn('TagResource', { resourceArn, tags: { wave: '1' } });
  assert.equal((await mgn('ListTagsForResource', { resourceArn })).tags?.wave, '1');
}

async function untilLaunched(
  { mgn }: Client,
  { job }: { readonly job?: Mgn.Job | undefined },
  initiatedBy: string,
): Promise<void> {
  const jobID = job?.jobID ?? '';
  const find = async () => {
    const { items = [] } = await mgn('DescribeJobs', { filters: { jobIDs: [jobID] } });
    return items[0]?.status === 'COMPLETED' ? items[0] : undefined;
  };
  const done = await waitFor(find, { what: `job ${jobID}`, timeoutMs: LAUNCH_MS });
  assert.equal(done.initiatedBy, initiatedBy);
  const { items: log = [] } = await mgn('DescribeJobLogItems', { jobID });
  const expected = initiatedBy === 'TERMINATE' ? 'TERMINATED' : 'LAUNCHED';
  assert.equal(done.participatingServers?.[0]?.launchStatus, expected, JSON.stringify(log));
  assert.deepEqual([log[0]?.event, log.at(-1)?.event], ['JOB_START', 'JOB_END']);
}

/** A machine runs the same, whoever asked for it. */
function isProved({ name }: Client): boolean {
  return name === 'awscli';
}

async function proveMachine(client: Client): Promise<void> {
  const { site } = client;
  if (!isProved(client)) return;
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
