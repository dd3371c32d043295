/**
 * A wave of two servers in a real browser, on the real control plane, replication server and launch host: two
 * agents replicate the disks of a guest each, and one button converts and starts both.
 */
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import type { Page } from 'playwright-core';
import { waitFor } from '../apps/cli/src/demo/http-ledger.ts';
import type { Landfall, Mgn } from '../packages/api/src/index.ts';
import type { ConsoleBrowser } from './console/console-browser.ts';
import { attachGuestDisks, type ConsoleStage, openStage } from './console/console-stage.ts';
import { addMembers, confirm, makeGroup } from './console/group-clicks.ts';
import { assertInstalled, LoopSource } from './loop-source.ts';

const SERVERS = ['web', 'database'] as const;
const SYNC_MS = 15 * 60_000;
const LAUNCH_MS = 25 * 60_000;

let stage: ConsoleStage;
let browser: ConsoleBrowser;
let page: Page;
const sources: LoopSource[] = [];

before(async () => {
  stage = await openStage();
  ({ browser } = stage);
  ({ page } = browser);
});

after(async () => {
  for (const source of sources) await source.close();
  await stage?.close();
});

/** Replicates a copy of the guest's disks; returns its id. */
async function addServer(name: string): Promise<string> {
  const { site } = stage;
  const folder = join(site.folder, name);
  await mkdir(folder, { recursive: true });
  const source = new LoopSource(folder);
  sources.push(source);
  await attachGuestDisks(source);
  const known = new Set((await listServers()).map(({ sourceServerID }) => sourceServerID));
  const { token } = await site.landfallJson<Landfall.CreateEnrolmentTokenResponse>('token', 'create');
  assertInstalled(await source.install(token));
  await source.startAgent();
  const added = (await listServers()).find(({ sourceServerID }) => !known.has(sourceServerID));
  assert.ok(added?.sourceServerID !== undefined);
  const { sourceServerID, arn = '' } = added;
  await site.awsJson('tag-resource', '--resource-arn', arn, '--tags', `Name=${name}`);
  await site.landfallJson('boot-proof', 'schedule', sourceServerID, '--every', '0');
  return sourceServerID;
}

async function listServers(): Promise<readonly Mgn.SourceServer[]> {
  const { items = [] } =
    await stage.site.awsJson<Mgn.DescribeSourceServersResponse>('describe-source-servers');
  return items;
}

async function untilReady(ids: readonly string[]): Promise<void> {
  const areReady = async () => {
    const ready = (await listServers()).filter(({ lifeCycle }) => lifeCycle?.state === 'READY_FOR_TEST');
    return ids.every((id) => ready.some(({ sourceServerID }) => sourceServerID === id)) ? true : undefined;
  };
  await waitFor(areReady, { what: 'a recovery point of each server', timeoutMs: SYNC_MS });
}

test('a wave of two real servers is put together and tested with one button', async () => {
  const ids: string[] = [];
  for (const name of SERVERS) ids.push(await addServer(name));
  await untilReady(ids);
  await browser.goto('/console/applications');
  await browser.signIn(stage.admin.accessKeyId, stage.admin.secretAccessKey);
  await makeGroup(page, 'Create application', 'shop');
  await addMembers(page, 'Add servers', SERVERS);
  await browser.goto('/console/waves');
  await makeGroup(page, 'Create wave', 'night 1');
  await addMembers(page, 'Add applications', ['shop']);
  await page.getByRole('link', { name: 'shop', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Test the wave' }).click();
  await page
    .getByRole('dialog')
    .getByText(/of each of 2 servers, in an isolated network/)
    .waitFor();
  await confirm(page, 'Test the wave');
  await page.getByRole('heading', { name: 'Test launch' }).waitFor();
  await page.getByText('Completed', { exact: true }).waitFor({ timeout: LAUNCH_MS });
  assert.equal(await page.getByText(/^It failed for/).count(), 0, 'both were launched');
  await page.getByText('2 of 2 servers').waitFor();
  await page.getByRole('link', { name: /^i-/ }).nth(1).waitFor();
  const machines = await stage.site.landfallJson<Landfall.LaunchedMachine[]>('machine', 'list');
  const running = machines.filter(({ purpose, phase }) => purpose === 'TEST' && phase === 'RUNNING');
  assert.deepEqual(running.map(({ sourceServerID }) => sourceServerID).sort(), ids.toSorted());
  await page.getByRole('link', { name: /^i-/ }).first().click();
  await page.getByRole('img', { name: /What the screen of i-.* shows now/ }).waitFor();
  await browser.goto('/console/waves');
  await page.getByRole('link', { name: 'night 1' }).waitFor();
  browser.assertQuiet();
});
