/**
 * Conditions of a policy statement: operators, the keys they may ask for, and how a missing key counts. A
 * condition holds when every key of every operator holds; a key holds when one of its values does, or, for
 * the operators with Not, when none does.
 */
import { BlockList, isIP } from 'node:net';
import { matchesPattern } from './policy-pattern.ts';

/** What is known of a call besides its action and resource. Names as `contextValue` takes them. */
export interface RequestContext {
  readonly nowMs: number;
  readonly sourceIp: string;
  readonly secureTransport: boolean;
  readonly principalArn: string;
  /** Of a user, absent for roles. */
  readonly userName?: string | undefined;
  readonly resourceTags?: Readonly<Record<string, string>> | undefined;
  readonly requestTags?: Readonly<Record<string, string>> | undefined;
  /** The kind of program that may enrol, for CreateEnrolmentToken. */
  readonly enrolmentRole?: string | undefined;
}

export interface Condition {
  /** Without IfExists. */
  readonly operator: OperatorName;
  readonly ifExists: boolean;
  readonly key: string;
  readonly values: readonly string[];
}

type ValueKind = 'string' | 'address' | 'date' | 'boolean' | 'any';

interface Operator {
  readonly kind: ValueKind;
  readonly negated?: true;
  readonly holds: (actual: string, expected: string) => boolean;
}

const equal = (actual: string, expected: string) => actual === expected;
const equalIgnoringCase = (actual: string, expected: string) =>
  actual.toLowerCase() === expected.toLowerCase();
const like = (actual: string, expected: string) => matchesPattern(expected, actual);
const compareDates =
  (fits: (difference: number) => boolean) =>
  (actual: string, expected: string): boolean =>
    fits((parseDate(actual) ?? Number.NaN) - (parseDate(expected) ?? Number.NaN));

const OPERATORS = {
  StringEquals: { kind: 'string', holds: equal },
  StringNotEquals: { kind: 'string', negated: true, holds: equal },
  StringEqualsIgnoreCase: { kind: 'string', holds: equalIgnoringCase },
  StringNotEqualsIgnoreCase: { kind: 'string', negated: true, holds: equalIgnoringCase },
  StringLike: { kind: 'string', holds: like },
  StringNotLike: { kind: 'string', negated: true, holds: like },
  Bool: { kind: 'boolean', holds: equalIgnoringCase },
  IpAddress: { kind: 'address', holds: isInNetwork },
  NotIpAddress: { kind: 'address', negated: true, holds: isInNetwork },
  DateEquals: { kind: 'date', holds: compareDates((difference) => difference === 0) },
  DateNotEquals: { kind: 'date', negated: true, holds: compareDates((difference) => difference === 0) },
  DateLessThan: { kind: 'date', holds: compareDates((difference) => difference < 0) },
  DateLessThanEquals: { kind: 'date', holds: compareDates((difference) => difference <= 0) },
  DateGreaterThan: { kind: 'date', holds: compareDates((difference) => difference > 0) },
  DateGreaterThanEquals: { kind: 'date', holds: compareDates((difference) => difference >= 0) },
  /** Its value says whether the key is to be absent. */
  Null: { kind: 'any', holds: equalIgnoringCase },
} as const satisfies Record<string, Operator>;

export type OperatorName = keyof typeof OPERATORS;

const KEY_KINDS: Readonly<Record<string, ValueKind>> = {
  'aws:currenttime': 'date',
  'aws:sourceip': 'address',
  'aws:securetransport': 'boolean',
  'aws:principalarn': 'string',
  'aws:username': 'string',
  'landfall:enrolmentrole': 'string',
};
const RESOURCE_TAG = 'aws:resourcetag/';
const REQUEST_TAG = 'aws:requesttag/';

/** What is wrong with a condition, for whoever puts it; `undefined`: nothing. */
export function conditionFault(
  operatorText: string,
  key: string,
  values: readonly string[],
): string | undefined {
  const name = operatorText.replace(/IfExists$/, '');
  if (!isOperatorName(name)) return `the condition operator ${operatorText} is not known`;
  if (name === 'Null' && operatorText !== name) return 'Null has no IfExists';
  const keyKind = kindOfKey(key);
  if (keyKind === undefined) return `the condition key ${key} is not known`;
  const { kind } = OPERATORS[name];
  if (kind !== 'any' && kind !== keyKind) return `${name} does not fit ${key}, which is a ${keyKind}`;
  const wrong = values.find((value) => !isValueOf(name === 'Null' ? 'boolean' : kind, value));
  return wrong === undefined ? undefined : `"${wrong}" is no value for ${name}`;
}

export function readOperator(operatorText: string): Pick<Condition, 'operator' | 'ifExists'> | undefined {
  const operator = operatorText.replace(/IfExists$/, '');
  return isOperatorName(operator) ? { operator, ifExists: operator !== operatorText } : undefined;
}

export function asksForResourceTags({ key }: Condition): boolean {
  return key.toLowerCase().startsWith(RESOURCE_TAG);
}

export function conditionHolds(condition: Condition, context: RequestContext): boolean {
  const operator: Operator = OPERATORS[condition.operator];
  const actual = contextValue(condition.key, context);
  if (condition.operator === 'Null') {
    return condition.values.some((value) => operator.holds(String(actual === undefined), value));
  }
  const isNegated = operator.negated === true;
  if (actual === undefined) return condition.ifExists || isNegated;
  const isMet = condition.values.some((value) => operator.holds(actual, value));
  return isNegated ? !isMet : isMet;
}

/** Keys are compared without regard to case, those of tags too; the exact spelling goes first. */
function contextValue(key: string, context: RequestContext): string | undefined {
  const name = key.toLowerCase();
  if (name.startsWith(RESOURCE_TAG)) return tagValue(context.resourceTags, key.slice(RESOURCE_TAG.length));
  if (name.startsWith(REQUEST_TAG)) return tagValue(context.requestTags, key.slice(REQUEST_TAG.length));
  switch (name) {
    case 'aws:currenttime':
      return new Date(context.nowMs).toISOString();
    case 'aws:sourceip':
      return context.sourceIp;
    case 'aws:securetransport':
      return String(context.secureTransport);
    case 'aws:principalarn':
      return context.principalArn;
    case 'aws:username':
      return context.userName;
    case 'landfall:enrolmentrole':
      return context.enrolmentRole;
    default:
      return undefined;
  }
}

function tagValue(tags: Readonly<Record<string, string>> = {}, key: string): string | undefined {
  if (Object.hasOwn(tags, key)) return tags[key];
  return Object.entries(tags).find(([name]) => name.toLowerCase() === key.toLowerCase())?.[1];
}

function isOperatorName(name: string): name is OperatorName {
  return Object.hasOwn(OPERATORS, name);
}

function kindOfKey(key: string): ValueKind | undefined {
  const name = key.toLowerCase();
  const isTag = [RESOURCE_TAG, REQUEST_TAG].some((start) => name.startsWith(start) && name !== start);
  if (isTag) return 'string';
  return Object.hasOwn(KEY_KINDS, name) ? KEY_KINDS[name] : undefined;
}

function isValueOf(kind: ValueKind, value: string): boolean {
  switch (kind) {
    case 'boolean':
      return /^(true|false)$/i.test(value);
    case 'date':
      return parseDate(value) !== undefined;
    case 'address':
      return parseNetwork(value) !== undefined;
    default:
      return true;
  }
}

/** ISO 8601 in UTC, a day, or seconds since the epoch. */
export function parseDate(text: string): number | undefined {
  if (/^\d{1,12}$/.test(text)) return Number(text) * 1000;
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?Z)?$/.test(text)) return undefined;
  const timeMs = Date.parse(text);
  const exists = !Number.isNaN(timeMs) && new Date(timeMs).toISOString().slice(0, 10) === text.slice(0, 10);
  return exists ? timeMs : undefined;
}

interface Network {
  readonly address: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly prefix: number;
}

/** An address, or a network as ADDRESS/BITS. */
function parseNetwork(text: string): Network | undefined {
  const [, address = '', bits] = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  if (version === 0) return undefined;
  const bitsMax = version === 4 ? 32 : 128;
  const prefix = bits === undefined ? bitsMax : Number(bits);
  return prefix > bitsMax ? undefined : { address, family: `ipv${version as 4 | 6}`, prefix };
}

function isInNetwork(actual: string, expected: string): boolean {
  const network = parseNetwork(expected);
  /** How a socket that listens on IPv6 shows an IPv4 peer. */
  const address = actual.replace(/^::ffff:(?=\d+\.)/i, '');
  const version = isIP(address);
  if (network === undefined || version === 0) return false;
  const list = new BlockList();
  list.addSubnet(network.address, network.prefix, network.family);
  return list.check(address, `ipv${version as 4 | 6}`);
}
