/**
 * Bad days on every page of the console's table: the API does not answer, then refuses, then is back; the
 * session ends; what the address names is not there; names have markup in them. The page says so, stays
 * usable, and goes on where it was.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Page, Route } from 'playwright-core';
import { ensureConsolePages } from '../apps/cli/src/setup/console-pages.ts';
import { EN } from '../apps/console/src/i18n/en/index.ts';
import { PAGE_TABLE } from '../apps/console/src/shell/page-table.ts';
import { hrefOf } from '../apps/console/src/shell/route.ts';
import { cleanUpAfter } from '../apps/control-plane/src/testing/clean-up.ts';
import { startTestSite, type TestSite } from '../apps/control-plane/src/testing/test-site.ts';
import { ConsoleBrowser } from './console/console-browser.ts';
import { untilAtRest } from './console/page-checks.ts';
import { makePageFleet, type PageParameters, pathOf } from './console/page-fleet.ts';

/** Of somebody who means trouble. */
const NAME = '<img src=x onerror="document.title=1"> & "co"';
/** What the browser says of answers that are refusals; each is what a step asks for. */
const REFUSED = /status of (403|503)|ERR_/;
const NOT_THERE = /status of 404/;
const SECOND = 'second';
const STREAM_STATE = /^(Live|Connecting|Looking)/;

/** Calls of the API that are held back, all but the stream of events. */
class Outage {
  readonly #held: Route[] = [];
  #isOver = false;

  static async begin(page: Page): Promise<Outage> {
    const outage = new Outage();
    await page.route(isApi, (route) => outage.#take(route));
    return outage;
  }

  get count(): number {
    return this.#held.length;
  }

  /** Those held back, and whatever comes. */
  async refuse(): Promise<void> {
    this.#isOver = true;
    for (const route of this.#held) await route.fulfill({ status: 503, body: '{}' });
  }

  async #take(route: Route): Promise<void> {
    if (this.#isOver || isStream(route)) await route.fulfill({ status: 503, body: '{}' });
    else this.#held.push(route);
  }
}

function isApi({ pathname }: URL): boolean {
  return !pathname.startsWith('/console');
}

function isStream(route: Route): boolean {
  return route.request().url().includes('StreamEvents');
}

async function nameAll({ plane: { api }, server }: TestSite, parameters: PageParameters): Promise<void> {
  const { serverId = '', applicationId: applicationID = '', waveId: waveID = '' } = parameters;
  const { arn = '' } = await server(serverId);
  await api.mgn('TagResource', { resourceArn: arn, tags: { Name: NAME } });
  await api.mgn('UpdateApplication', { applicationID, name: NAME, description: NAME });
  await api.mgn('UpdateWave', { waveID, name: NAME, description: NAME });
}

/** As a link within the console leads there. */
async function follow(page: Page, path: string): Promise<void> {
  const href = JSON.stringify(hrefOf(path));
  await page.evaluate(`history.pushState(null, '', ${href}), dispatchEvent(new PopStateEvent('popstate'))`);
}

function askAgain(page: Page): Promise<void> {
  return page.getByRole('button', { name: STREAM_STATE }).click();
}

test('on every page a bad day is told of, and the page goes on', async (t) => {
  const consoleDir = await ensureConsolePages((line) => void process.stderr.write(`${line}\n`));
  const site = await startTestSite(t, { consoleDir });
  const { admin, url, api } = site.plane;
  const parameters = await makePageFleet(site);
  await nameAll(site, parameters);
  const browser = await ConsoleBrowser.open({ url });
  cleanUpAfter(t, () => browser.close());
  const { page } = browser;
  await browser.goto('/console/');
  await browser.signIn(admin.accessKeyId, admin.secretAccessKey);
  await untilAtRest(page);

  for (const { pattern } of PAGE_TABLE) {
    await t.test(`${pattern}: the API hangs, refuses, and is back`, async () => {
      // From a page that asks for other things.
      await follow(page, '/no/such/page');
      const outage = await Outage.begin(page);
      await follow(page, pathOf(pattern, parameters));
      await page
        .getByRole('heading', { level: 1 })
        .first()
        .or(page.getByText(EN['common.loading']))
        .first()
        .waitFor();
      await page.waitForTimeout(500);
      if (outage.count > 0) {
        await page.getByText(EN['common.slow']).first().waitFor();
        await outage.refuse();
        await page.getByText(`${EN['failure.remedy']}:`).first().waitFor();
      }
      assert.equal(await page.getByText(EN['failure.pageBroke']).count(), 0);
      await page.unroute(isApi);
      await askAgain(page);
      await page.getByText(`${EN['failure.remedy']}:`).first().waitFor({ state: 'hidden' });
      await untilAtRest(page);
      assert.equal(await page.locator('img[src="x"]').count(), 0, 'a name is a name');
      assert.notEqual(await page.title(), '1');
      browser.assertQuiet(REFUSED);
    });
  }

  await t.test('what is not there is told, wherever an address names something', async () => {
    for (const { pattern } of PAGE_TABLE.filter(({ pattern: one }) => one.includes(':'))) {
      const path = pattern.replace(/:(\w+)/, (_whole, name: string) => otherThan(parameters[name] ?? ''));
      await follow(page, path);
      await page.getByText(EN['gone.title']).waitFor();
      await page.getByRole('link', { name: EN['gone.toList'] }).waitFor();
    }
    browser.assertQuiet(NOT_THERE);
  });

  await t.test('what somebody else deletes is gone from under who looks at it', async () => {
    const { waveID = '' } = await api.mgn('CreateWave', { name: 'short' });
    await follow(page, `/waves/${waveID}`);
    await page.getByRole('heading', { name: 'short', level: 1 }).waitFor();
    await api.mgn('DeleteWave', { waveID });
    await page.getByText(EN['gone.title']).waitFor();
    browser.assertQuiet(NOT_THERE);
  });

  await t.test('a session that ends keeps every page in its place', async () => {
    const { accessKey, secretAccessKey } = await makeAdministrator(site);
    const { accessKeyID } = accessKey;
    await page.evaluate('sessionStorage.clear()');
    await browser.goto('/console/');
    await browser.signIn(accessKeyID, secretAccessKey);
    await untilAtRest(page);
    for (const { pattern } of PAGE_TABLE) {
      await follow(page, pathOf(pattern, parameters));
      await untilAtRest(page);
      const title = await page.getByRole('heading', { level: 1 }).first().textContent();
      await api.landfall('UpdateAccessKey', { userName: SECOND, accessKeyID, status: 'INACTIVE' });
      await askAgain(page);
      await page.getByText(EN['session.expired.title']).waitFor();
      await api.landfall('UpdateAccessKey', { userName: SECOND, accessKeyID, status: 'ACTIVE' });
      await browser.signIn(accessKeyID, secretAccessKey);
      await page.getByText(EN['session.expired.title']).waitFor({ state: 'hidden' });
      assert.equal(await page.getByRole('heading', { level: 1 }).first().textContent(), title, pattern);
    }
    browser.assertQuiet(REFUSED);
  });
});

/** Looks like it, and is none. */
function otherThan(value: string): string {
  return /-[0-9a-z]{17}$/.test(value) ? value.replace(/[0-9a-z]{17}$/, '0'.repeat(17)) : `no-${value}`;
}

async function makeAdministrator({ plane: { api } }: TestSite) {
  const userName = SECOND;
  await api.landfall('CreateUser', { userName });
  await api.landfall('AttachPolicy', { userName, policyName: 'AdministratorAccess' });
  return api.landfall('CreateAccessKey', { userName });
}
