/**
 * The console in a real browser against the real control plane, replication server, launch host and agent:
 * a migration from the sign-in page to the archive, as somebody clicks it.
 */
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import type { Page } from 'playwright-core';
import type { Landfall } from '../packages/api/src/index.ts';
import type { ConsoleBrowser } from './console/console-browser.ts';
import {
  attachGuestDisks,
  type ConsoleStage,
  importServers,
  makeUser,
  openStage,
  touchDisk,
  waitForRetirement,
} from './console/console-stage.ts';
import { assertInstalled } from './loop-source.ts';

const FIRST_LOAD_BYTES_MAX = 600 * 1024;
const LAUNCH_MS = 12 * 60_000;
const SERVERS = 4000;
const SYNC_MS = 10 * 60_000;
const HISTORY_MS = 12_000;
/** Of somebody who means trouble, or only likes angle brackets. */
const NAME = 'shop <b>1</b> & "co"';
/** What the browser says of answers that are refusals; each is what a test asks for. */
const REFUSED = /status of 403/;
const LIVE = /^Live: /;

let stage: ConsoleStage;
let browser: ConsoleBrowser;
let page: Page;
let serverId = '';
let failedStep: string | undefined;

before(async () => {
  stage = await openStage();
  ({ browser } = stage);
  ({ page } = browser);
});

after(() => stage?.close());

/** Each goes on where the last one stopped, so after a failure there is nothing to go on from. */
function step(title: string, work: () => Promise<void>): void {
  test(title, async () => {
    assert.equal(failedStep, undefined, 'an earlier step failed');
    failedStep = title;
    await work();
    failedStep = undefined;
  });
}

async function signIn(): Promise<void> {
  await browser.signIn(stage.admin.accessKeyId, stage.admin.secretAccessKey);
}

/** Presses what the page offers as the next step, and says yes. */
async function takeNextStep(action: string): Promise<void> {
  await page.getByTestId('next-step').click();
  await confirm(action);
}

async function confirm(action: string): Promise<void> {
  const dialog = page.getByRole('dialog');
  const word = dialog.getByLabel('To confirm, type: confirm');
  const button = dialog.getByRole('button', { name: action, exact: true });
  if ((await word.count()) > 0) {
    assert.equal(await button.isDisabled(), true, 'what cannot be taken back asks for more than a click');
    await word.fill('confirm');
  }
  await button.click();
  await dialog.waitFor({ state: 'hidden' });
}

function isLive(): Promise<void> {
  return page.getByRole('button', { name: LIVE }).waitFor();
}

async function openTab(name: string): Promise<void> {
  await page.getByRole('tab', { name, exact: true }).click();
}

step('a browser at the root comes to the sign-in page, and a wrong secret stays there', async () => {
  await browser.goto('/');
  await page.getByRole('heading', { name: 'Sign in to Landfall' }).waitFor();
  assert.ok(page.url().endsWith('/console/'), page.url());
  await browser.look('sign-in');
  await browser.signIn(stage.admin.accessKeyId, 'not-the-secret');
  await page.getByText('This key and this secret do not belong together').waitFor();
  assert.equal(await page.evaluate<number>('sessionStorage.length'), 0);
  browser.assertQuiet(REFUSED);
});

step('signed in, the shell is light, and the secret is nowhere', async () => {
  await browser.goto('/console/servers');
  await signIn();
  await page.getByText('No server is protected yet').waitFor();
  const bytes = await browser.transferredBytes();
  assert.ok(bytes > 0 && bytes <= FIRST_LOAD_BYTES_MAX, `the first load took ${bytes} bytes`);
  const places = '[{ ...sessionStorage }, { ...localStorage }, document.cookie]';
  const stored = await page.evaluate<string>(`JSON.stringify(${places})`);
  assert.ok(!stored.includes(stage.admin.secretAccessKey));
  assert.ok(stored.endsWith(',""]'), 'there are no cookies');
  await browser.look('servers-empty');
});

step('pages teach what to do while there is nothing, in both languages, in light and dark', async () => {
  await browser.goto('/console/');
  await page.getByRole('heading', { name: 'Welcome to Landfall' }).waitFor();
  await isLive();
  await browser.look('dashboard-empty');
  await page.getByRole('button', { name: 'Language: English' }).click();
  await page.getByRole('menuitem', { name: '한국어' }).click();
  await page.getByRole('heading', { name: 'Landfall에 오신 것을 환영합니다' }).waitFor();
  assert.equal(await page.evaluate<string>('document.documentElement.lang'), 'ko');
  await page.getByRole('button', { name: '테마' }).click();
  await page.getByRole('menuitemcheckbox', { name: '어둡게' }).click();
  await browser.look('dashboard-korean-dark');
  await page.getByRole('link', { name: '소스 서버' }).click();
  await page.getByText('아직 보호하는 서버가 없습니다').waitFor();
  await browser.assertAccessible();
  await page.getByRole('button', { name: '테마' }).click();
  await page.getByRole('menuitemcheckbox', { name: '밝게' }).click();
  await page.getByRole('button', { name: '언어: 한국어' }).click();
  await page.getByRole('menuitem', { name: 'English' }).click();
  await page.getByText('No server is protected yet').waitFor();
  browser.assertQuiet();
});

step('a server is added by the command that the page gives, and arrives by itself', async () => {
  await attachGuestDisks(stage.source);
  await page.getByRole('link', { name: 'Add server' }).first().click();
  await page.getByText('It reaches the replication server').waitFor();
  await page.getByLabel('Name', { exact: true }).fill(NAME);
  await page.getByRole('button', { name: 'Make token' }).click();
  const command = (await page.getByTestId('install-command').textContent()) ?? '';
  const [, token = ''] = /--token (lf_\S+)/.exec(command) ?? [];
  await page.getByText('Waiting for your server…').waitFor();
  await browser.look('add-server');
  assertInstalled(await stage.source.install(token));
  await stage.source.startAgent();
  await page.getByText(`${NAME} has joined`).waitFor();
  await page.getByText('The first bytes have arrived').waitFor();
  await browser.look('add-server-joined');
  await page.getByRole('link', { name: `Open ${NAME}` }).click();
  await page.getByRole('heading', { name: NAME, level: 1 }).waitFor();
  [, serverId = ''] = /(s-[0-9a-z]{17})/.exec(page.url()) ?? [];
  assert.notEqual(serverId, '');
});

step('replication is followed without a reload until there is a recovery point', async () => {
  await openTab('Data replication');
  await page.getByText('Forecast', { exact: true }).waitFor();
  await browser.look('server-replication');
  await openTab('Migration');
  await page.getByRole('button', { name: 'Launch test machines' }).waitFor({ timeout: SYNC_MS });
  await browser.look('server');
  await stage.site.landfallJson(
    'boot-proof',
    'schedule',
    serverId,
    '--every',
    '0',
    '--before-cutover',
    'off',
  );
});

step('every part of the server’s page opens, and what it changes is changed', async () => {
  await openTab('Launch settings');
  await page.getByRole('button', { name: 'New version' }).click();
  await page.getByRole('dialog').getByLabel('TCP ports that are let in').fill('22, 8080');
  await confirm('New version');
  await page.getByText('is the default.').waitFor();
  await page.getByRole('cell', { name: '22, 8080' }).first().waitFor();
  await browser.look('server-launch-settings');
  await openTab('Disks, network, tags');
  await page.getByRole('button', { name: 'Add tag' }).click();
  await page.getByLabel('Key').last().fill('team');
  await page.getByLabel('Value').last().fill('<i>blue</i>');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('The tags were saved.').waitFor();
  await browser.look('server-details');
  await openTab('Events');
  await page.getByText('mgn:TagResource').waitFor();
  await browser.look('server-events');
  await openTab('Preflight');
  await page.getByRole('heading', { name: 'Preflight' }).waitFor();
  await browser.look('server-preflight');
});

step('a second of the past is chosen on the timeline and launched as a test', async () => {
  await touchDisk(stage.source, HISTORY_MS);
  await openTab('Recovery timeline');
  const strip = page.getByRole('slider');
  await strip.waitFor();
  await page.getByRole('button', { name: 'Show 10 sec' }).click();
  const newest = await page.getByTestId('selected').textContent();
  await strip.click({ position: { x: 200, y: 50 } });
  await strip.press('ArrowLeft');
  assert.notEqual(await strip.getAttribute('aria-valuetext'), null);
  const chosen = await page.getByTestId('selected').textContent();
  assert.notEqual(chosen, newest);
  await page.getByRole('button', { name: 'Show 1 hr' }).click();
  await browser.look('server-timeline');
  await page.getByRole('button', { name: 'Name this point' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('before <the> change');
  await confirm('Name this point');
  await page.getByRole('button', { name: 'Take the name away' }).waitFor();
  await page.getByRole('button', { name: 'Launch a test from here' }).click();
  await page.getByText('A machine is started from the recovery point of').waitFor();
  await confirm('Launch a test from here');
  await page.getByText(/The launch has begun: job mgnjob-/).waitFor();
  await openTab('Migration');
  await page.getByText(/^i-[0-9a-f]{17}$/).waitFor({ timeout: LAUNCH_MS });
  const [machine] = await stage.site.landfallJson<Landfall.LaunchedMachine[]>('machine', 'list');
  assert.equal(machine?.purpose, 'TEST');
  browser.assertQuiet();
});

async function waitForJobs(name: string, count: number): Promise<void> {
  await page.getByRole('link', { name: 'Dashboard' }).click();
  const rows = page.getByRole('row').filter({ hasText: name }).filter({ hasText: 'Completed' });
  await rows.nth(count - 1).waitFor({ timeout: LAUNCH_MS });
}

async function openServer(): Promise<void> {
  await page.getByRole('link', { name: 'Source servers' }).first().click();
  await page.getByRole('link', { name: NAME }).click();
}

step('the test is marked as good, the cutover launched and made final, the server archived', async () => {
  await waitForJobs('Test launch', 1);
  await browser.look('dashboard');
  await openServer();
  await takeNextStep('Mark as ready for cutover');
  await page.getByRole('heading', { name: 'Launch the cutover' }).waitFor();
  await takeNextStep('Launch cutover machines');
  await waitForJobs('Cutover launch', 1);
  await browser.goto('/console/servers');
  await page.getByText('Cutover in progress').waitFor();
  await browser.look('servers');
  await openServer();
  await page.getByTestId('next-step').click();
  await page.getByText('every recovery point of the server is deleted').waitFor();
  await browser.look('finalize');
  await confirm('Finalize cutover');
  await page.getByRole('heading', { name: 'Archive the server' }).waitFor();
  await waitForRetirement(stage.site, serverId);
  await takeNextStep('Archive');
  await page.getByText('This server is archived.').waitFor();
  await page.getByRole('link', { name: 'Source servers' }).first().click();
  await page.getByText('No server is protected yet').waitFor();
  await page.getByText('Show archived servers').click();
  await page.getByRole('link', { name: NAME }).waitFor();
  browser.assertQuiet();
});

step('a user who may only read sees everything, and is told why nothing can be changed', async () => {
  const ann = await makeUser(stage.site, 'ann', 'AWSApplicationMigrationReadOnlyAccess');
  await page.getByRole('button', { name: /^Signed in with/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await browser.signIn(ann.accessKeyId, ann.secretAccessKey);
  await page.getByRole('link', { name: NAME }).click();
  await page.getByTestId('server-actions').getByRole('button').first().click();
  await page.getByRole('menuitem', { name: 'Delete', exact: true }).click();
  await confirm('Delete');
  await page.getByText('Ask an administrator for a policy that allows this').waitFor();
  await page.getByText('AccessDeniedException').waitFor();
  await browser.assertAccessible();
  await page.getByRole('heading', { name: NAME, level: 1 }).waitFor();
  browser.assertQuiet(REFUSED);
  await stage.site.landfallJson('access-key', 'deactivate', 'ann', ann.accessKeyId);
  await page.getByRole('button', { name: LIVE }).click();
  await page.getByText('Your session has ended').waitFor();
  await browser.assertAccessible();
  const address = page.url();
  await signIn();
  await page.getByText('Your session has ended').waitFor({ state: 'hidden' });
  assert.equal(page.url(), address, 'the page kept its place');
  browser.assertQuiet(REFUSED);
});

step('four thousand servers cost one page, and many are changed at once', async () => {
  await importServers(stage.site, SERVERS);
  await browser.goto('/console/servers');
  const rows = page
    .getByRole('row')
    .filter({ has: page.getByRole('checkbox', { name: /^Select imported-/ }) });
  await rows.nth(24).waitFor();
  assert.equal(await rows.count(), 25);
  assert.equal(await rows.filter({ hasText: 'imported-0000' }).count(), 1);
  await page.getByRole('button', { name: 'Next page' }).click();
  await page.locator('button[aria-current="true"]', { hasText: '2' }).waitFor();
  await rows.filter({ hasText: 'imported-0000' }).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Preferences' }).click();
  await page.getByRole('radio', { name: '10', exact: true }).check();
  await page.getByRole('button', { name: 'Save' }).click();
  await rows.nth(10).waitFor({ state: 'detached' });
  // The header that stays while rows scroll lies over it and has the same box: either will do.
  await page.getByRole('checkbox', { name: 'Select all servers of this page' }).check({ force: true });
  await page.getByTestId('server-actions').getByRole('button').first().click();
  await page.getByRole('menuitem', { name: 'Delete', exact: true }).click();
  await page.getByText('and 2 more').waitFor();
  await browser.look('delete-servers');
  await confirm('Delete');
  await page.getByText('Delete: accepted for 10 servers.').waitFor();
  await browser.goto('/console/');
  await page
    .getByRole('link', { name: `Waiting for its agent: ${(SERVERS - 10).toLocaleString('en')}` })
    .click();
  await rows.nth(9).waitFor();
  assert.match(page.url(), /state=PENDING_INSTALLATION/);
  browser.assertQuiet();
});

step('a server that is gone, and a page that never was, are told; the rest goes on', async () => {
  await browser.goto('/console/servers/s-00000000000000000');
  await page.getByRole('heading', { name: 'It is not there any more' }).waitFor();
  await browser.look('gone');
  await page.getByRole('link', { name: 'To the list' }).click();
  await page.getByRole('heading', { name: 'Source servers' }).waitFor();
  await browser.goto('/console/no/such/page');
  await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
  browser.assertQuiet();
});

step(
  'a control plane that stalls, then dies, is told of; the page is usable and comes back by itself',
  async () => {
    const pid = stage.site.services.pids.get('control-plane') ?? 0;
    await browser.goto('/console/');
    await isLive();
    process.kill(pid, 'SIGSTOP');
    await page.getByRole('link', { name: 'Source servers' }).first().click();
    await page.getByText('takes longer than usual to answer').waitFor();
    process.kill(pid, 'SIGCONT');
    await page.getByText('takes longer than usual to answer').waitFor({ state: 'hidden' });
    process.kill(pid, 'SIGKILL');
    await page.getByRole('button', { name: /^Looking every 15 s/ }).waitFor();
    await isLive();
    await page.getByRole('heading', { name: 'Source servers' }).waitFor();
    browser.assertQuiet(/ERR_|status of 5/);
  },
);
