/**
 * Reads that outlive a restart of the control plane: an answer of the API ends them, an unreachable one
 * does not.
 */
import { ApiError } from '@landfall/api';
import { OperationError, retry } from '@landfall/runtime';

const ATTEMPTS_MAX = 30;
const BACKOFF = { initialMs: 500, maximumMs: 2000 };

export function patiently<Result>(read: () => Promise<Result>): Promise<Result> {
  return retry(read, { attemptsMax: ATTEMPTS_MAX, backoff: BACKOFF, isRetryable: mayPass });
}

function mayPass(error: unknown): boolean {
  if (error instanceof ApiError) return error.status >= 500;
  return error instanceof OperationError && error.retryable;
}
