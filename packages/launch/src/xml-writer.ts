/** Small XML documents: elements with attributes, and either text or elements in them. */
import { OperationError } from '@landfall/runtime';

export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly content: string | readonly XmlElement[];
}

export function element(
  name: string,
  attributes: Readonly<Record<string, string>> = {},
  content: string | readonly XmlElement[] = [],
): XmlElement {
  return { name, attributes, content };
}

/** Indented by two. Errors: MACHINE_START_FAILED for characters that XML cannot hold. */
export function writeXml(root: XmlElement): string {
  return `${lines(root, '').join('\n')}\n`;
}

function lines({ name, attributes, content }: XmlElement, indent: string): string[] {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}='${escapeText(value)}'`);
  const start = `${indent}<${name}${written.join('')}`;
  if (typeof content === 'string') return [`${start}>${escapeText(content)}</${name}>`];
  if (content.length === 0) return [`${start}/>`];
  return [`${start}>`, ...content.flatMap((child) => lines(child, `${indent}  `)), `${indent}</${name}>`];
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&apos;',
  '"': '&quot;',
};

/** XML 1.0, production 2 (Char): no control characters, not even escaped. */
const IMPOSSIBLE = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;

function escapeText(text: string): string {
  if (IMPOSSIBLE.test(text)) {
    throw new OperationError(
      'MACHINE_START_FAILED',
      `XML cannot hold ${JSON.stringify(text.slice(0, 100))}`,
      {
        hint: 'choose a --state-dir without control characters in its path',
      },
    );
  }
  return text.replaceAll(/[&<>'"]/g, (character) => ESCAPES[character] ?? character);
}
