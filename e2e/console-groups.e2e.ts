/**
 * Machines, jobs, applications and waves in a real browser against the real control plane. What launches is
 * simulated at the launch host, so that a wave takes seconds: what is looked at here are the pages.
 */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import type { Page } from 'playwright-core';
import { ensureConsolePages } from '../apps/cli/src/setup/console-pages.ts';
import { cleanUpAfter } from '../apps/control-plane/src/testing/clean-up.ts';
import { startTestSite, type TestSite } from '../apps/control-plane/src/testing/test-site.ts';
import { ConsoleBrowser } from './console/console-browser.ts';
import { addMembers, confirm } from './console/group-clicks.ts';

/** Of somebody who means trouble, or only likes angle brackets. */
const SHOP = 'shop <b>1</b> & "co"';
const WAVE = 'night <i>1</i>';
const SERVERS = ['web <b>1</b>', 'database'] as const;
/** What the browser says of a refusal that a step asks for. */
const CONFLICT = /status of 409/;

interface Story {
  readonly site: TestSite;
  readonly browser: ConsoleBrowser;
  readonly page: Page;
}

async function tell(t: TestContext): Promise<Story> {
  const consoleDir = await ensureConsolePages((line) => void process.stderr.write(`${line}\n`));
  const site = await startTestSite(t, { consoleDir });
  const browser = await ConsoleBrowser.open({ url: site.plane.url });
  cleanUpAfter(t, () => browser.close());
  return { site, browser, page: browser.page };
}

async function addServers({ plane, addAgent, server }: TestSite): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const name of SERVERS) {
    const { sourceServerId } = await addAgent();
    const { arn = '' } = await server(sourceServerId);
    await plane.api.mgn('TagResource', { resourceArn: arn, tags: { Name: name } });
    ids.push(sourceServerId);
  }
  return ids;
}

test('applications and waves are made, launched together, looked at and ended', async (t) => {
  const story = await tell(t);
  const { site, browser, page } = story;
  const { api, admin } = site.plane;
  const sourceServerIDs = await addServers(site);

  await t.test('lists without anything in them teach', async () => {
    await browser.goto('/console/machines');
    await browser.signIn(admin.accessKeyId, admin.secretAccessKey);
    await page.getByText('No machine runs').waitFor();
    await browser.look('machines-empty');
    for (const [path, text] of [
      ['jobs', 'There was no job yet'],
      ['applications', 'There is no application yet'],
      ['waves', 'There is no wave yet'],
    ] as const) {
      await browser.goto(`/console/${path}`);
      await page.getByText(text).waitFor();
      await browser.look(`${path}-empty`);
    }
  });

  await t.test('an application is made, and servers join it', async () => {
    await browser.goto('/console/applications');
    await page.getByRole('button', { name: 'Create application' }).first().click();
    await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill(SHOP);
    await confirm(page, 'Create application');
    await page.getByRole('heading', { name: SHOP, exact: true }).waitFor();
    await page.getByText('No server belongs to it yet').waitFor();
    await addMembers(page, 'Add servers', SERVERS);
    for (const name of SERVERS) await page.getByRole('link', { name, exact: true }).waitFor();
    await browser.look('application');
  });

  await t.test('an application that is not moved yet is not archived: code, cause and remedy', async () => {
    await page.getByRole('button', { name: 'Actions' }).first().click();
    await page.getByRole('menuitem', { name: 'Archive', exact: true }).click();
    await confirm(page, 'Archive');
    await page.getByText(/neither cut over nor archived/).waitFor();
    await page.getByText('Code: ConflictException').waitFor();
    browser.assertQuiet(CONFLICT);
  });

  await t.test('a wave is made and tested with one button, which says what will happen', async () => {
    await browser.goto('/console/waves');
    await page.getByRole('button', { name: 'Create wave' }).first().click();
    await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill(WAVE);
    await confirm(page, 'Create wave');
    await page.getByText('No application belongs to it yet').waitFor();
    await addMembers(page, 'Add applications', [SHOP]);
    await page.getByRole('link', { name: SHOP, exact: true }).waitFor();
    await browser.look('wave');
    await page.getByRole('button', { name: 'Test the wave' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/of each of 2 servers, in an isolated network/).waitFor();
    await browser.assertAccessible();
    await confirm(page, 'Test the wave');
  });

  await t.test('its job goes through its steps', async () => {
    await page.getByRole('heading', { name: 'Test launch' }).waitFor();
    await page.getByText('Completed', { exact: true }).waitFor();
    await page.getByText('2 of 2 servers').waitFor();
    await page.getByText('The job ended').waitFor();
    await browser.look('job');
  });

  await t.test('a machine shows its screen, its console, its ports, and why it is kept', async () => {
    await page.getByRole('link', { name: /^i-/ }).first().click();
    await page.getByRole('img', { name: /What the screen of i-.* shows now/ }).waitFor();
    const written = page.getByLabel('Serial console');
    await written.waitFor();
    assert.equal(await written.inputValue(), 'login:');
    await page.getByText('127.0.0.1:18080').waitFor();
    const end = page.getByRole('button', { name: 'End the machine' });
    assert.equal(await end.getAttribute('aria-disabled'), 'true');
    await browser.look('machine');
    await browser.goto('/console/machines');
    await page.getByRole('link', { name: /^i-/ }).nth(1).waitFor();
    await browser.look('machines');
  });

  await t.test('a machine is ended in words, and its job tells of it', async () => {
    const [first = ''] = sourceServerIDs;
    const lifeCycle = { state: 'READY_FOR_TEST' } as const;
    await api.mgn('ChangeServerLifeCycleState', { sourceServerID: first, lifeCycle });
    const { items } = await api.landfall('DescribeLaunchedMachines', { sourceServerIDs: [first] });
    await browser.goto(`/console/machines/${items[0]?.machineID}`);
    await page.getByRole('button', { name: 'End the machine' }).click();
    await page.getByText(/Everything that was changed in it since its start/).waitFor();
    await browser.assertAccessible();
    await confirm(page, 'End the machine');
    await page.getByRole('heading', { name: 'Termination' }).waitFor();
    await page.getByText('Completed', { exact: true }).waitFor();
    browser.assertQuiet();
  });

  await t.test('a job that fails says where, why and what to do', async () => {
    site.host.failConversion = true;
    site.host.failureCode = 'CONVERSION_IMPOSSIBLE';
    const [first = ''] = sourceServerIDs;
    const { job } = await api.mgn('StartTest', { sourceServerIDs: [first] });
    await browser.goto('/console/jobs');
    await page.getByText('Completed with failures').waitFor();
    await page.getByRole('link', { name: job?.jobID ?? '', exact: true }).click();
    await page.getByText('It failed for 1 server').waitFor();
    await page.getByText('Code: CONVERSION_IMPOSSIBLE').waitFor();
    await page.getByText(/Do what the message says on the source server/).waitFor();
    await page.getByText(/step “Convert the disks”/).waitFor();
    await browser.look('job-failed');
    await browser.goto('/console/jobs');
    await page.getByText('Completed with failures').waitFor();
    await browser.assertAccessible();
    browser.assertQuiet();
  });

  await t.test('all of it is there in Korean too', async () => {
    await page.evaluate("localStorage.setItem('landfall-language', 'ko')");
    const { items = [] } = await api.mgn('ListWaves', {});
    await browser.goto(`/console/waves/${items[0]?.waveID}`);
    await page.getByRole('button', { name: '웨이브 테스트' }).waitFor();
    await page.getByRole('link', { name: SHOP, exact: true }).waitFor();
    await browser.look('wave-korean');
    await browser.goto('/console/machines');
    await page.getByRole('heading', { name: '시작한 시스템' }).waitFor();
    await browser.look('machines-korean');
  });

  await t.test('what is gone says so, and leads back', async () => {
    await page.evaluate("localStorage.setItem('landfall-language', 'en')");
    for (const path of ['machines/i-0123456789abcdef0', 'jobs/mgnjob-0123456789abcdef0']) {
      await browser.goto(`/console/${path}`);
      await page.getByRole('heading', { name: 'It is not there any more' }).waitFor();
    }
    browser.assertQuiet();
  });
});
