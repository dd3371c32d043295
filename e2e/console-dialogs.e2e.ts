/**
 * Every dialog that asks before something is done with a server, once in English and once in Korean: it says
 * in words what will be lost, it is accessible, nothing in it is left untranslated, keys stay in it, and
 * Escape closes it with nothing done. Which actions there are is read from the console's own menu.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Page } from 'playwright-core';
import { ensureConsolePages } from '../apps/cli/src/setup/console-pages.ts';
import { EN } from '../apps/console/src/i18n/en/index.ts';
import { KO } from '../apps/console/src/i18n/ko/index.ts';
import { cleanUpAfter } from '../apps/control-plane/src/testing/clean-up.ts';
import { startTestSite, type TestSite } from '../apps/control-plane/src/testing/test-site.ts';
import { ConsoleBrowser } from './console/console-browser.ts';
import { untilAtRest } from './console/page-checks.ts';
import { addNamed, launchTest } from './console/page-fleet.ts';
import { untranslatedTexts } from './console/untranslated.ts';

type MessageKey = keyof typeof EN;
type Texts = Readonly<Record<MessageKey, string>>;
const LANGUAGES = { en: EN, ko: KO } as const satisfies Record<string, Texts>;
/** More than a dialog has of what can be focused. */
const TABS = 12;
const ACTION_KEY = /^servers\.action\.(?!group\.|notNow$)(\w+)$/;
const ACTIONS = Object.keys(EN).flatMap((key) => ACTION_KEY.exec(key)?.[1] ?? []);

/** One in each state that some action is for; their ids. */
async function makeServers(site: TestSite): Promise<readonly string[]> {
  const { api } = site.plane;
  const tested = await addNamed(site, 'tested');
  await launchTest(site, tested);
  const reverted = await addNamed(site, 'reverted');
  await launchTest(site, reverted);
  await setState(site, reverted, 'READY_FOR_TEST');
  const cutOver = await addNamed(site, 'cut over');
  await setState(site, cutOver, 'READY_FOR_CUTOVER');
  await api.landfall('PutBootProofSchedule', { sourceServerID: cutOver, proofBeforeCutover: false });
  const { job } = await api.mgn('StartCutover', { sourceServerIDs: [cutOver] });
  await site.untilJobEnds(job?.jobID);
  const paused = await addNamed(site, 'paused');
  await api.mgn('PauseReplication', { sourceServerID: paused });
  const stopped = await addNamed(site, 'stopped');
  await api.mgn('StopReplication', { sourceServerID: stopped });
  const disconnected = await addNamed(site, 'disconnected');
  await api.mgn('DisconnectFromService', { sourceServerID: disconnected });
  return [tested, reverted, cutOver, paused, stopped, disconnected];
}

async function setState(
  { plane }: TestSite,
  sourceServerID: string,
  state: 'READY_FOR_TEST' | 'READY_FOR_CUTOVER',
): Promise<void> {
  await plane.api.mgn('ChangeServerLifeCycleState', { sourceServerID, lifeCycle: { state } });
}

/** Opens the menu; what can be chosen there now. */
async function openMenu(page: Page): Promise<readonly string[]> {
  const trigger = page.getByTestId('server-actions').getByRole('button').first();
  // A click on an open menu would close it.
  if ((await trigger.getAttribute('aria-expanded')) !== 'true') await trigger.click();
  await page.getByRole('menuitem').first().waitFor();
  const enabled = `[...document.querySelectorAll('[role="menuitem"]:not([aria-disabled="true"])')]`;
  const texts = await page.evaluate<readonly string[]>(`${enabled}.map((item) => item.innerText.trim())`);
  return texts;
}

/** What holds of the dialog that is open. */
async function lookAtDialog(browser: ConsoleBrowser, language: keyof typeof LANGUAGES): Promise<void> {
  const { page } = browser;
  await browser.assertAccessible();
  if (language === 'ko') assert.deepEqual(await untranslatedTexts(page), []);
  for (let presses = 0; presses < TABS; presses += 1) {
    await page.keyboard.press('Tab');
    const isInside = `document.activeElement.closest('[role="dialog"]') !== null`;
    assert.ok(await page.evaluate<boolean>(isInside), 'the focus stays in the dialog');
  }
}

test('every action of a server asks in words, in both languages', async (t) => {
  const consoleDir = await ensureConsolePages((line) => void process.stderr.write(`${line}\n`));
  const site = await startTestSite(t, { consoleDir });
  const { admin, url } = site.plane;
  const ids = await makeServers(site);
  const browser = await ConsoleBrowser.open({ url });
  cleanUpAfter(t, () => browser.close());
  const { page } = browser;
  await browser.goto('/console/');
  await browser.signIn(admin.accessKeyId, admin.secretAccessKey);
  await untilAtRest(page);
  const before = await Promise.all(ids.map((id) => site.server(id)));

  for (const language of ['en', 'ko'] as const) {
    const texts: Texts = LANGUAGES[language];
    const seen = new Set<string>();
    await t.test(`in ${language}`, async () => {
      await page.evaluate(`localStorage.setItem('landfall-language', '${language}')`);
      for (const id of ids) {
        await browser.goto(`/console/servers/${id}`);
        await untilAtRest(page);
        const possible = await openMenu(page);
        await page.keyboard.press('Escape');
        for (const action of ACTIONS) {
          const name = texts[`servers.action.${action}` as MessageKey];
          if (seen.has(action) || !possible.includes(name)) continue;
          seen.add(action);
          await openMenu(page);
          await page.getByRole('menuitem', { name, exact: true }).click();
          const dialog = page.getByRole('dialog');
          await dialog.getByText(texts[`servers.confirm.${action}` as MessageKey]).waitFor();
          await lookAtDialog(browser, language);
          await page.keyboard.press('Escape');
          await dialog.waitFor({ state: 'hidden' });
        }
        browser.assertQuiet();
      }
      assert.deepEqual([...seen].sort(), ACTIONS.toSorted(), 'each was asked for');
    });
  }

  await t.test('and what was only asked was not done', async () => {
    const states = (servers: typeof before) =>
      servers.map(({ lifeCycle, dataReplicationInfo, launchedInstance }) => [
        ...[lifeCycle?.state, dataReplicationInfo?.dataReplicationState, launchedInstance?.ec2InstanceID],
      ]);
    const now = await Promise.all(ids.map((id) => site.server(id)));
    assert.deepEqual(states(now), states(before));
  });
});
