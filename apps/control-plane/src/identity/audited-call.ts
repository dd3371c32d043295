/** One call of the public API with its place in the audit log, whatever becomes of it. */
import { ApiError } from '@landfall/api';
import type { AuditRecord } from '../store/audit-events.ts';
import type { AuditLog } from './audit-log.ts';

export type CallRecord = Omit<AuditRecord, 'outcome' | 'message'>;

/** `work` calls `begin` before it changes anything (A1), and not at all when it only reads. */
export async function auditCall<Result>(
  audit: AuditLog,
  call: CallRecord,
  work: (begin: () => Promise<void>) => Promise<Result>,
): Promise<Result> {
  let hasBegun = false;
  const begin = async () => {
    await audit.begin({ ...call, outcome: 'STARTED' });
    hasBegun = true;
  };
  const [settled] = await Promise.allSettled([work(begin)]);
  if (settled.status === 'fulfilled') {
    await audit.end({ ...call, outcome: 'SUCCESS' }, hasBegun);
    return settled.value;
  }
  await audit.end({ ...call, ...failureOf(settled.reason) }, hasBegun);
  throw settled.reason;
}

/** As the caller was told it. */
export function failureOf(error: unknown): Pick<AuditRecord, 'outcome' | 'message'> {
  const { name, message } = error instanceof ApiError ? error : ApiError.internal();
  return { outcome: name, message };
}
