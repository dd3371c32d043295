/**
 * What policies say of one action on one resource. Pure.
 *
 * I5  A statement that denies wins over all that allow; without one that allows, the answer is no.
 */
import { asksForResourceTags, conditionHolds, type RequestContext } from './policy-conditions.ts';
import type { PolicyDocument, Statement } from './policy-document.ts';
import { matchesAction, matchesResource } from './policy-pattern.ts';

export type Decision = 'ALLOW' | 'EXPLICIT_DENY' | 'IMPLICIT_DENY';

export interface AccessRequest {
  /** `mgn:StartTest` */
  readonly action: string;
  /** An ARN, or `*` when the call is about no resource. */
  readonly resource: string;
  readonly context: RequestContext;
}

export function evaluatePolicies(policies: readonly PolicyDocument[], request: AccessRequest): Decision {
  const statements = policies.flatMap((policy) => policy.statements);
  return decide(statements.filter((statement) => applies(statement, request)));
}

/** Of a trust policy: the statements that name one of `principals`. */
export function evaluateTrust(
  policy: PolicyDocument,
  request: AccessRequest,
  principals: readonly string[],
): Decision {
  const named = policy.statements.filter((statement) =>
    statement.principals.some((principal) => principals.includes(principal)),
  );
  return decide(named.filter((statement) => applies(statement, request)));
}

export function policiesAskForResourceTags(policies: readonly PolicyDocument[]): boolean {
  return policies.some(({ statements }) =>
    statements.some(({ conditions }) => conditions.some(asksForResourceTags)),
  );
}

function decide(applying: readonly Statement[]): Decision {
  if (applying.some(({ effect }) => effect === 'Deny')) return 'EXPLICIT_DENY';
  return applying.length > 0 ? 'ALLOW' : 'IMPLICIT_DENY';
}

function applies(statement: Statement, { action, resource, context }: AccessRequest): boolean {
  const { actions, resources, conditions } = statement;
  return (
    actions.patterns.some((pattern) => matchesAction(pattern, action)) !== actions.inverted &&
    resources.patterns.some((pattern) => matchesResource(pattern, resource)) !== resources.inverted &&
    conditions.every((condition) => conditionHolds(condition, context))
  );
}
