/**
 * The public API: every signed request, told apart by the service name in its credential scope. Answers are
 * the API's own JSON (for `ec2` and `sts`: their XML) whatever happens. The way of a call: signature, rate,
 * audit log, policies, replay, handler.
 */
import { Readable } from 'node:stream';
import {
  type AnyOperation,
  ApiError,
  type ApiResponse,
  decodeInput,
  dispatch,
  matchRoute,
  type RequestParts,
  refuseUnknown,
  type ServiceName,
  type SignableRequest,
  type VerifiedCaller,
  verifySignature,
} from '@landfall/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { auditCall, failureOf } from '../identity/audited-call.ts';
import { type Access, authorise } from '../identity/authorisation.ts';
import { callContext } from '../identity/call-context.ts';
import { isReplaySafe } from '../identity/call-limits.ts';
import { requestFacts, resourcesOfCall } from '../identity/call-resources.ts';
import { type Caller, findCaller } from '../identity/callers.ts';
import { isInitialized, landfallHandlers, mgnHandlers } from '../operations/handlers.ts';
import { refuseOtherAccount } from '../operations/managed-accounts.ts';
import { tagsOfResource } from '../operations/tags.ts';
import type { Service } from '../service.ts';
import { rawBody } from './http-body.ts';
import { actionOf, asApiError, noteAction, once, recordOf } from './http-call.ts';
import { performEc2 } from './http-ec2.ts';
import { encodeErrorFor } from './http-error-form.ts';
import { answerSts, encodeStsOutput, readStsCall, stsResource } from './http-sts.ts';

export async function answerPublicApi(
  service: Service,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const beganNs = service.clock.monotonicNs();
  try {
    const response = await perform(service, request);
    observeCall(service, request, { beganNs, code: 'ok' });
    return sendApiResponse(reply, response);
  } catch (error) {
    observeCall(service, request, { beganNs, code: asApiError(error).name });
    return sendApiError(service, error, request, reply);
  }
}

const NS_A_SECOND = 1e9;

function observeCall(
  { metrics, clock }: Service,
  request: FastifyRequest,
  { beganNs, code }: { readonly beganNs: bigint; readonly code: string },
): void {
  const seconds = Number(clock.monotonicNs() - beganNs) / NS_A_SECOND;
  metrics.observe({ action: actionOf(request), code, seconds });
}

export function sendApiError(
  { log }: Service,
  error: unknown,
  request: Pick<FastifyRequest, 'id' | 'method' | 'url' | 'headers'>,
  reply: FastifyReply,
): FastifyReply {
  const known = asApiError(error);
  const response = encodeErrorFor(request, known);
  const fields = {
    requestId: request.id,
    method: request.method,
    path: request.url,
    status: response.status,
  };
  if (response.status >= 500) log.error('request-failed', { ...fields, error });
  else log.info('request-refused', { ...fields, name: known.name, message: known.message });
  return sendApiResponse(reply, response);
}

async function perform(service: Service, request: FastifyRequest): Promise<ApiResponse> {
  const [rawPath = '/', rawQuery = ''] = splitUrl(request.raw.url ?? '/');
  const body = rawBody(request.body);
  const parts = { method: request.method, rawPath, rawQuery, headers: request.headers, body };
  const { principal: caller, signature, ...scope } = await authenticate(service, parts, request);
  requireRegion(service, scope.region);
  const bodyText = body.toString('utf8');
  const form = request.method === 'GET' ? rawQuery : bodyText;
  if (scope.service === 'sts') return performSts(service, request, { caller, form });
  if (scope.service === 'ec2') return performEc2(service, request, { caller, signature, form });
  const name = requireService(scope.service);
  const route = matchRoute(name, request.method, rawPath);
  if (route === undefined) throw refuseUnknown(name, request.method, rawPath);
  const { operation, labels } = route;
  const { headers } = request;
  const input = readInput(operation, { labels, query: rawQuery, bodyText, headers });
  const access = accessOf(service, { operation, input: input.value, caller, sourceIp: request.ip });
  noteAction(request, access.action);
  const record = recordOf(service, access, request);
  const isOnce = !isReplaySafe(operation);
  return auditCall(service.audit, isOnce ? { ...record, signature } : record, async (begin) => {
    service.limits.takeCall(caller.origin.accessKeyId, record.eventAtMs);
    for (const needed of [access, ...alsoNeeded(service, operation, access)]) {
      await authorise(needed, {
        db: service.store.db,
        tagsOf: (resource) => tagsOfResource(service, resource),
      });
    }
    if ('error' in input) throw input.error;
    await requireInitialized(service, operation);
    if (name === 'mgn') refuseOtherAccount(service, input.value);
    const asked = { ...service, principal: caller.arn, caller, sourceIp: request.ip };
    const answer = () => handle(asked, operation, input.value, request);
    if (operation.readonly === true) return answer();
    const work = async () => {
      await begin();
      return answer();
    };
    return isOnce ? once(service, signature, work) : work();
  });
}

/** A session that is made twice is no harm: only who is answered learns of it. */
async function performSts(
  service: Service,
  request: FastifyRequest,
  { caller, form }: { readonly caller: Caller; readonly form: string },
): Promise<ApiResponse> {
  const call = readStsCall(form);
  const context = callContext(service, caller, request.ip);
  const access = { caller, action: `sts:${call.operation}`, resources: [stsResource(call)] };
  noteAction(request, access.action);
  const members = await auditCall(service.audit, recordOf(service, access, request), async (begin) => {
    service.limits.takeCall(caller.origin.accessKeyId, context.nowMs);
    if (call.operation !== 'GetCallerIdentity') await begin();
    return answerSts(service, call, { caller, context });
  });
  return encodeStsOutput(call.operation, members, request.id);
}

function handle(
  context: Service,
  operation: AnyOperation,
  value: unknown,
  { id: requestId }: FastifyRequest,
): Promise<ApiResponse> {
  const options = { context, requestId };
  return operation.service === 'mgn'
    ? dispatch(operation, value, { handlers: mgnHandlers, ...options })
    : dispatch(operation, value, { handlers: landfallHandlers, ...options });
}

/** A failed attempt in the name of a key that exists is recorded, too. */
async function authenticate(
  service: Service,
  parts: SignableRequest,
  request: FastifyRequest,
): Promise<VerifiedCaller<Caller>> {
  const token = parts.headers['x-amz-security-token'];
  const nowMs = service.clock.nowMs();
  const options = {
    db: service.store.db,
    vaults: service.vaults,
    accountId: service.facts.accountId,
    nowMs,
    sessionToken: typeof token === 'string' ? token : undefined,
  };
  let named: Caller | undefined;
  const secretFor = async (accessKeyId: string) => {
    const key = await findCaller(options, accessKeyId);
    named = key?.principal;
    return key;
  };
  try {
    return await verifySignature(parts, { nowMs, secretFor });
  } catch (error) {
    if (named !== undefined && service.limits.mayRecordFailure(named.accessKeyId, nowMs)) {
      const access = { action: 'authentication', resources: [], caller: undefined };
      const record = { ...recordOf(service, access, request), accessKeyId: named.accessKeyId };
      await service.audit.end({ ...record, ...failureOf(error) }, false);
    }
    throw error;
  }
}

type ReadInput = { readonly value: unknown } | { readonly value?: undefined; readonly error: unknown };

/** Who may not make the call is told that, and not what is wrong with its input. */
function readInput(operation: AnyOperation, parts: RequestParts): ReadInput {
  try {
    return { value: decodeInput(operation, parts) };
  } catch (error) {
    return { error };
  }
}

interface CallFacts {
  readonly operation: AnyOperation;
  readonly input: unknown;
  readonly caller: Caller;
  readonly sourceIp: string;
}

function accessOf(service: Service, { operation, input, caller, sourceIp }: CallFacts): Access {
  return {
    caller,
    action: `${operation.service}:${operation.name}`,
    resources: resourcesOfCall(operation.service, input, service.facts),
    context: { ...callContext(service, caller, sourceIp), ...requestFacts(operation, input) },
  };
}

/** Answers with source servers as MGN tells them: who may not read them there may not read them here. */
const TELL_SOURCE_SERVERS: ReadonlySet<string> = new Set(['DescribeFleet', 'ListServers']);

function alsoNeeded(service: Service, operation: AnyOperation, access: Access): readonly Access[] {
  if (operation.service !== 'landfall' || !TELL_SOURCE_SERVERS.has(operation.name)) return [];
  const resources = resourcesOfCall('mgn', {}, service.facts);
  return [{ ...access, action: 'mgn:DescribeSourceServers', resources }];
}

function splitUrl(url: string): readonly string[] {
  const mark = url.indexOf('?');
  return mark === -1 ? [url] : [url.slice(0, mark), url.slice(mark + 1)];
}

function requireService(name: string): ServiceName {
  if (name === 'mgn' || name === 'landfall') return name;
  throw ApiError.accessDenied(`This endpoint serves mgn, landfall, ec2 and sts, not ${name}.`);
}

function requireRegion({ facts }: Service, region: string): void {
  if (region === facts.region) return;
  throw ApiError.of(
    'InvalidSignatureException',
    `Credential should be scoped to the region ${facts.region}, not ${region}.`,
  );
}

/** The model says which operations ask for it. */
async function requireInitialized(service: Service, operation: AnyOperation): Promise<void> {
  if (operation.service !== 'mgn' || !operation.errors.includes('UninitializedAccountException')) return;
  if (!(await isInitialized(service))) throw ApiError.uninitializedAccount();
}

function sendApiResponse(reply: FastifyReply, response: ApiResponse): FastifyReply {
  const { status, headers, body, content } = response;
  const sent =
    content === undefined || content instanceof Readable
      ? (content ?? body)
      : Readable.from(content, { objectMode: false });
  return reply.code(status).headers(headers).send(sent);
}
