/**
 * The one error a caller of the public API sees. Its `name` is the exception name on the wire, `members`
 * what the exception carries besides its message. Names and statuses: public MGN model; those of
 * authentication: the generic set of the protocol, all 403.
 */
const STATUS_BY_NAME = {
  ValidationException: 400,
  UninitializedAccountException: 400,
  ServiceQuotaExceededException: 402,
  AccessDeniedException: 403,
  ResourceNotFoundException: 404,
  ConflictException: 409,
  ThrottlingException: 429,
  InternalServerException: 500,
  MissingAuthenticationTokenException: 403,
  IncompleteSignatureException: 403,
  UnrecognizedClientException: 403,
  InvalidSignatureException: 403,
  ExpiredTokenException: 403,
} as const;

export type ExceptionName = keyof typeof STATUS_BY_NAME;
export function exceptionStatus(name: ExceptionName): number {
  return STATUS_BY_NAME[name];
}

export type ValidationReason = 'unknownOperation' | 'cannotParse' | 'fieldValidationFailed' | 'other';

export interface FieldFailure {
  /** Path of the member: `filters.jobIDs[2]`. */
  readonly name: string;
  readonly message: string;
}

export interface ConflictDetail {
  readonly message?: string;
  readonly code?: string;
  readonly resourceId?: string;
  readonly resourceType?: string;
}

export interface ConflictOptions {
  readonly resourceId?: string;
  readonly resourceType?: string;
  readonly errors?: readonly ConflictDetail[];
}

export interface QuotaOptions {
  readonly resourceId?: string;
  readonly resourceType?: string;
  readonly serviceCode?: string;
  readonly quotaCode?: string;
  readonly quotaValue?: number;
}

export interface ApiErrorOptions {
  readonly members?: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds?: number;
  readonly requestId?: string;
  readonly cause?: unknown;
}

export class ApiError extends Error {
  /** Exception name; from a server newer than this client it may be one that is not an `ExceptionName`. */
  override readonly name: string;
  readonly status: number;
  readonly members: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds: number | undefined;
  /** Known to clients only. */
  readonly requestId: string | undefined;

  constructor(name: string, status: number, message: string, options: ApiErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = name;
    this.status = status;
    this.members = options.members ?? {};
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.requestId = options.requestId;
  }

  static of(name: ExceptionName, message: string, options: ApiErrorOptions = {}): ApiError {
    return new ApiError(name, STATUS_BY_NAME[name], message, options);
  }

  static validation(
    message: string,
    details: { readonly reason?: ValidationReason; readonly fieldList?: readonly FieldFailure[] } = {},
  ): ApiError {
    const { reason = 'other', fieldList } = details;
    const members = fieldList === undefined ? { reason } : { reason, fieldList };
    return ApiError.of('ValidationException', message, { members });
  }

  static notFound(resourceId: string, resourceType: string): ApiError {
    return ApiError.of('ResourceNotFoundException', `${resourceType} with ID ${resourceId} was not found.`, {
      members: { resourceId, resourceType },
    });
  }

  static conflict(message: string, details: ConflictOptions = {}): ApiError {
    return ApiError.of('ConflictException', message, { members: { ...details } });
  }

  static uninitializedAccount(): ApiError {
    return ApiError.of(
      'UninitializedAccountException',
      'This account has not been initialized. Call InitializeService first.',
    );
  }

  static accessDenied(message = 'This identity is not allowed to perform this operation.'): ApiError {
    return ApiError.of('AccessDeniedException', message);
  }

  static quotaExceeded(message: string, details: QuotaOptions = {}): ApiError {
    return ApiError.of('ServiceQuotaExceededException', message, { members: { ...details } });
  }

  static throttled(message = 'Too many requests.', retryAfterSeconds = 1): ApiError {
    return ApiError.of('ThrottlingException', message, { retryAfterSeconds });
  }

  static internal(cause?: unknown): ApiError {
    return ApiError.of('InternalServerException', 'An internal error occurred.', { cause });
  }

  static unknownOperation(): ApiError {
    return ApiError.validation('The service has no operation at this method and path.', {
      reason: 'unknownOperation',
    });
  }
}
