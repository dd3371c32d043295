/**
 * What must hold of every page besides what axe finds: it comes to rest, keys reach what it offers, and
 * nothing is lost when it is narrow.
 */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';

const LOOK_MS = 150;
const LOOKS_MAX = 400;
/** More than any page has of what can be focused. */
const TABS_MAX = 400;
/** WCAG 1.4.10 asks for 320 pixels; 640 is the usual window at 200 %. */
const NARROW = [
  { width: 320, height: 640 },
  { width: 640, height: 400 },
] as const;
const WINDOW = { width: 1280, height: 800 };

/** Nothing is on its way any more, and the text of the page stays as it is. */
const STATE = `(() => {
  const content = document.querySelector('main') ?? document.body;
  const isWaiting = content.querySelector('[class*="awsui_spinner"], [class*="awsui_loading"]') !== null;
  return { isWaiting, hasTitle: content.querySelector('h1') !== null, text: content.innerText };
})()`;

interface State {
  readonly isWaiting: boolean;
  readonly hasTitle: boolean;
  readonly text: string;
}

export async function untilAtRest(page: Page): Promise<void> {
  let before: State | undefined;
  for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
    const state = await page.evaluate<State>(STATE);
    if (state.hasTitle && !state.isWaiting && state.text === before?.text) return;
    before = state;
    await page.waitForTimeout(LOOK_MS);
  }
  assert.fail(`${page.url()} does not come to rest: ${JSON.stringify(before)}`);
}

const FOLLOW_FOCUS = `(() => {
  document.activeElement?.blur?.();
  window.getSelection()?.removeAllRanges();
  globalThis.reached = [];
  globalThis.stopFollowing?.();
  const follow = ({ target }) => globalThis.reached.push(target);
  document.addEventListener('focusin', follow);
  globalThis.stopFollowing = () => document.removeEventListener('focusin', follow);
})()`;
const HAS_COME_ROUND = `reached.length > 1 && reached.indexOf(reached.at(-1)) < reached.length - 1`;
/** The main action of a page, and whatever stands beside its title. */
const NOT_REACHED = `[...document.querySelectorAll('main :is(button, a)')]
  .filter((element) => element.checkVisibility() && !element.disabled && element.tabIndex >= 0 && element.ariaDisabled !== 'true')
  .filter((element) => /variant-primary/.test(element.className) || element.closest('h1, [class*="header"]')?.querySelector('h1'))
  .filter((element) => !reached.includes(element))
  .map((element) => element.innerText || element.getAttribute('aria-label'))`;

/** With the Tab key one comes to every main action, and round to the beginning: nothing holds the focus. */
export async function assertKeysReachActions(page: Page): Promise<void> {
  await page.evaluate(FOLLOW_FOCUS);
  let presses = 0;
  do {
    await page.keyboard.press('Tab');
    presses += 1;
    assert.ok(presses < TABS_MAX, `${page.url()}: the focus does not come round`);
  } while (!(await page.evaluate<boolean>(HAS_COME_ROUND)));
  assert.deepEqual(await page.evaluate(NOT_REACHED), [], `${page.url()}: not reached by keys`);
}

/**
 * What is cut off at the side and cannot be scrolled to: text that ends outside the window, where no box
 * around it scrolls or shows with an ellipsis that it goes on (choices and breadcrumbs do, and open).
 * Tables and charts may scroll in boxes of their own, the page may not.
 */
const LOST = `(() => {
  const isKept = (element) => {
    for (let box = element; box !== null && box !== document.body; box = box.parentElement) {
      const { overflowX, textOverflow } = getComputedStyle(box);
      if (/auto|scroll/.test(overflowX) || textOverflow === 'ellipsis') return true;
    }
    return false;
  };
  const isHidden = (element) => {
    for (let box = element; box !== null; box = box.parentElement) {
      const { clip, clipPath, position } = getComputedStyle(box);
      const { width, height } = box.getBoundingClientRect();
      if (position === 'absolute' && ((clip !== 'auto' && clip !== '') || clipPath !== 'none')) return true;
      if (position !== 'static' && width <= 1 && height <= 1) return true;
      if (position === 'absolute' && box.getBoundingClientRect().right < 0) return true;
    }
    return false;
  };
  const lost = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const { parentElement } = node;
    if (node.data.trim() === '' || parentElement.closest('svg, [aria-hidden="true"], script, style') !== null) continue;
    if (!parentElement.checkVisibility({ visibilityProperty: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const { left, right, width } = range.getBoundingClientRect();
    if (width === 0 || (left >= -1 && right <= innerWidth + 1)) continue;
    if (!isKept(parentElement) && !isHidden(parentElement)) lost.add(node.data.trim());
  }
  const { scrollWidth } = document.scrollingElement;
  return [...lost, ...(scrollWidth > innerWidth ? ['the page is ' + scrollWidth + ' pixels wide'] : [])];
})()`;

/** At 320 pixels, and at 200 %, the page is as wide as the window and all of its text is there. */
export async function assertNothingLostWhenNarrow(page: Page): Promise<void> {
  const lost: string[] = [];
  for (const size of NARROW) {
    await resize(page, size);
    const texts = await page.evaluate<readonly string[]>(LOST);
    lost.push(...texts.map((text) => `at ${size.width} pixels: ${text}`));
  }
  await resize(page, WINDOW);
  assert.deepEqual(lost, [], page.url());
}

async function resize(page: Page, size: { readonly width: number; readonly height: number }): Promise<void> {
  await page.setViewportSize(size);
  await untilAtRest(page);
}
