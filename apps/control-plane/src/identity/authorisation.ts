/**
 * Whether a caller may make a call: each of its resources is asked for, and one refusal refuses the call.
 * The words are those of the public API.
 */
import { ApiError } from '@landfall/api';
import type { Queries } from '../store/schema.ts';
import type { Caller } from './callers.ts';
import { policiesOf } from './policies.ts';
import type { RequestContext } from './policy-conditions.ts';
import { type Decision, evaluatePolicies, policiesAskForResourceTags } from './policy-evaluation.ts';

export type Tags = Readonly<Record<string, string>>;

export interface Access {
  readonly caller: Caller;
  /** `mgn:StartTest` */
  readonly action: string;
  readonly resources: readonly string[];
  readonly context: RequestContext;
}

export interface AuthorisationOptions {
  readonly db: Queries;
  readonly tagsOf: (resource: string) => Promise<Tags | undefined>;
}

/** More than any operation takes. */
const RESOURCES_MAX = 1000;

/** Throws AccessDeniedException. */
export async function authorise(access: Access, { db, tagsOf }: AuthorisationOptions): Promise<void> {
  const { caller, action, resources, context } = access;
  if (resources.length > RESOURCES_MAX) throw ApiError.validation('The call names too many resources.');
  const policies = await policiesOf(db, caller);
  const needsTags = policiesAskForResourceTags(policies);
  for (const resource of resources) {
    const resourceTags = needsTags ? await tagsOf(resource) : undefined;
    const decision = evaluatePolicies(policies, {
      action,
      resource,
      context: { ...context, resourceTags },
    });
    if (decision !== 'ALLOW') throw denied(access, resource, decision);
  }
}

export function denied(
  { caller, action }: Pick<Access, 'caller' | 'action'>,
  resource: string,
  decision: Decision,
): ApiError {
  const what = `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${resource}`;
  const why =
    decision === 'EXPLICIT_DENY'
      ? 'with an explicit deny in an identity-based policy'
      : `because no identity-based policy allows the ${action} action`;
  return ApiError.accessDenied(`${what} ${why}`);
}
