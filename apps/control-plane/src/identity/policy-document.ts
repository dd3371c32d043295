/**
 * Policies in IAM's JSON form, as text to a checked value. Whatever is not understood is refused when the
 * policy is put, with its place: a statement that is half understood would allow or deny something else than
 * its author meant.
 *
 * I4  A member that this reader does not know, or knows twice, is an error.
 */
import { type Condition, conditionFault, readOperator } from './policy-conditions.ts';
import { arnParts, matchesAction } from './policy-pattern.ts';

/** `identity`: says what its holder may do. `trust`: says who may assume the role that it belongs to. */
export type PolicyKind = 'identity' | 'trust';

export interface Patterns {
  readonly patterns: readonly string[];
  /** NotAction, NotResource: whatever matches none of them. */
  readonly inverted: boolean;
}

export interface Statement {
  readonly sid?: string;
  readonly effect: 'Allow' | 'Deny';
  readonly actions: Patterns;
  /** `*` for trust policies. */
  readonly resources: Patterns;
  /** Of trust policies: ARNs, account ids or `*`. */
  readonly principals: readonly string[];
  readonly conditions: readonly Condition[];
}

export interface PolicyDocument {
  readonly statements: readonly Statement[];
}

export interface ParseOptions {
  readonly kind: PolicyKind;
  /** `mgn:StartTest` …: every pattern of actions must match one; absent when it was put before. */
  readonly knownActions?: readonly string[];
}

export class PolicyError extends Error {
  override readonly name = 'PolicyError';
}

const VERSION = '2012-10-17';
const RESOURCE_SERVICES = ['mgn', 'landfall', 'ec2', 'iam'];
const EVERYTHING: Patterns = { patterns: ['*'], inverted: false };

type JsonObject = Readonly<Record<string, unknown>>;

/** Throws PolicyError, whose message names the place. */
export function parsePolicy(text: string, options: ParseOptions): PolicyDocument {
  const document = readObject(parseJson(text), 'the policy');
  if (countMembers(document) !== countWrittenMembers(text)) {
    throw new PolicyError('the policy names a member twice');
  }
  allowMembers(document, ['Version', 'Id', 'Statement'], 'the policy');
  if (document.Version !== VERSION) throw new PolicyError(`Version must be "${VERSION}"`);
  if (document.Id !== undefined) readString(document.Id, 'Id');
  const written = Array.isArray(document.Statement) ? document.Statement : [document.Statement];
  if (written.length === 0) throw new PolicyError('Statement is empty');
  const statements = written.map((one, index) => readStatement(one, `Statement[${index}]`, options));
  const sids = statements.flatMap(({ sid }) => (sid === undefined ? [] : [sid]));
  if (new Set(sids).size !== sids.length) throw new PolicyError('two statements have the same Sid');
  return { statements };
}

function readStatement(value: unknown, place: string, options: ParseOptions): Statement {
  const statement = readObject(value, place);
  const isTrust = options.kind === 'trust';
  const own = isTrust ? ['Principal'] : ['Resource', 'NotResource'];
  allowMembers(statement, ['Sid', 'Effect', 'Action', 'NotAction', 'Condition', ...own], place);
  const { Sid, Effect } = statement;
  if (Effect !== 'Allow' && Effect !== 'Deny') {
    throw new PolicyError(`${place}.Effect must be "Allow" or "Deny"`);
  }
  const actions = readEither(statement, ['Action', 'NotAction'], place);
  for (const pattern of actions.patterns) checkAction(pattern, `${place}.Action`, options.knownActions);
  const resources = isTrust ? EVERYTHING : readEither(statement, ['Resource', 'NotResource'], place);
  for (const pattern of resources.patterns) checkResource(pattern, `${place}.Resource`);
  return {
    ...(Sid === undefined ? {} : { sid: readSid(Sid, place) }),
    effect: Effect,
    actions,
    resources,
    principals: isTrust ? readPrincipals(statement.Principal, `${place}.Principal`) : [],
    conditions: readConditions(statement.Condition, `${place}.Condition`),
  };
}

function readSid(value: unknown, place: string): string {
  const sid = readString(value, `${place}.Sid`);
  if (/^[A-Za-z0-9]*$/.test(sid)) return sid;
  throw new PolicyError(`${place}.Sid may hold letters and digits only`);
}

function readEither(
  statement: JsonObject,
  [plain, inverse]: readonly [string, string],
  place: string,
): Patterns {
  const isInverted = statement[inverse] !== undefined;
  if ((statement[plain] !== undefined) === isInverted) {
    throw new PolicyError(`${place} must have either ${plain} or ${inverse}`);
  }
  const name = isInverted ? inverse : plain;
  const patterns = readStrings(statement[name], `${place}.${name}`);
  return { patterns, inverted: isInverted };
}

function checkAction(pattern: string, place: string, knownActions: readonly string[] | undefined): void {
  if (pattern !== '*' && !/^[a-z0-9-]+:[A-Za-z0-9*?]+$/.test(pattern)) {
    throw new PolicyError(`${place}: "${pattern}" is neither "*" nor of the form "service:Action"`);
  }
  if (knownActions === undefined || knownActions.some((action) => matchesAction(pattern, action))) return;
  throw new PolicyError(`${place}: no action of this service is matched by "${pattern}"`);
}

function checkResource(pattern: string, place: string): void {
  if (pattern.includes('${')) throw new PolicyError(`${place}: policy variables are not supported`);
  if (pattern === '*') return;
  const service = arnParts(pattern)?.[2];
  if (service === undefined) throw new PolicyError(`${place}: "${pattern}" is neither "*" nor an ARN`);
  if (RESOURCE_SERVICES.includes(service) || /[*?]/.test(service)) return;
  throw new PolicyError(`${place}: there are no resources of ${service} here`);
}

function readPrincipals(value: unknown, place: string): readonly string[] {
  if (value === '*') return ['*'];
  const principal = readObject(value, place);
  allowMembers(principal, ['AWS'], place);
  const names = readStrings(principal.AWS, `${place}.AWS`);
  const form = /^(\*|\d{12}|arn:aws:iam::\d{12}:(root|user\/[\w+=,.@-]+|role\/[\w+=,.@-]+))$/;
  for (const name of names) {
    if (!form.test(name)) throw new PolicyError(`${place}: "${name}" is no user, role or account`);
  }
  return names;
}

function readConditions(value: unknown, place: string): readonly Condition[] {
  if (value === undefined) return [];
  return Object.entries(readObject(value, place)).flatMap(([name, keys]) =>
    Object.entries(readObject(keys, `${place}.${name}`)).map(([key, written]) =>
      readCondition({ name, key, place: `${place}.${name}.${key}` }, written),
    ),
  );
}

interface ConditionPlace {
  readonly name: string;
  readonly key: string;
  readonly place: string;
}

function readCondition({ name, key, place }: ConditionPlace, written: unknown): Condition {
  const list = Array.isArray(written) ? written : [written];
  const values = readStrings(
    list.map((value) => (typeof value === 'boolean' ? String(value) : value)),
    place,
  );
  if (values.some((value) => value.includes('${'))) {
    throw new PolicyError(`${place}: policy variables are not supported`);
  }
  const fault = conditionFault(name, key, values);
  const operator = readOperator(name);
  if (fault !== undefined || operator === undefined) throw new PolicyError(`${place}: ${fault ?? name}`);
  return { ...operator, key, values };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PolicyError('the policy is not valid JSON', { cause });
  }
}

function readObject(value: unknown, place: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new PolicyError(`${place} must be an object`);
}

function readString(value: unknown, place: string): string {
  if (typeof value === 'string') return value;
  throw new PolicyError(`${place} must be a string`);
}

function readStrings(value: unknown, place: string): readonly string[] {
  const list = Array.isArray(value) ? value : [value];
  if (list.length === 0) throw new PolicyError(`${place} is empty`);
  return list.map((one) => readString(one, place));
}

function allowMembers(value: JsonObject, allowed: readonly string[], place: string): void {
  const unknown = Object.keys(value).find((name) => !allowed.includes(name));
  if (unknown !== undefined) throw new PolicyError(`${place} has a member that is not known: ${unknown}`);
}

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inside = Object.values(value).reduce<number>((sum, one) => sum + countMembers(one), 0);
  return inside + (Array.isArray(value) ? 0 : Object.keys(value).length);
}

/** In valid JSON only the name of a member is a string before a colon. */
function countWrittenMembers(text: string): number {
  return [...text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)].filter(([, colon]) => colon !== undefined).length;
}
