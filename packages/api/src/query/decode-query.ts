/**
 * From parameters (`Filter.1.Value.2=x`) to the value that a shape describes. Lists are numbered from 1 on,
 * with or without gaps; every parameter has its place in the shape or is refused.
 */
import { ApiError } from '../api-error.ts';
import { type QueryForm, shown } from './query-form.ts';
import type { ListShape, QueryShape, StructureShape, TextShape, WholeShape } from './query-shape.ts';

/** A parameter, or what its name begins; seldom both, which is an error. */
interface Node {
  readonly path: string;
  text?: string;
  readonly children: Map<string, Node>;
}

const PARTS_MAX = 12;

/**
 * The `ValueOf` the shape. Errors: MissingParameter, UnknownParameter, InvalidParameterValue, and what
 * `malformed` of a shape says.
 */
export function decodeQuery(form: QueryForm, shape: StructureShape): unknown {
  return decodeStructure(shape, growTree(form));
}

function growTree(form: QueryForm): Node {
  const root: Node = { path: '', children: new Map() };
  for (const [name, text] of form) {
    const parts = name.split('.', PARTS_MAX + 1);
    if (parts.length > PARTS_MAX) throw unknown(name);
    const leaf = parts.reduce(childOf, root);
    leaf.text = text;
  }
  return root;
}

function childOf(node: Node, part: string): Node {
  const known = node.children.get(part);
  if (known !== undefined) return known;
  const child: Node = { path: node.path === '' ? part : `${node.path}.${part}`, children: new Map() };
  node.children.set(part, child);
  return child;
}

function decodeNode(shape: QueryShape, node: Node): unknown {
  switch (shape.type) {
    case 'structure':
      return decodeStructure(shape, node);
    case 'list':
      return decodeList(shape, node);
    case 'text':
      return decodeText(shape, node, textOf(node));
    case 'whole':
      return decodeWhole(shape, node, textOf(node));
    case 'flag':
      return decodeFlag(node, textOf(node));
  }
}

function decodeStructure({ members, required }: StructureShape, node: Node): unknown {
  if (node.text !== undefined) throw invalid(node.path, node.text, 'It has members of its own');
  for (const [name, child] of node.children) {
    if (!Object.hasOwn(members, name)) throw unknown(child.path);
  }
  const missing = required.find((name) => !node.children.has(name));
  if (missing !== undefined) throw missingParameter(node.path === '' ? missing : `${node.path}.${missing}`);
  const entries = Object.entries(members).flatMap(([name, member]) => {
    const child = node.children.get(name);
    return child === undefined ? [] : [[name, decodeNode(member, child)] as const];
  });
  return Object.fromEntries(entries);
}

/** A list that is empty may be written as a parameter without a value. */
function decodeList({ member, max }: ListShape<QueryShape>, node: Node): unknown {
  if (node.text !== undefined && (node.text !== '' || node.children.size > 0)) {
    throw invalid(node.path, node.text, `It is a list: ${node.path}.1 is its first entry`);
  }
  if (node.children.size > max) throw invalid(node.path, '', `It may have ${max} entries`);
  const numbered = [...node.children].map(([part, child]) => {
    if (!/^[1-9]\d{0,5}$/.test(part)) throw unknown(child.path);
    return { place: Number(part), child };
  });
  numbered.sort((left, right) => left.place - right.place);
  return numbered.map(({ child }) => decodeNode(member, child));
}

function textOf({ path, text, children }: Node): string {
  const [child] = children.values();
  if (child !== undefined) throw unknown(child.path);
  if (text === undefined) throw missingParameter(path);
  return text;
}

/** XML 1.0, production 2 (Char): what cannot be said in an answer is no value. */
const IMPOSSIBLE = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;

function decodeText(shape: TextShape, { path }: Node, value: string): string {
  const { min, max, pattern, values, malformed } = shape;
  const length = [...value].length;
  if (values !== undefined && !values.includes(value)) {
    throw invalid(path, value, `It is one of ${values.join(', ')}`);
  }
  if (length >= min && length <= max && !IMPOSSIBLE.test(value) && (pattern?.test(value) ?? true))
    return value;
  if (malformed !== undefined) throw new ApiError(malformed, 400, `Invalid id: "${shown(value)}"`);
  if (length < min || length > max) throw invalid(path, value, `It has ${min} to ${max} characters`);
  throw invalid(
    path,
    value,
    pattern === undefined ? 'It has control characters' : `It matches ${pattern.source}`,
  );
}

function decodeWhole({ min, max }: WholeShape, { path }: Node, value: string): number {
  const number = /^-?\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw invalid(path, value, `It is a whole number from ${min} to ${max}`);
}

function decodeFlag({ path }: Node, value: string): boolean {
  const word = value.toLowerCase();
  if (word === 'true' || word === 'false') return word === 'true';
  throw invalid(path, value, 'It is true or false');
}

function missingParameter(name: string): ApiError {
  return new ApiError('MissingParameter', 400, `The request must contain the parameter ${shown(name)}`);
}

function unknown(name: string): ApiError {
  return new ApiError('UnknownParameter', 400, `The parameter ${shown(name)} is not recognized here`);
}

function invalid(name: string, value: string, why: string): ApiError {
  const what = `Value (${shown(value)}) for parameter ${shown(name)} is invalid`;
  return new ApiError('InvalidParameterValue', 400, `${what}. ${why}.`);
}
