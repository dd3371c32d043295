/** Answers of the query protocol: elements of text and of elements, no attributes but the namespace. */

export type XmlValue = string | number | boolean | undefined | XmlMembers | XmlList | readonly XmlValue[];

/** Members that are undefined are left out. */
export interface XmlMembers {
  readonly [name: string]: XmlValue;
}

/** A list whose entries are called other than `item`. */
export class XmlList {
  readonly entryName: string;
  readonly entries: readonly XmlValue[];

  constructor(entryName: string, entries: readonly XmlValue[]) {
    this.entryName = entryName;
    this.entries = entries;
  }
}

export interface XmlRoot {
  readonly name: string;
  readonly namespace?: string;
  readonly members: XmlMembers;
}

export function writeXmlDocument({ name, namespace, members }: XmlRoot): string {
  const attribute = namespace === undefined ? '' : ` xmlns="${escapeText(namespace)}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name}${attribute}>${writeMembers(members)}</${name}>`;
}

function writeMembers(members: XmlMembers): string {
  return Object.entries(members)
    .map(([name, value]) => writeElement(name, value))
    .join('');
}

function writeElement(name: string, value: XmlValue): string {
  if (value === undefined) return '';
  const content = writeContent(value);
  return content === '' ? `<${name}/>` : `<${name}>${content}</${name}>`;
}

function writeContent(value: Exclude<XmlValue, undefined>): string {
  if (value instanceof XmlList) return writeEntries(value.entryName, value.entries);
  if (isList(value)) return writeEntries('item', value);
  return typeof value === 'object' ? writeMembers(value) : escapeText(String(value));
}

/** What `Array.isArray` does not tell of lists that cannot be changed. */
function isList(value: XmlValue): value is readonly XmlValue[] {
  return Array.isArray(value);
}

function writeEntries(name: string, entries: readonly XmlValue[]): string {
  return entries.map((entry) => writeElement(name, entry)).join('');
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** XML 1.0, production 2 (Char); a carriage return would come back as a line feed, so it is escaped, too. */
const IMPOSSIBLE = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

function escapeText(text: string): string {
  return text
    .replaceAll(IMPOSSIBLE, '\u{FFFD}')
    .replaceAll(/[&<>"]/g, (character) => ESCAPES[character] ?? character)
    .replaceAll('\r', '&#13;');
}
