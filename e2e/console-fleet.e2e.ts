/**
 * What the console says of many servers, and what runs in the machines of one, in a real browser against the
 * real control plane. Programs are simulated: what is looked at here are the pages.
 */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import type { Page } from 'playwright-core';
import { ensureConsolePages } from '../apps/cli/src/setup/console-pages.ts';
import { cleanUpAfter } from '../apps/control-plane/src/testing/clean-up.ts';
import { addReportedServers } from '../apps/control-plane/src/testing/many-servers.ts';
import type { SimulatedAgent } from '../apps/control-plane/src/testing/simulated-programs.ts';
import { startTestSite, type TestSite } from '../apps/control-plane/src/testing/test-site.ts';
import { ConsoleBrowser } from './console/console-browser.ts';

/** Of somebody who likes angle brackets. */
const SHOP = 'shop <b>1</b>';
const MANY = 4000;
const KOREAN = "localStorage.setItem('landfall-language', 'ko')";
const ENGLISH = "localStorage.setItem('landfall-language', 'en')";

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

/** A template with an action, and a server that has copied it. */
async function addShop({ plane, addAgent, server }: TestSite): Promise<SimulatedAgent> {
  const { api } = plane;
  const made = await api.mgn('CreateLaunchConfigurationTemplate', { tags: { Name: 'standard' } });
  await api.mgn('PutTemplateAction', {
    launchConfigurationTemplateID: made.launchConfigurationTemplateID,
    ...{ actionID: 'disks', actionName: 'check disks', documentIdentifier: 'landfall-check-disks' },
    ...{ order: 1001, mustSucceedForCutover: true },
  });
  const agent = await addAgent();
  const { arn = '' } = await server(agent.sourceServerId);
  await api.mgn('TagResource', { resourceArn: arn, tags: { Name: SHOP } });
  return agent;
}

async function actionNames({ plane }: TestSite, sourceServerID: string): Promise<readonly string[]> {
  const { items = [] } = await plane.api.mgn('ListSourceServerActions', { sourceServerID });
  return items.map(({ actionName = '' }) => actionName);
}

test('post-launch actions are added, put in order, changed and removed, and their outcome is kept', async (t) => {
  const { site, browser, page } = await tell(t);
  const { admin, api } = site.plane;
  const { sourceServerId: sourceServerID } = await addShop(site);
  const dialog = page.getByRole('dialog');

  await t.test('the tab says where an action comes from, and that none has run yet', async () => {
    await browser.goto(`/console/servers/${sourceServerID}?tab=actions`);
    await browser.signIn(admin.accessKeyId, admin.secretAccessKey);
    await page.getByRole('link', { name: 'standard' }).waitFor();
    await page.getByText('No launch of this server has run actions yet').waitFor();
    await browser.assertAccessible();
  });

  await t.test('an action is added with the values of its parameters', async () => {
    await page.getByRole('button', { name: 'Add action' }).click();
    await dialog.getByRole('button', { name: /^Script/ }).click();
    await page.getByRole('option', { name: /landfall-create-file/ }).click();
    const add = dialog.getByRole('button', { name: 'Add action' });
    await dialog.getByText('Choose a value for path.').waitFor();
    assert.equal(await add.isDisabled(), true, 'a value is missing');
    await dialog.getByRole('button', { name: /^path/ }).click();
    await page.getByRole('option', { name: 'What is known at the launch' }).click();
    await dialog.getByLabel('Path to the value for path').fill('sourceServerID');
    await dialog.getByLabel('Name', { exact: true }).fill('leave a <i>file</i>');
    await browser.assertAccessible();
    await add.click();
    await dialog.waitFor({ state: 'hidden' });
    await page.getByText('path = sourceServerID').waitFor();
    await page.getByText('This server', { exact: true }).waitFor();
    assert.deepEqual(await actionNames(site, sourceServerID), ['check disks', 'leave a <i>file</i>']);
  });

  await t.test('it is put before the other, and given more time', async () => {
    await page.getByRole('button', { name: 'Run action leave a <i>file</i> earlier' }).click();
    const first = page.getByRole('row').filter({ hasText: 'path = sourceServerID' });
    await page.getByRole('row').nth(1).filter({ hasText: 'path = sourceServerID' }).waitFor();
    assert.deepEqual(await actionNames(site, sourceServerID), ['leave a <i>file</i>', 'check disks']);
    await page.getByRole('button', { name: 'Edit action leave a <i>file</i>' }).click();
    await dialog.getByLabel('Time limit in seconds').fill('0');
    await dialog.getByText('Enter a whole number of seconds, at least 1.').waitFor();
    await dialog.getByLabel('Time limit in seconds').fill('120');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await first.filter({ hasText: '2 min' }).waitFor();
  });

  await t.test(
    'after a launch each has its outcome, and the output is kept when the machine is gone',
    async () => {
      site.host.verdicts.set('leave a <i>file</i>', {
        state: 'FAILED',
        exitCode: 3,
        output: 'no <b>room</b>\n',
      });
      const { job } = await api.mgn('StartTest', { sourceServerIDs: [sourceServerID] });
      await site.untilJobEnds(job?.jobID);
      await page.getByText('Failed (3)').first().waitFor();
      await page.getByRole('button', { name: 'Show the output' }).first().click();
      await page.getByText('no <b>room</b>').waitFor();
      // What lies half under the bar at the top is no target for a finger there.
      await page.evaluate('scrollTo(0, 0)');
      await browser.look('server-actions');
      const lifeCycle = { state: 'READY_FOR_TEST' } as const;
      await api.mgn('ChangeServerLifeCycleState', { sourceServerID, lifeCycle });
      const { job: end } = await api.mgn('TerminateTargetInstances', { sourceServerIDs: [sourceServerID] });
      await site.untilJobEnds(end?.jobID);
      await page.reload();
      await page.getByText('Failed (3)').first().waitFor();
    },
  );

  await t.test('it is there in Korean, and a template has the same list', async () => {
    await page.evaluate(KOREAN);
    await page.reload();
    await page.getByText('작업을 실행한 마지막 시작').waitFor();
    await browser.look('server-actions-korean');
    await page.evaluate(ENGLISH);
    await page.reload();
    await page.getByRole('link', { name: 'standard' }).click();
    await page.getByRole('button', { name: 'Edit action check disks' }).waitFor();
    await browser.assertAccessible();
  });

  await t.test('removing says what stays', async () => {
    await browser.goto(`/console/servers/${sourceServerID}?tab=actions`);
    await page.getByRole('button', { name: 'Remove action check disks' }).click();
    await dialog.getByText(/Machines launched from now on start without the action/).waitFor();
    await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByText('Action check disks was removed.').first().waitFor();
    assert.deepEqual(await actionNames(site, sourceServerID), ['leave a <i>file</i>']);
    browser.assertQuiet();
  });
});

test('the dashboard says what needs somebody, and one of thousands of servers is found by its name', async (t) => {
  const { site, browser, page } = await tell(t);
  const { admin, current } = site.plane;
  const agent = await addShop(site);

  await t.test('each alert has its cause and the way to its next step', async () => {
    site.replication.marks.suspicions = [
      {
        ...{ code: 'RANSOMWARE_SUSPECTED', detectedAtMs: 1_767_229_260_000, beganAtMs: 1_767_229_200_000 },
        ...{
          convertedBytes: 99,
          diskIds: ['disk-0'],
          lastSeenAtMs: 1,
          endedAtMs: null,
          acknowledgedAtMs: null,
        },
      },
    ];
    agent.forecast = {
      ...{ verdict: 'DOES_NOT_CONVERGE', bytesToGo: 9, etaP50Ms: null, etaP90Ms: null, bottleneck: 'LINK' },
      ...{ capacities: [], churnBytesPerSecond: 5, neededSeconds: null },
      explanation: 'it changes 40 MiB/s, and the link carries 12 MiB/s',
    };
    site.host.failConversion = true;
    site.host.failureCode = 'CONVERSION_IMPOSSIBLE';
    await site.plane.api.landfall('StartBootProof', { sourceServerID: agent.sourceServerId });
    await browser.goto('/console/');
    await browser.signIn(admin.accessKeyId, admin.secretAccessKey);
    for (const text of [
      `${SHOP}: files look as if they were being encrypted`,
      `${SHOP}: replication falls behind and will never be done`,
      `${SHOP}: its last proof of boot failed`,
      `${SHOP}: preflight found what keeps it from being launched`,
      'EFI_LOADER_MISSING',
    ])
      await page.getByText(text).first().waitFor();
    await browser.look('dashboard-alerts');
    await page.getByRole('link', { name: /^Read the findings and fix them/ }).click();
    await page.getByText('EFI_LOADER_MISSING').first().waitFor();
    assert.match(page.url(), /tab=preflight/);
  });

  await t.test('in Korean too', async () => {
    await page.evaluate(KOREAN);
    await browser.goto('/console/');
    await page.getByText(`${SHOP}: 사전 점검에서 시작을 막는 문제를 찾았습니다`).waitFor();
    await browser.look('dashboard-alerts-korean');
    await page.evaluate(ENGLISH);
  });

  await t.test('thousands cost one answer for a glance, and one page for a list', async () => {
    await addReportedServers(current().service, MANY);
    await browser.goto('/console/');
    await page
      .getByText(`${(MANY + 1).toLocaleString('en')} of ${(MANY + 1).toLocaleString('en')} servers`)
      .waitFor();
    await browser.goto('/console/servers');
    await page.getByText(`(25 of ${(MANY + 1).toLocaleString('en')})`).waitFor();
  });

  await t.test('one is found by a word of its name, and the list is sorted by lag', async () => {
    await page.getByLabel('Find servers').fill('SHOP <b>');
    await page.getByText('(1 of 1)').waitFor();
    await page.getByRole('link', { name: SHOP }).waitFor();
    assert.match(page.url(), /text=SHOP/);
    await page.getByLabel('Find servers').fill('s-0000');
    await page.getByText(`(25 of ${MANY.toLocaleString('en')})`).waitFor();
    const lag = page.getByRole('columnheader', { name: /^Lag/ }).getByRole('button').first();
    // With the keyboard: the header that stays while rows scroll lies over it, and takes a mouse.
    await lag.press('Enter');
    await page.waitForURL(/sort=LAG/);
    await lag.press('Enter');
    await page.waitForURL(/order=descending/);
    const worst = `a[href*="${(MANY - 1).toString(16).padStart(17, '0')}"]`;
    await page.locator('tbody tr').first().locator(worst).waitFor();
    await browser.look('servers-search');
    await page.getByRole('button', { name: 'Next page' }).click();
    await page.locator('button[aria-current="true"]', { hasText: '2' }).waitFor();
    await page.getByLabel('Find servers').fill('nothing is called so');
    await page.getByText('No server matches these filters').waitFor();
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.getByText(`(25 of ${(MANY + 1).toLocaleString('en')})`).waitFor();
    browser.assertQuiet();
  });

  await t.test('one of thousands is chosen for its own settings by a word of its name', async () => {
    await browser.goto('/console/settings?tab=retention');
    const choices = page.getByRole('table', { name: 'Choose a server' }).locator('tbody tr');
    await choices.nth(9).waitFor();
    await page.getByLabel('Find servers').fill('SHOP <b>');
    await choices.nth(1).waitFor({ state: 'detached' });
    await choices.first().getByText(SHOP).waitFor();
    await choices.first().getByRole('radio').click();
    assert.equal(await choices.first().getByRole('radio').isChecked(), true);
    await browser.look('settings-server-search');
    await page.getByLabel('Find servers').fill('nothing is called so');
    await page.getByText('No server matches these filters').waitFor();
    browser.assertQuiet();
  });
});
