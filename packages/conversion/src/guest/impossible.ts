/** The refusal to convert, with the finding a preflight tells of it. */
import type { FindingCodeOf } from '@landfall/model';
import { OperationError } from '@landfall/runtime';

/** `finding`: under which a preflight tells of it. */
export function impossible(
  finding: FindingCodeOf<'BLOCKER'>,
  why: string,
  hint: string,
  retryable = false,
): OperationError {
  const message = `this guest cannot be converted: ${why}`;
  return new OperationError('CONVERSION_IMPOSSIBLE', message, { hint, retryable, context: { finding } });
}
