/**
 * Every page of the console in a real browser, each part of it, as the console's own table of pages names
 * them: a new page is walked over without a word here, or the story asks for what it shows. Of each it is
 * looked at that it is quiet and accessible in English and light and in Korean and dark, that nothing in it
 * is left in English, that keys reach what it offers, and that it can be read at 320 pixels and at 200 %.
 */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { ensureConsolePages } from '../apps/cli/src/setup/console-pages.ts';
import { PAGE_TABLE, type PagePattern } from '../apps/console/src/shell/page-table.ts';
import { hrefOf } from '../apps/console/src/shell/route.ts';
import { cleanUpAfter } from '../apps/control-plane/src/testing/clean-up.ts';
import { startTestSite } from '../apps/control-plane/src/testing/test-site.ts';
import { ConsoleBrowser } from './console/console-browser.ts';
import { assertKeysReachActions, assertNothingLostWhenNarrow, untilAtRest } from './console/page-checks.ts';
import { makePageFleet, type PageParameters, pathOf } from './console/page-fleet.ts';
import { untranslatedTexts } from './console/untranslated.ts';

const PICTURES = join(import.meta.dirname, '../docs/console');

/** In docs/console; of each page there is one. */
const PICTURE_OF = {
  '/': 'dashboard',
  '/servers/add': 'add-server',
  '/servers/:serverId': 'server',
  '/servers': 'servers',
  '/machines/:machineId': 'machine',
  '/machines': 'machines',
  '/jobs/:jobId': 'job',
  '/jobs': 'jobs',
  '/applications/:applicationId': 'application',
  '/applications': 'applications',
  '/waves/:waveId': 'wave',
  '/waves': 'waves',
  '/access/users/:userName': 'access-user',
  '/access/roles/:roleName': 'access-role',
  '/access/policies/:policyName': 'access-policy',
  '/access/new-role': 'access-new-role',
  '/access/new-policy': 'access-new-policy',
  '/access': 'access-users',
  '/audit': 'audit',
  '/templates/launch/:templateId': 'template',
  '/templates': 'templates',
  '/inventory/imports/:importId': 'import',
  '/inventory/exports/:exportId': 'export',
  '/inventory': 'inventory',
  '/settings/webhooks/:webhookId': 'settings-webhook',
  '/settings': 'settings-staging',
} as const satisfies Record<PagePattern, string>;
/** Which other stories do not take, where they have come that far. */
const TAKEN_HERE: ReadonlySet<string> = new Set([
  'jobs',
  'applications',
  'waves',
  'access-new-policy',
  'templates',
  'inventory',
]);

interface View {
  readonly path: string;
  /** Of the part of the page; absent: it has none. */
  readonly tab?: string;
}

const TABS = `[...document.querySelectorAll('main [role="tab"]')].map((tab) => tab.dataset.testid)`;

async function openConsole(t: TestContext): Promise<{ browser: ConsoleBrowser; parameters: PageParameters }> {
  const consoleDir = await ensureConsolePages((line) => void process.stderr.write(`${line}\n`));
  const site = await startTestSite(t, { consoleDir });
  const parameters = await makePageFleet(site);
  const browser = await ConsoleBrowser.open({ url: site.plane.url });
  cleanUpAfter(t, () => browser.close());
  await browser.goto('/console/');
  await browser.signIn(site.plane.admin.accessKeyId, site.plane.admin.secretAccessKey);
  await untilAtRest(browser.page);
  return { browser, parameters };
}

/** As a link within the console leads there. */
async function follow({ page }: ConsoleBrowser, { path, tab }: View): Promise<void> {
  const href = JSON.stringify(hrefOf(path, { tab }));
  await page.evaluate(`history.pushState(null, '', ${href}), dispatchEvent(new PopStateEvent('popstate'))`);
  await untilAtRest(page);
}

async function lookIn(
  browser: ConsoleBrowser,
  language: 'en' | 'ko',
  theme: 'light' | 'dark',
): Promise<void> {
  await browser.page.evaluate(`localStorage.setItem('landfall-language', '${language}')`);
  await browser.page.evaluate(`localStorage.setItem('landfall-theme', '${theme}')`);
}

type Promised = 'quiet' | 'accessible' | 'keys' | 'narrow' | 'korean';
/** All that is wrong with the pages, by what was promised of them: one run tells of everything. */
type Faults = Record<Promised, string[]>;

async function keep(faults: string[], look: () => Promise<void> | void): Promise<void> {
  try {
    await look();
  } catch (error) {
    faults.push(error instanceof Error ? error.message : String(error));
  }
}

/** The page as an address opens it, then its parts; returns all of them. */
async function lookInEnglish(
  browser: ConsoleBrowser,
  pattern: PagePattern,
  { path, faults }: { readonly path: string; readonly faults: Faults },
): Promise<readonly View[]> {
  const { page } = browser;
  await browser.goto(hrefOf(path));
  await untilAtRest(page);
  assert.equal(await page.getByText('There is no such page').count(), 0, pattern);
  if (TAKEN_HERE.has(PICTURE_OF[pattern])) await browser.picture(PICTURE_OF[pattern]);
  const tabs = await page.evaluate<readonly string[]>(TABS);
  const views = tabs.length === 0 ? [{ path }] : tabs.map((tab) => ({ path, tab }));
  for (const view of views) {
    await follow(browser, view);
    await keep(faults.accessible, () => browser.assertAccessible());
    await keep(faults.keys, () => assertKeysReachActions(page));
    await keep(faults.narrow, () => assertNothingLostWhenNarrow(page));
    await keep(faults.quiet, () => browser.assertQuiet());
  }
  return views;
}

async function lookInKorean(browser: ConsoleBrowser, view: View, faults: Faults): Promise<void> {
  const { page } = browser;
  await follow(browser, view);
  await keep(faults.accessible, () => browser.assertAccessible());
  const english = await untranslatedTexts(page);
  if (english.length > 0) faults.korean.push(`${page.url()}: ${english.join(' | ')}`);
  await keep(faults.quiet, () => browser.assertQuiet());
}

test('every page of the table, and every part of it', async (t) => {
  const { browser, parameters } = await openConsole(t);
  const views: View[] = [];
  const faults: Faults = { quiet: [], accessible: [], keys: [], narrow: [], korean: [] };

  await t.test('opens in English and light, then in Korean and dark', async () => {
    await lookIn(browser, 'en', 'light');
    for (const { pattern } of PAGE_TABLE) {
      const path = pathOf(pattern, parameters);
      views.push(...(await lookInEnglish(browser, pattern, { path, faults })));
    }
    await lookIn(browser, 'ko', 'dark');
    await browser.goto('/console/');
    for (const view of views) await lookInKorean(browser, view, faults);
  });

  for (const [promised, title] of [
    ['quiet', 'is quiet: no errors in the console, and no request to anywhere else'],
    ['accessible', 'breaks no rule of accessibility'],
    ['keys', 'is worked by keys alone'],
    ['narrow', 'loses nothing at 320 pixels and at 200 %'],
    ['korean', 'has nothing left in English when it is Korean'],
  ] as const) {
    await t.test(title, () => assert.deepEqual(faults[promised], []));
  }

  await t.test('has its picture in docs/console', async () => {
    const pictures = new Set(await readdir(PICTURES));
    const missing = Object.values(PICTURE_OF).filter((name) => !pictures.has(`${name}.png`));
    assert.deepEqual(missing, [], 'LANDFALL_WRITE_DOCS=1 takes them');
  });
});
