/**
 * Bad days in a real browser against the real control plane: a job that fails, two people at one server, a
 * name that is no name, an API that is slow or refuses. Each page says so and stays usable. What launches is
 * simulated at the launch host, so that it fails when it is told to.
 */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import type { Page } from 'playwright-core';
import { ensureConsolePages } from '../apps/cli/src/setup/console-pages.ts';
import { cleanUpAfter } from '../apps/control-plane/src/testing/clean-up.ts';
import { startTestSite, type TestSite } from '../apps/control-plane/src/testing/test-site.ts';
import { ConsoleBrowser } from './console/console-browser.ts';

/** Of somebody who means trouble. */
const NAME = '<img src=x onerror="document.title=1"> & "co"';
/** What the browser says of a refusal that a step asks for. */
const CONFLICT = /status of 409/;
const REFUSED = /status of 5/;

interface Story {
  readonly site: TestSite;
  readonly browser: ConsoleBrowser;
  readonly page: Page;
  /** Somebody else, with a browser of their own. */
  readonly other: ConsoleBrowser;
  readonly sourceServerID: string;
}

async function tell(t: TestContext): Promise<Story> {
  const consoleDir = await ensureConsolePages((line) => void process.stderr.write(`${line}\n`));
  const site = await startTestSite(t, { consoleDir });
  const { url } = site.plane;
  const [browser, other] = [await ConsoleBrowser.open({ url }), await ConsoleBrowser.open({ url })];
  cleanUpAfter(t, () => browser.close());
  cleanUpAfter(t, () => other.close());
  const { sourceServerId: sourceServerID } = await site.addAgent();
  const { arn = '' } = await site.server(sourceServerID);
  await site.plane.api.mgn('TagResource', { resourceArn: arn, tags: { Name: NAME } });
  return { site, browser, page: browser.page, other, sourceServerID };
}

async function open(browser: ConsoleBrowser, { plane }: TestSite, path: string): Promise<void> {
  await browser.goto(path);
  await browser.signIn(plane.admin.accessKeyId, plane.admin.secretAccessKey);
}

async function choose(page: Page, language: string): Promise<void> {
  await page.evaluate(`localStorage.setItem('landfall-language', '${language}')`);
  await page.reload();
}

test('bad days are told of, and every page stays usable', async (t) => {
  const { site, browser, page, other, sourceServerID } = await tell(t);
  const { api } = site.plane;
  const serverPath = `/console/servers/${sourceServerID}`;

  await t.test('a name with markup is a name', async () => {
    await open(browser, site, serverPath);
    await page.getByRole('heading', { name: NAME, level: 1 }).waitFor();
    assert.equal(await page.locator('img[src="x"]').count(), 0);
    browser.assertQuiet();
  });

  await t.test('of two people at one server the later one is told that the other was faster', async () => {
    site.host.isFrozen = true;
    await open(other, site, serverPath);
    for (const one of [page, other.page]) {
      await one.getByTestId('next-step').click();
      await one.getByRole('dialog').waitFor();
    }
    const confirm = (one: Page) =>
      one.getByRole('dialog').getByRole('button', { name: 'Launch test machines', exact: true }).click();
    await confirm(page);
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await confirm(other.page);
    await other.page.getByText('Code: ConflictException').waitFor();
    await other.page.getByText('Somebody or something else is at work on it').waitFor();
    await other.page.getByRole('heading', { name: NAME, level: 1 }).waitFor();
    other.assertQuiet(CONFLICT);
    browser.assertQuiet();
  });

  await t.test('a job that fails says at which step, why, and what to do, in both languages', async () => {
    Object.assign(site.host, { failConversion: true, failureCode: 'CONVERSION_IMPOSSIBLE', isFrozen: false });
    const { items: [job] = [] } = await api.mgn('DescribeJobs', {});
    const { jobID = '' } = await site.untilJobEnds(job?.jobID);
    await browser.goto(`/console/jobs/${jobID}`);
    await page.getByText('It failed for 1 server').waitFor();
    await page.getByText(/Do what the message says on the source server/).waitFor();
    await page.getByText('Code: CONVERSION_IMPOSSIBLE').waitFor();
    await browser.look('job-failed');
    await choose(page, 'ko');
    await page.getByText(/메시지가 말하는 일을 소스 서버에서 한 뒤/).waitFor();
    await page.getByText(/게스트를 대상에서 시작하게 만들 수 없습니다/).waitFor();
    await browser.look('job-failed-korean');
    await choose(page, 'en');
  });

  await t.test(
    'an answer that is refused is told, asked for again, and comes when there is one',
    async () => {
      await page.route('**/ListServers*', (route) => route.fulfill({ status: 503, body: '{}' }));
      await browser.goto('/console/servers');
      await page.getByText('What to do:').first().waitFor();
      await browser.assertAccessible();
      await page.getByRole('button', { name: 'Try again' }).first().click();
      await page.unroute('**/ListServers*');
      await page.getByRole('link', { name: NAME }).waitFor();
      browser.assertQuiet(REFUSED);
    },
  );
});
