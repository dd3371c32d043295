/** What conditions may ask of a call, whatever it is about. */
import type { Clock } from '@landfall/runtime';
import type { Caller } from './callers.ts';
import type { RequestContext } from './policy-conditions.ts';

export function callContext(
  { clock }: { readonly clock: Clock },
  caller: Pick<Caller, 'arn' | 'kind' | 'name'>,
  sourceIp: string,
): RequestContext {
  return {
    nowMs: clock.nowMs(),
    sourceIp,
    secureTransport: true,
    principalArn: caller.arn,
    userName: caller.kind === 'user' ? caller.name : undefined,
  };
}
