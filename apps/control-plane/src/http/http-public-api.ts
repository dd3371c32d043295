/**
 * The public API: every signed request, told apart by the service name in its credential scope. Answers are
 * the API's own JSON whatever happens.
 */
import { Readable } from 'node:stream';
import {
  type AnyOperation,
  ApiError,
  type ApiResponse,
  decodeInput,
  dispatch,
  encodeError,
  matchRoute,
  refuseUnknown,
  type ServiceName,
  verifySignature,
} from '@landfall/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { findAccessKey } from '../identity/access-keys.ts';
import { isInitialized, landfallHandlers, mgnHandlers } from '../operations/handlers.ts';
import { refuseOtherAccount } from '../operations/managed-accounts.ts';
import type { Service } from '../service.ts';
import { rawBody } from './http-body.ts';

export async function answerPublicApi(
  service: Service,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  try {
    return sendApiResponse(reply, await perform(service, request));
  } catch (error) {
    return sendApiError(service, error, request, reply);
  }
}

export function sendApiError(
  { log }: Service,
  error: unknown,
  request: Pick<FastifyRequest, 'id' | 'method' | 'url'>,
  reply: FastifyReply,
): FastifyReply {
  const known = asApiError(error);
  const response = encodeError(known, request.id);
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

/** What the HTTP layer refuses before a handler sees it is a ValidationException too. */
function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  if (status === 413) return ApiError.validation('The body is too large.', { reason: 'cannotParse' });
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return ApiError.validation('The request could not be read.', { reason: 'cannotParse' });
  }
  return ApiError.internal(error);
}

async function perform(service: Service, request: FastifyRequest): Promise<ApiResponse> {
  const [rawPath = '/', rawQuery = ''] = splitUrl(request.raw.url ?? '/');
  const body = rawBody(request.body);
  const caller = await verifySignature(
    { method: request.method, rawPath, rawQuery, headers: request.headers, body },
    {
      nowMs: service.clock.nowMs(),
      secretFor: (accessKeyId) => findAccessKey(service.store.db, accessKeyId).then(toKnownKey),
    },
  );
  const name = requireService(caller.service);
  requireRegion(service, caller.region);
  const route = matchRoute(name, request.method, rawPath);
  if (route === undefined) throw refuseUnknown(name, request.method, rawPath);
  const parts = { labels: route.labels, query: rawQuery, bodyText: body.toString('utf8') };
  const value = decodeInput(route.operation, parts);
  await requireInitialized(service, route.operation);
  if (name === 'mgn') refuseOtherAccount(service, value);
  const context = { ...service, principal: caller.principal };
  const options = { context, requestId: request.id };
  return route.operation.service === 'mgn'
    ? dispatch(route.operation, value, { handlers: mgnHandlers, ...options })
    : dispatch(route.operation, value, { handlers: landfallHandlers, ...options });
}

function toKnownKey(key: Awaited<ReturnType<typeof findAccessKey>>) {
  return key === undefined ? undefined : { secretAccessKey: key.secretAccessKey, principal: key.principal };
}

function splitUrl(url: string): readonly string[] {
  const mark = url.indexOf('?');
  return mark === -1 ? [url] : [url.slice(0, mark), url.slice(mark + 1)];
}

function requireService(name: string): ServiceName {
  if (name === 'mgn' || name === 'landfall') return name;
  throw ApiError.accessDenied(`This endpoint serves mgn and landfall, not ${name}.`);
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
  const sent = content === undefined ? body : Readable.from(content, { objectMode: false });
  return reply.code(status).headers(headers).send(sent);
}
