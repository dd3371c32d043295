/**
 * Members of EC2 that are kept and shown again without being understood: how they are called in requests and
 * in answers, and of which kind they are.
 */
import { choice, flag, list, type QueryShape, structure, text, whole } from '../query/query-shape.ts';
import { XmlList, type XmlMembers, type XmlValue } from '../query/xml-document.ts';

/** By the name in requests. */
export interface Ec2MemberTable {
  readonly [name: string]: Ec2Member;
}

export interface Ec2Member {
  /** The name in answers. */
  readonly answer: string;
  readonly shape: Ec2MemberShape;
}

export type Ec2MemberShape =
  | { readonly type: 'text'; readonly values?: readonly string[] }
  | { readonly type: 'whole' | 'flag' }
  | { readonly type: 'list'; readonly member: Ec2MemberShape; readonly entryName: string }
  | { readonly type: 'structure'; readonly members: Ec2MemberTable };

/** As it was decoded from a request. */
export type Ec2Value = string | number | boolean | readonly Ec2Value[] | Ec2Values;

export interface Ec2Values {
  readonly [name: string]: Ec2Value;
}

/** The largest is user data: 16 KiB, in base64. */
const TEXT_CHARACTERS_MAX = 21_848;
const ENTRIES_MAX = 400;
const WHOLE_MAX = 2 ** 31 - 1;

/** By which they are read from a request. */
export function queryShapesOf(members: Ec2MemberTable): Readonly<Record<string, QueryShape>> {
  return mapMembers(members, ({ shape }) => queryShapeOf(shape));
}

function queryShapeOf(shape: Ec2MemberShape): QueryShape {
  switch (shape.type) {
    case 'text':
      return shape.values === undefined
        ? text({ min: 0, max: TEXT_CHARACTERS_MAX })
        : choice(...shape.values);
    case 'whole':
      return whole(-WHOLE_MAX, WHOLE_MAX);
    case 'flag':
      return flag;
    case 'list':
      return list(queryShapeOf(shape.member), ENTRIES_MAX);
    case 'structure':
      return structure(queryShapesOf(shape.members));
  }
}

/** Values as answers show them. What is no member of these is left out. */
export function showEc2Values(members: Ec2MemberTable, values: Ec2Values): XmlMembers {
  const shown = Object.entries(members).flatMap(([name, { answer, shape }]) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    return value === undefined ? [] : [[answer, showValue(shape, value)] as const];
  });
  return Object.fromEntries(shown);
}

function showValue(shape: Ec2MemberShape, value: Ec2Value): XmlValue {
  if (isList(value)) {
    if (shape.type !== 'list') return undefined;
    const entries = value.map((entry) => showValue(shape.member, entry));
    return shape.entryName === 'item' ? entries : new XmlList(shape.entryName, entries);
  }
  if (typeof value !== 'object') return value;
  return shape.type === 'structure' ? showEc2Values(shape.members, value) : undefined;
}

/** What `Array.isArray` does not tell of lists that cannot be changed. */
function isList(value: Ec2Value): value is readonly Ec2Value[] {
  return Array.isArray(value);
}

/** Of what was decoded by these shapes, the values that are there. */
export function pickEc2Values(
  members: Ec2MemberTable,
  decoded: Readonly<Record<string, unknown>>,
): Ec2Values {
  const present = Object.entries(decoded).filter(
    ([name, value]) => value !== undefined && Object.hasOwn(members, name),
  );
  return Object.fromEntries(present) as Ec2Values;
}

/** All but those that are named. */
export function membersWithout(members: Ec2MemberTable, names: readonly string[]): Ec2MemberTable {
  return Object.fromEntries(Object.entries(members).filter(([name]) => !names.includes(name)));
}

/** The members of a member that is a structure, or a list of them. */
export function membersOf(members: Ec2MemberTable, name: string): Ec2MemberTable {
  const shape = members[name]?.shape;
  const one = shape?.type === 'list' ? shape.member : shape;
  return one?.type === 'structure' ? one.members : {};
}

function mapMembers<Value>(
  members: Ec2MemberTable,
  map: (member: Ec2Member) => Value,
): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(members).map(([name, member]) => [name, map(member)]));
}
