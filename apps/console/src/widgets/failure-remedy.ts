/** What to do about a failure, where its words do not bring a registered code. Pure. */
import { type ApiFailure, isSessionEnd } from '../api/failure.ts';
import type { MessageKey } from '../i18n/languages.ts';

const BY_NAME: Readonly<Record<string, MessageKey>> = {
  AccessDeniedException: 'failure.remedy.denied',
  ApiTimeout: 'failure.remedy.timeout',
  ApiUnreachable: 'failure.remedy.unreachable',
  ConflictException: 'failure.remedy.conflict',
  ResourceNotFoundException: 'failure.remedy.gone',
  ServiceQuotaExceededException: 'failure.remedy.quota',
  ThrottlingException: 'failure.remedy.throttled',
  ValidationException: 'failure.remedy.validation',
  WebhookTestFailed: 'webhooks.test.remedy',
};

export function remedyKey(failure: ApiFailure): MessageKey {
  if (isSessionEnd(failure)) return 'failure.remedy.session';
  return BY_NAME[failure.name] ?? 'failure.remedy.server';
}
