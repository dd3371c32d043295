/**
 * The console's pages for administrators in a real browser against the real control plane: who may do what,
 * what was done, templates, files of the inventory, settings; and what a user sees who may only read.
 */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import type { ConsoleBrowser } from './console/console-browser.ts';
import { type AccessKey, type ConsoleStage, openStage } from './console/console-stage.ts';

/** What the browser says of answers that are refusals; each is what a test asks for. */
const REFUSED = /status of 4\d\d/;
const READ_ONLY = 'AWSApplicationMigrationReadOnlyAccess';

let stage: ConsoleStage;
let browser: ConsoleBrowser;
let page: Page;
let ann: AccessKey;
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

function button(name: string, inside: Page | Locator = page): Locator {
  return inside.getByRole('button', { name, exact: true });
}

function dialog(): Locator {
  return page.getByRole('dialog');
}

async function openTab(name: string): Promise<void> {
  await page.getByRole('tab', { name, exact: true }).click();
}

async function choose(label: string, option: string, inside: Page | Locator = page): Promise<void> {
  await inside.getByLabel(label).click();
  await page.getByRole('option', { name: option }).click();
}

step('a user is made, and the secret of its key is shown once and not lost by a slip', async () => {
  await browser.goto('/console/access');
  await browser.signIn(stage.admin.accessKeyId, stage.admin.secretAccessKey);
  await page.getByRole('link', { name: 'administrator', exact: true }).waitFor();
  await browser.look('access-users');
  await button('Create user').click();
  await dialog().getByLabel('Name').fill('ann smith');
  assert.equal(await button('Create user', dialog()).isDisabled(), true);
  await dialog().getByLabel('Name').fill('ann');
  await button('Create user', dialog()).click();
  await page.getByText('This user has no access key').waitFor();
  await button('Create access key').click();
  await dialog().getByText('The secret is shown this once').waitFor();
  await page.keyboard.press('Escape');
  await browser.assertAccessible();
  const [accessKeyId = '', secretAccessKey = ''] = await dialog()
    .locator('.copy-line-text')
    .allTextContents();
  ann = { accessKeyId, secretAccessKey };
  await dialog().getByLabel('I have put it where I find it again').check();
  await button('Close', dialog()).last().click();
  await page.getByRole('cell', { name: 'Active' }).waitFor();
  assert.ok(!(await page.content()).includes(secretAccessKey));
  await button('Attach policy').click();
  await choose('Policy', READ_ONLY, dialog());
  await button('Attach policy', dialog()).click();
  await page.getByRole('link', { name: READ_ONLY }).waitFor();
  await browser.look('access-user');
});

step('a policy that is not right says where, and keeps what was typed', async () => {
  await browser.goto('/console/access?tab=policies');
  await page.getByRole('link', { name: 'AdministratorAccess' }).waitFor();
  await browser.look('access-policies');
  await page.getByRole('link', { name: 'Create policy' }).click();
  await page.getByLabel('Name').fill('operators');
  const text = page.getByRole('textbox', { name: 'Policy' });
  await text.fill('{ "Version": ');
  await page.getByText('This is not JSON').waitFor();
  await browser.assertAccessible();
  const statement = { Effect: 'Allow', Action: 'mgn:Nothing', Resource: '*' };
  const policy = (action: string) =>
    JSON.stringify({ Version: '2012-10-17', Statement: [{ ...statement, Action: action }] });
  await text.fill(policy('mgn:Nothing'));
  await button('Create policy').click();
  await page.getByText('no action of this service is matched by "mgn:Nothing"').waitFor();
  assert.equal(await text.inputValue(), policy('mgn:Nothing'));
  await text.fill(policy('mgn:StartTest'));
  await button('Create policy').click();
  await page.getByText('It is attached to nobody').waitFor();
  browser.assertQuiet(REFUSED);
  await browser.look('access-policy');
  await page.getByRole('link', { name: 'Users and access' }).first().click();
  await openTab('Roles');
  await page.getByText('There is no role yet').waitFor();
  await page.getByRole('link', { name: 'Create role' }).click();
  await page.getByLabel('Name').fill('on-call');
  await browser.look('access-new-role');
  await button('Create role').click();
  await page.getByText('No policy is attached').waitFor();
  await browser.look('access-role');
});

step('the audit log finds what was done', async () => {
  await page.getByRole('link', { name: 'Audit log' }).click();
  await page.getByLabel('Action', { exact: true }).fill('landfall:PutPolicy');
  await page.keyboard.press('Enter');
  await page.getByText('no action of this service is matched').waitFor();
  assert.equal(await page.getByRole('row').count(), 3, 'the header, the refusal and the success');
  assert.match(page.url(), /action=landfall%3APutPolicy/);
  await browser.look('audit');
  await page.getByRole('button', { name: /^ValidationException\. Show only/ }).click();
  await page.getByRole('button', { name: /^Done\. Show only/ }).waitFor({ state: 'hidden' });
  await page.getByLabel('Action', { exact: true }).fill('mgn:FinalizeCutover');
  await page.keyboard.press('Enter');
  await page.getByText('No call matches these filters').waitFor();
  await button('Clear filters').click();
  await page
    .getByRole('button', { name: /^landfall:ListAuditEvents\. / })
    .first()
    .waitFor();
});

step('templates say what new servers begin with', async () => {
  await page.getByRole('link', { name: 'Templates' }).click();
  await page.getByText('There is no replication template yet').waitFor();
  await browser.look('templates-empty');
  await button('Create template').click();
  await dialog().getByLabel('Bandwidth limit').fill('50000');
  assert.equal(await button('Create template', dialog()).isDisabled(), true);
  await dialog().getByLabel('Bandwidth limit').fill('50');
  await dialog().getByLabel('Name').fill('branch <b>1</b>');
  await button('Create template', dialog()).click();
  await page.getByRole('cell', { name: '50 Mbit/s' }).waitFor();
  await openTab('Launch configuration');
  await page.getByText('There is no launch configuration template yet').waitFor();
  await button('Create template').click();
  await button('Create template', dialog()).click();
  await page.getByText('No action runs after a launch').waitFor();
  await page.getByLabel('Copy the tags of the source server').check();
  await button('Save').click();
  await page.getByText('Servers that come from now on begin with it.').waitFor();
  await browser.look('template');
  await browser.goto('/console/templates?tab=machines');
  await page.getByText('There are no servers yet').waitFor();
  await browser.look('templates-machines');
});

step('an import says row by row what is wrong, and an export where its file is', async () => {
  const bucket = join(stage.site.stateDir, 'control-plane/buckets/inventory');
  await page.getByRole('link', { name: 'Imports and exports' }).click();
  await page.getByText('Nothing was imported yet').waitFor();
  await browser.look('imports-empty');
  await button('Import from a bucket').click();
  await dialog().getByLabel('File in the bucket').fill('servers.csv');
  await button('Import from a bucket', dialog()).click();
  await dialog().getByText('ResourceNotFoundException').waitFor();
  await mkdir(bucket, { recursive: true });
  await writeFile(join(bucket, 'servers.csv'), 'mgn:app:name,mgn:server:id\nshop,no-such-id\n');
  await button('Import from a bucket', dialog()).click();
  await page.getByText('Nothing was changed.').waitFor();
  await page.getByRole('cell', { name: 'The file is not right' }).first().waitFor();
  browser.assertQuiet(REFUSED);
  await browser.look('import');
  assert.match(
    await downloadedText('Download the errors'),
    /^\uFEFFRow,What failed,Cause,Of\r\n2,The file is not right,/,
  );
  await browser.goto('/console/inventory?tab=exports');
  await page.getByText('Nothing was exported yet').waitFor();
  await button('Start export').click();
  await dialog().getByLabel('File in the bucket').fill('all.csv');
  await button('Start export', dialog()).click();
  await page.getByText('Succeeded').waitFor();
  await page.getByText('buckets/inventory/all.csv').waitFor();
  assert.match(await readFile(join(bucket, 'all.csv'), 'utf8'), /^mgn:account-id,/);
  await browser.look('export');
});

step(
  'a file of one’s own machine is imported when it is right, and what was exported comes back',
  async () => {
    await browser.goto('/console/inventory');
    await button('Import a file').click();
    await offer('servers.txt', 'mgn:app:name\nshop\n');
    await dialog().getByText('Its name has to end in .csv').waitFor();
    await offer('servers.csv', Buffer.from([0x61, 0x0a, 0xbc, 0xf6]));
    await dialog().getByText('Line 2 is not UTF-8').waitFor();
    assert.equal(await button('Import a file', dialog()).isDisabled(), true);
    await offer('servers.csv', 'mgn:app:name,mgn:server:platform\nshop,\nbank,plan9\n');
    await dialog().getByText('Line 2 is not UTF-8').waitFor({ state: 'hidden' });
    await browser.look('import-upload');
    await button('Import a file', dialog()).click();
    await page.getByText('Nothing was changed.').waitFor();
    const wrong = page.getByRole('row').filter({ hasText: 'The file is not right' });
    await wrong.getByText('neither mgn:server:id nor mgn:server:user-provided-id').waitFor();
    assert.match((await wrong.textContent()) ?? '', /^3/);
    await browser.goto('/console/inventory');
    await button('Import a file').click();
    await offer('서버.csv', '\uFEFFmgn:app:name\n상점 <b>1</b>\n');
    await button('Import a file', dialog()).click();
    await page.getByText('Succeeded').waitFor();
    assert.match(await downloadedText('Download the file'), /^\uFEFFmgn:app:name\n상점/);
    await browser.goto('/console/inventory?tab=exports');
    await button('Start export').click();
    await button('Start export', dialog()).click();
    await page.getByText('Succeeded').waitFor();
    assert.match(await downloadedText('Download the file'), /^\uFEFFmgn:account-id,[\s\S]*상점 <b>1<\/b>/);
    browser.assertQuiet();
  },
);

/** A file as somebody chooses it in the dialog that is open. */
async function offer(name: string, content: string | Buffer): Promise<void> {
  const file = { name, mimeType: 'text/csv', buffer: Buffer.from(content) };
  await dialog().locator('input[type="file"]').setInputFiles(file);
}

async function downloadedText(name: string): Promise<string> {
  const downloaded = page.waitForEvent('download');
  await button(name).click();
  return readFile(await (await downloaded).path(), 'utf8');
}

step('settings show the staging area, and a webhook whose test fails says why', async () => {
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByText('Replication servers').first().waitFor();
  await browser.look('settings-staging');
  await openTab('Bandwidth');
  await page.getByText('There are no servers yet').waitFor();
  await browser.look('settings-bandwidth');
  await changeRetention();
  await openTab('Encryption');
  await page.getByText('Every server’s key is there').waitFor();
  await browser.look('settings-encryption');
  await openTab('Webhooks');
  await page.getByText('Nobody is sent anything yet').waitFor();
  await button('Create webhook').click();
  await dialog().getByLabel('Address').fill('https://hooks.invalid/landfall');
  await button('Create webhook', dialog()).click();
  await dialog().getByText('whsec_').waitFor();
  await dialog().getByLabel('I have put it where I find it again').check();
  await button('Close', dialog()).last().click();
  await page.getByRole('link', { name: 'https://hooks.invalid/landfall' }).click();
  await page.getByText('Nothing was sent').waitFor();
  await button('Send a test').click();
  await page.getByText('WebhookTestFailed').waitFor();
  await page.getByRole('cell', { name: 'Given up' }).waitFor();
  await browser.look('settings-webhook');
});

/** Set as the default, refused while it does not follow, asked about in words, and taken away again. */
async function changeRetention(): Promise<void> {
  await openTab('Retention and space');
  await page.getByText('Built in: nothing else was set here').waitFor();
  await page.getByLabel('Tier 4: until they are so old').fill('3');
  await page.getByText('It must last longer than the tier before').waitFor();
  assert.equal(await button('Save').isDisabled(), true);
  await page.getByLabel('Tier 4: until they are so old').fill('14');
  await browser.look('settings-retention');
  await button('Save').click();
  await dialog().getByText('Nothing is dropped: 0 recovery points of 0 servers stay').waitFor();
  await browser.look('settings-retention-change');
  await button('Change retention', dialog()).click();
  await page.getByText('Retention was saved').waitFor();
  await page.getByText('Set as the default').waitFor();
  assert.equal(await page.getByLabel('Tier 4: until they are so old').inputValue(), '14');
  await button('Use what holds without it').click();
  await button('Take retention away', dialog()).click();
  await page.getByText('Built in: nothing else was set here').waitFor();
}
step('a webhook that is told of some events is told of all again', async () => {
  const edit = async () => {
    await button('Actions').click();
    await page.getByRole('menuitem', { name: 'Change', exact: true }).click();
    const events = dialog().getByRole('button', { name: /^Events/ });
    await events.click();
    await page.getByRole('option', { name: 'A job changed' }).click();
    await events.click();
    await page.getByRole('listbox').waitFor({ state: 'hidden' });
    await button('Save', dialog()).click();
    await dialog().waitFor({ state: 'hidden' });
  };
  const allEvents = page.getByText('All events', { exact: true });
  await allEvents.waitFor();
  await edit();
  await allEvents.waitFor({ state: 'hidden' });
  await edit();
  await allEvents.waitFor();
  browser.assertQuiet();
});

step('who may only read sees it, and is told what is refused', async () => {
  await page.evaluate('sessionStorage.clear()');
  await browser.goto('/console/templates');
  await browser.signIn(ann.accessKeyId, ann.secretAccessKey);
  await page.getByRole('cell', { name: 'branch <b>1</b>' }).waitFor();
  await button('Create template').click();
  await button('Create template', dialog()).click();
  await dialog().getByText('AccessDeniedException').waitFor();
  await dialog().getByText('Ask an administrator for a policy that allows this').waitFor();
  await browser.goto('/console/access');
  await page.getByText('AccessDeniedException').waitFor();
  assert.equal(await button('Create user').count(), 0, 'what cannot be seen is not offered');
  await browser.assertAccessible();
  browser.assertQuiet(REFUSED);
});
