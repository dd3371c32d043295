/**
 * The same question answered in another form, for property tests: statements as written, patterns as regular
 * expressions, addresses as numbers, and the decision from three sets.
 */
import type { AccessRequest } from './policy-evaluation.ts';

export interface WrittenStatement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action?: readonly string[];
  readonly NotAction?: readonly string[];
  readonly Resource?: readonly string[];
  readonly NotResource?: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

export function referenceDecision(statements: readonly WrittenStatement[], request: AccessRequest): string {
  const outcomes = new Set(statements.filter((one) => covers(one, request)).map(({ Effect }) => Effect));
  if (outcomes.has('Deny')) return 'EXPLICIT_DENY';
  return outcomes.has('Allow') ? 'ALLOW' : 'IMPLICIT_DENY';
}

function covers(statement: WrittenStatement, { action, resource, context }: AccessRequest): boolean {
  const { Action, NotAction, Resource, NotResource, Condition = {} } = statement;
  const isAction = (pattern: string) => expressionOf(pattern, '.', 'i').test(action);
  const isResource = (pattern: string) =>
    pattern === '*' || (resource !== '*' && expressionOf(pattern, '[^:]', '').test(resource));
  if (Action !== undefined ? !Action.some(isAction) : NotAction?.some(isAction)) return false;
  if (Resource !== undefined ? !Resource.some(isResource) : NotResource?.some(isResource)) return false;
  for (const [operator, keys] of Object.entries(Condition)) {
    for (const [key, values] of Object.entries(keys)) {
      if (!holds(operator, values, factOf(key, context))) return false;
    }
  }
  return true;
}

function expressionOf(pattern: string, one: string, flags: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', `${one}*`).replaceAll('?', one)}$`, flags);
}

function factOf(key: string, context: AccessRequest['context']): string | undefined {
  const values: Readonly<Record<string, string | undefined>> = {
    'aws:ResourceTag/team': context.resourceTags?.team,
    'aws:RequestTag/wave': context.requestTags?.wave,
    'aws:SourceIp': context.sourceIp,
    'aws:SecureTransport': String(context.secureTransport),
    'aws:CurrentTime': String(context.nowMs),
  };
  return values[key];
}

function holds(operator: string, values: readonly string[], actual: string | undefined): boolean {
  if (operator === 'Null') return values.includes(actual === undefined ? 'true' : 'false');
  if (actual === undefined) return operator.includes('Not') || operator.endsWith('IfExists');
  switch (operator) {
    case 'StringNotEquals':
      return !values.includes(actual);
    case 'StringLikeIfExists':
      return values.some((value) => expressionOf(value, '.', '').test(actual));
    case 'IpAddress':
      return values.some((value) => isInside(actual, value));
    case 'NotIpAddress':
      return !values.some((value) => isInside(actual, value));
    case 'DateLessThan':
      return values.some((value) => Number(actual) < Date.parse(value));
    default:
      return values.includes(actual);
  }
}

function isInside(address: string, network: string): boolean {
  const [base = '', bits = '32'] = network.split('/');
  const size = 2 ** (32 - Number(bits));
  return Math.floor(toNumber(address) / size) === Math.floor(toNumber(base) / size);
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
