/** What people click to put servers into applications, and applications into waves. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';

const LOOK_MS = 100;
const LOOKS_MAX = 50;

/** Says yes in the dialog that is open, with the word where it is asked for. */
export async function confirm(page: Page, action: string): Promise<void> {
  const dialog = page.getByRole('dialog');
  const button = dialog.getByRole('button', { name: action, exact: true });
  const word = dialog.getByLabel('To confirm, type: confirm');
  if ((await word.count()) > 0) {
    assert.equal(await button.isDisabled(), true, 'what cannot be taken back asks for more than a click');
    await word.fill('confirm');
  }
  await button.click();
  await dialog.waitFor({ state: 'hidden' });
}

/** A list that moves under the mouse, as it does on a busy machine, takes a click for nothing: once more. */
async function selectOption(page: Page, name: string): Promise<void> {
  const option = page.getByRole('option', { name });
  const isSelected = async () => (await option.getAttribute('aria-selected')) === 'true';
  while (!(await isSelected())) {
    await option.click();
    for (let looks = 0; looks < LOOKS_MAX && !(await isSelected()); looks += 1) {
      await page.waitForTimeout(LOOK_MS);
    }
  }
}

/** Opens the dialog that `button` asks in, and chooses these there. */
export async function addMembers(page: Page, button: string, names: readonly string[]): Promise<void> {
  await page.getByRole('button', { name: button, exact: true }).click();
  const dialog = page.getByRole('dialog');
  const field = dialog.getByRole('button', { name: /^(Servers|Applications)/ });
  await field.click();
  for (const name of names) await selectOption(page, name);
  // Not with Escape: where the list is closed already, that closes the dialog.
  await field.click();
  await page.getByRole('listbox').waitFor({ state: 'hidden' });
  await confirm(page, button);
}

/** On the page of the list: makes an application or a wave and comes to its page. */
export async function makeGroup(page: Page, action: string, name: string): Promise<void> {
  await page.getByRole('button', { name: action }).first().click();
  await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill(name);
  await confirm(page, action);
  await page.getByRole('heading', { name, exact: true }).waitFor();
}
