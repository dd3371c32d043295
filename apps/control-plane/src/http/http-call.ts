/** What calls of every protocol go through on their way: their record, their context, once or not. */
import { ApiError, type ApiResponse } from '@landfall/api';
import type { FastifyRequest } from 'fastify';
import type { CallRecord } from '../identity/audited-call.ts';
import type { Caller } from '../identity/callers.ts';
import type { Service } from '../service.ts';

export interface RecordedAccess {
  readonly caller: Caller | undefined;
  readonly action: string;
  readonly resources: readonly string[];
}

/** What requests turned out to ask for. */
const actions = new WeakMap<FastifyRequest, string>();

/** From here on the request is one for this action, whatever becomes of it. */
export function noteAction(request: FastifyRequest, action: string): void {
  actions.set(request, action);
}

/** Empty while, or because, it has no meaning yet. */
export function actionOf(request: FastifyRequest): string {
  return actions.get(request) ?? '';
}

export function recordOf(
  { clock }: Service,
  { caller, action, resources }: RecordedAccess,
  { id, ip }: FastifyRequest,
): CallRecord {
  return {
    ...{ eventId: id, eventAtMs: clock.nowMs(), action, resources, sourceAddress: ip },
    ...(caller === undefined ? {} : { principal: caller.arn, accessKeyId: caller.accessKeyId }),
  };
}

/** L2, L3 */
export async function once(
  { limits, clock }: Service,
  signature: string,
  work: () => Promise<ApiResponse>,
): Promise<ApiResponse> {
  limits.useSignature(signature, clock.nowMs());
  try {
    return await work();
  } catch (error) {
    const { status } = asApiError(error);
    if (status === 429 || status >= 500) limits.forgetSignature(signature);
    throw error;
  }
}

/** What the HTTP layer refuses before a handler sees it is a ValidationException too. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  if (status === 413) return ApiError.validation('The body is too large.', { reason: 'cannotParse' });
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return ApiError.validation('The request could not be read.', { reason: 'cannotParse' });
  }
  return ApiError.internal(error);
}
