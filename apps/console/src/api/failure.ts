/**
 * What went wrong, in one form for both services: a code, the cause in the service's own words, and what to
 * do. What codes of `docs/errors.md` that stand in a message bring with them: `i18n/error-texts.ts`.
 */
export class ApiFailure extends Error {
  override readonly name: string;
  /** HTTP; 0: there was no answer. */
  readonly status: number;
  readonly requestId: string | undefined;

  constructor(fields: ApiFailureFields) {
    super(fields.message, { cause: fields.cause });
    this.name = fields.name;
    this.status = fields.status;
    this.requestId = fields.requestId;
  }
}

export interface ApiFailureFields {
  readonly name: string;
  readonly status: number;
  readonly message: string;
  readonly requestId?: string | undefined;
  readonly cause?: unknown;
}

export function apiFailure(fields: ApiFailureFields): ApiFailure {
  return new ApiFailure(fields);
}

/** There was no answer at all: the network, or the control plane itself. */
export function unreachable(cause: unknown): ApiFailure {
  const isLate = cause instanceof Error && cause.name === 'TimeoutError';
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ApiFailure({
    name: isLate ? 'ApiTimeout' : 'ApiUnreachable',
    status: 0,
    message: reason,
    cause,
  });
}

/** Of whatever was thrown: an `ApiFailure` as it is, an error of the SDK, or a fault of ours. */
export function failureOf(error: unknown): ApiFailure {
  if (error instanceof ApiFailure) return error;
  if (!(error instanceof Error)) {
    return new ApiFailure({ name: 'UnknownError', status: 0, message: String(error), cause: error });
  }
  const metadata = '$metadata' in error ? (error.$metadata as SdkMetadata) : undefined;
  const status = metadata?.httpStatusCode;
  if (status === undefined) return unreachable(error);
  const { name, message } = error;
  return new ApiFailure({ name, status, message, requestId: metadata?.requestId, cause: error });
}

interface SdkMetadata {
  readonly httpStatusCode?: number;
  readonly requestId?: string;
}

export function isSessionEnd({ name, status }: ApiFailure): boolean {
  return status === 403 && (name === 'ExpiredTokenException' || name === 'UnrecognizedClientException');
}

export function isDenied({ name }: ApiFailure): boolean {
  return name === 'AccessDeniedException';
}

export function isGone({ name }: ApiFailure): boolean {
  return name === 'ResourceNotFoundException';
}
