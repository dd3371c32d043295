/**
 * English that is left on a page in Korean: a message of the English catalogue, or words that are in no
 * catalogue at all. What the API answers as text, names and messages, stands where the page says that it is
 * in English (`lang="en"`), in fields, and in code. Pure but for the look at the page.
 */
import type { Page } from 'playwright-core';
import { EN } from '../../apps/console/src/i18n/en/index.ts';
import { KO } from '../../apps/console/src/i18n/ko/index.ts';

const english: Readonly<Record<string, string>> = EN;
const korean: Readonly<Record<string, string>> = KO;

const SLOT = /\{[^}]*\}/;
/** A shorter piece of a message may stand in any other text. */
const PIECE_CHARACTERS_MIN = 10;
const HANGUL = /[가-힣]/;
/** As many words, one after the other, are a sentence or a part of one. */
const SENTENCE = /\b[A-Za-z’']{2,}(?:,? [A-Za-z’']{2,}){2,}/;

/** Whole texts, and pieces between slots. */
const MESSAGES = Object.entries(english).filter(([key, text]) => korean[key] !== text);
const WHOLE = new Set(MESSAGES.map(([, text]) => text).filter((text) => !SLOT.test(text)));
const PIECES = MESSAGES.filter(([, text]) => SLOT.test(text))
  .flatMap(([, text]) => text.split(SLOT).map((piece) => piece.trim()))
  .filter((piece) => piece.length >= PIECE_CHARACTERS_MIN);

/** Texts, names for the screen reader and tips, as far as they are there for anybody; each once. */
const TEXTS = `(() => {
  const found = new Set();
  const isThere = (element) => element !== null && element.checkVisibility({ visibilityProperty: true });
  const isOwn = (element) => element.closest('script, style, code, pre, textarea, [lang="en"]') === null;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const { parentElement } = node;
    if (isThere(parentElement) && isOwn(parentElement)) found.add(node.data.trim());
  }
  for (const element of document.body.querySelectorAll('*')) {
    if (!isThere(element) || !isOwn(element)) continue;
    for (const { name, value } of element.attributes) {
      if (!/^(class|id|name|value|style|d|href|src|aria-(labelledby|describedby|controls|owns)|data-.*)$/.test(name))
        found.add(value.trim());
    }
  }
  return [document.title, ...found].filter((text) => text !== '');
})()`;

export async function untranslatedTexts(page: Page): Promise<readonly string[]> {
  return (await page.evaluate<readonly string[]>(TEXTS)).filter(isEnglish);
}

export function isEnglish(text: string): boolean {
  if (WHOLE.has(text) || PIECES.some((piece) => text.includes(piece))) return true;
  return !HANGUL.test(text) && SENTENCE.test(text);
}
