/**
 * A job that fails, once at every step of every plan that the control plane has: the page of the job says
 * which step, the code, the cause, what to do, and what is kept. The plans themselves say which steps there
 * are, so that a step that is new fails here until somebody has seen what it looks like.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { ensureConsolePages } from '../apps/cli/src/setup/console-pages.ts';
import { cleanUpAfter } from '../apps/control-plane/src/testing/clean-up.ts';
import { startTestSite } from '../apps/control-plane/src/testing/test-site.ts';
import { ERROR_CODES } from '../packages/model/src/index.ts';
import { ConsoleBrowser } from './console/console-browser.ts';
import { FAILING_STEPS, stepsOfPlans } from './console/failing-steps.ts';
import { untilAtRest } from './console/page-checks.ts';
import { addNamed } from './console/page-fleet.ts';

const NAME = 'web';
const KEPT_OF_LAUNCH = 'its replication and its recovery points are as they were';
const KEPT_OF_TERMINATION = 'the recovery points it reads are kept until it is ended';

test('a job that fails at any step says so there, with code, cause, remedy and what is kept', async (t) => {
  const consoleDir = await ensureConsolePages((line) => void process.stderr.write(`${line}\n`));
  const site = await startTestSite(t, { consoleDir });
  const { admin, url } = site.plane;
  const browser = await ConsoleBrowser.open({ url });
  cleanUpAfter(t, () => browser.close());
  const { page } = browser;
  const sourceServerID = await addNamed(site, NAME);
  await browser.goto('/console/jobs');
  await browser.signIn(admin.accessKeyId, admin.secretAccessKey);
  await page.getByText('There was no job yet').waitFor();

  await t.test('every step of the plans is among them', () => {
    const known = FAILING_STEPS.map(({ step }) => step);
    assert.deepEqual([...known].sort(), [...stepsOfPlans(site)].sort());
  });

  for (const { step, code, shownAs, goesOn, fail } of FAILING_STEPS) {
    await t.test(`${step}: ${code}`, async () => {
      const jobID = await fail(site, sourceServerID);
      await browser.goto(`/console/jobs/${jobID}`);
      await untilAtRest(page);
      const steps = page.getByRole('main').locator('li').filter({ hasText: shownAs });
      if (goesOn === true) {
        await steps.filter({ hasText: 'Done' }).getByText(code).waitFor();
        assert.equal(await page.getByText('It failed for').count(), 0, 'it goes on without it');
        return;
      }
      await page.getByText('It failed for 1 server').waitFor();
      await page.getByText(`${NAME}, step “${shownAs}”`).waitFor();
      await page.getByText(`Code: ${code}`).first().waitFor();
      await page.getByText(ERROR_CODES[code].remedy).first().waitFor();
      await page.getByText(step.startsWith('LAUNCH') ? KEPT_OF_LAUNCH : KEPT_OF_TERMINATION).waitFor();
      await steps.filter({ hasText: 'Failed' }).first().waitFor();
      await browser.assertAccessible();
      browser.assertQuiet();
    });
  }
});
