/** Which recovery point a caller means. */
import { ApiError, parseIsoDateTime } from '@landfall/api';
import type { PointSelector } from '@landfall/model';

/** `LATEST`, an ISO time, or `epoch:N`. */
export function pointSelector(at = 'LATEST'): PointSelector {
  if (at === 'LATEST') return { kind: 'LATEST' };
  const epoch = /^epoch:([0-9]{1,15})$/.exec(at)?.[1];
  if (epoch !== undefined) return { kind: 'EPOCH', epoch: Number(epoch) };
  const timeMs = parseIsoDateTime(at);
  if (timeMs !== undefined) return { kind: 'TIME', timeMs };
  throw ApiError.validation('at is neither LATEST, nor a time like 2026-01-31T12:00:00Z, nor epoch:N.', {
    reason: 'fieldValidationFailed',
    fieldList: [{ name: 'at', message: 'is no recovery point' }],
  });
}
