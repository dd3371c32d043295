/** EC2's errors: codes of its own, and those that the rest of the API calls otherwise. */
import { ApiError } from '../api-error.ts';
import type { ApiResponse } from '../messages/encode-response.ts';
import { writeXmlDocument } from '../query/xml-document.ts';

/** Of a caller's mistake. Codes: the public list of EC2's errors. */
export function ec2Error(code: string, message: string): ApiError {
  return new ApiError(code, 400, message);
}

/** The answer to a dry run of a call that would have been made. */
export function dryRunSucceeded(): ApiError {
  return new ApiError('DryRunOperation', 412, 'Request would have succeeded, but DryRun flag is set.');
}

interface Translation {
  readonly code: string;
  readonly status: number;
}

const TRANSLATIONS: Readonly<Record<string, Translation>> = {
  AccessDeniedException: { code: 'UnauthorizedOperation', status: 403 },
  ConflictException: { code: 'IncorrectInstanceState', status: 400 },
  ExpiredTokenException: { code: 'RequestExpired', status: 400 },
  IncompleteSignatureException: { code: 'IncompleteSignature', status: 400 },
  InternalServerException: { code: 'InternalError', status: 500 },
  InvalidSignatureException: { code: 'SignatureDoesNotMatch', status: 403 },
  MissingAuthenticationTokenException: { code: 'MissingAuthenticationToken', status: 403 },
  ResourceNotFoundException: { code: 'InvalidParameterValue', status: 400 },
  ServiceQuotaExceededException: { code: 'ResourceLimitExceeded', status: 400 },
  ThrottlingException: { code: 'RequestLimitExceeded', status: 503 },
  UnrecognizedClientException: { code: 'AuthFailure', status: 401 },
  ValidationException: { code: 'InvalidParameterValue', status: 400 },
};

export function encodeEc2Error(error: ApiError, requestId: string): ApiResponse {
  const known = Object.hasOwn(TRANSLATIONS, error.name) ? TRANSLATIONS[error.name] : undefined;
  const { code, status } = known ?? { code: error.name, status: error.status };
  const headers: Record<string, string> = {
    'content-type': 'text/xml;charset=UTF-8',
    'x-amzn-requestid': requestId,
  };
  if (error.retryAfterSeconds !== undefined) headers['retry-after'] = String(error.retryAfterSeconds);
  const members = { Errors: { Error: { Code: code, Message: error.message } }, RequestID: requestId };
  return { status, headers, body: writeXmlDocument({ name: 'Response', members }) };
}
