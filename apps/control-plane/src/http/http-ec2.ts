/**
 * EC2 in its query protocol: form in, XML out. The way of a call is that of the rest of the API; a dry run
 * ends where it would begin to act.
 */
import {
  type ApiResponse,
  decodeEc2Input,
  dryRunSucceeded,
  type Ec2AnyInput,
  type Ec2Call,
  type Ec2Input,
  type Ec2OperationName,
  encodeEc2Output,
  readEc2Call,
  readQueryForm,
} from '@landfall/api';
import type { FastifyRequest } from 'fastify';
import { ec2RequestTags, ec2ResourcesOf } from '../ec2/call-resources.ts';
import { ec2Handlers } from '../ec2/handlers.ts';
import { auditCall } from '../identity/audited-call.ts';
import { authorise } from '../identity/authorisation.ts';
import { callContext } from '../identity/call-context.ts';
import type { Caller } from '../identity/callers.ts';
import { tagsOfResource } from '../operations/tags.ts';
import type { Service } from '../service.ts';
import { noteAction, once, recordOf } from './http-call.ts';

export interface Ec2Request {
  readonly caller: Caller;
  readonly signature: string;
  /** A form body or a query string. */
  readonly form: string;
}

export async function performEc2(
  service: Service,
  request: FastifyRequest,
  { caller, signature, form }: Ec2Request,
): Promise<ApiResponse> {
  const call = readEc2Call(readQueryForm(form));
  const { name, operation } = call;
  const action = `ec2:${name}`;
  noteAction(request, action);
  const input = readInput(call);
  const resources = await ec2ResourcesOf(service, operation.resource, input.value);
  const context = { ...callContext(service, caller, request.ip), requestTags: ec2RequestTags(input.value) };
  const access = { caller, action, resources, context };
  const record = recordOf(service, access, request);
  const isOnce = operation.readonly !== true && operation.idempotent !== true;
  return auditCall(service.audit, isOnce ? { ...record, signature } : record, async (begin) => {
    service.limits.takeCall(caller.origin.accessKeyId, record.eventAtMs);
    await authorise(access, {
      db: service.store.db,
      tagsOf: (resource) => tagsOfResource(service, resource),
    });
    if ('error' in input) throw input.error;
    if (input.value.DryRun === true) throw dryRunSucceeded();
    const asked = { ...service, principal: caller.arn, caller };
    const answer = async () => encodeEc2Output(name, await handle(name, input.value, asked), request.id);
    if (operation.readonly === true) return answer();
    const work = async () => {
      await begin();
      return answer();
    };
    return isOnce ? once(service, signature, work) : work();
  });
}

function handle<Name extends Ec2OperationName>(name: Name, input: unknown, service: Service) {
  return ec2Handlers[name](input as Ec2Input<Name>, service);
}

type ReadInput = { readonly value: Ec2AnyInput } | { readonly value?: undefined; readonly error: unknown };

/** Who may not make the call is told that, and not what is wrong with its input. */
function readInput(call: Ec2Call): ReadInput {
  try {
    return { value: decodeEc2Input(call) };
  } catch (error) {
    return { error };
  }
}
