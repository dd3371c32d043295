/**
 * Answers of the query protocol as plain values: an element of elements is an object; one whose elements are
 * called as entries of lists are, or all alike, a list, and so is an empty one that is called as lists are;
 * everything else is text. Reads what `xml-document.ts` writes: no attributes but namespaces, no comments, no
 * CDATA.
 */
export type XmlAnswer = string | readonly XmlAnswer[] | { readonly [name: string]: XmlAnswer };

interface Element {
  readonly name: string;
  readonly children: (readonly [name: string, value: XmlAnswer])[];
  text: string;
}

const TOKEN = /<\?[^>]*\?>|<(\/?)([A-Za-z][\w.-]*)(?:\s[^<>]*?)?(\/?)>|([^<]+)/gy;
const DEPTH_MAX = 64;

/** Of the root; `undefined` when it is not such a document. */
export function readXml(text: string): { readonly name: string; readonly value: XmlAnswer } | undefined {
  const root: Element = { name: '', children: [], text: '' };
  const open = [root];
  let place = 0;
  for (const match of text.matchAll(TOKEN)) {
    place = match.index + match[0].length;
    const [, slash, name, isEmpty, content] = match;
    const top = open.at(-1) ?? root;
    if (content !== undefined) top.text += content;
    if (name === undefined) continue;
    if (slash === '/' ? top.name !== name || open.length === 1 : open.length > DEPTH_MAX) return undefined;
    if (slash !== '/') open.push({ name, children: [], text: '' });
    if (slash === '/' || isEmpty === '/') closeLast(open);
  }
  const [child] = root.children;
  if (place !== text.length || open.length !== 1 || child === undefined || root.children.length > 1)
    return undefined;
  return { name: child[0], value: child[1] };
}

function closeLast(open: Element[]): void {
  const element = open.pop();
  if (element !== undefined) open.at(-1)?.children.push([element.name, answerOf(element)]);
}

function answerOf({ name, children, text }: Element): XmlAnswer {
  const [first] = children;
  if (first === undefined) return text === '' && isListName(name) ? [] : unescapeText(text);
  const isRepeated = children.length > 1 && children.every(([child]) => child === first[0]);
  const isList = isRepeated || children.every(([child]) => isEntryOf(name, child));
  return isList ? children.map(([, value]) => value) : Object.fromEntries(children);
}

/** Lists of EC2 whose names do not end with `Set`. */
const LISTS: ReadonlySet<string> = new Set([
  ...['availabilityZoneInfo', 'groups', 'ipPermissions', 'ipPermissionsEgress', 'ipRanges', 'ipv6Ranges'],
  ...['launchTemplates', 'prefixListIds', 'productCodes', 'regionInfo', 'securityGroupInfo'],
  ...['supportedArchitectures', 'supportedBootModes', 'supportedRootDeviceTypes', 'supportedUsageClasses'],
  'supportedVirtualizationTypes',
]);

function isListName(name: string): boolean {
  return name.endsWith('Set') || LISTS.has(name);
}

/** Security groups of an interface of a launch template are `groupId` in a `groupSet`, also one alone. */
function isEntryOf(name: string, child: string): boolean {
  return child === 'item' || child === 'member' || (name === 'groupSet' && child === 'groupId');
}

const CHARACTERS: Readonly<Record<string, string>> = {
  ...{ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", '#13': '\r' },
};

function unescapeText(text: string): string {
  return text.replaceAll(/&([a-z]+|#13);/g, (whole, name: string) => CHARACTERS[name] ?? whole);
}
