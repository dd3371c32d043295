/** Facts about one failed operation. Context values are plain and safe to log: never secrets. */
export type ErrorContext = Readonly<Record<string, string | number | boolean | undefined>>;

export interface OperationErrorOptions {
  /** What to do about it, one sentence a person can follow. */
  readonly hint?: string;
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly retryable?: boolean;
  readonly context?: ErrorContext;
  readonly cause?: unknown;
}

/**
 * An operating error: something outside the program's control went wrong. Codes are registered in
 * `model/errors.ts`.
 */
export class OperationError extends Error {
  override readonly name = 'OperationError';
  readonly code: string;
  readonly hint: string | undefined;
  readonly retryable: boolean;
  readonly context: ErrorContext;

  constructor(code: string, message: string, options: OperationErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.retryable = options.retryable ?? false;
    this.context = options.context ?? {};
  }
}

/** The node error code (`ENOENT`, `ECONNRESET` …) of a thrown value, if it has one. */
export function systemErrorCode(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return undefined;
}

/** One line for a person: code, message and hint of any thrown value. */
export function describeError(error: unknown): string {
  if (error instanceof OperationError) {
    return `${error.code}: ${error.message}${error.hint === undefined ? '' : ` (${error.hint})`}`;
  }
  return error instanceof Error ? error.message : String(error);
}
