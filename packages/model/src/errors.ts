/**
 * Every error code a Landfall program can show, with what it means and what to do. `docs/errors.md` is
 * written from here; `tidy.test.ts` proves that each code used in the source is registered, and each
 * registered used.
 */
import type { ErrorEntry } from './error-codes/error-entry.ts';
import { FILE_RESTORE_ERRORS } from './error-codes/file-restore-errors.ts';
import { IMAGE_ERRORS } from './error-codes/image-errors.ts';
import { REPLICATION_ERRORS } from './error-codes/replication-errors.ts';
import { SERVICE_ERRORS } from './error-codes/service-errors.ts';
import { SOURCE_ERRORS } from './error-codes/source-errors.ts';
import { TARGET_ERRORS } from './error-codes/target-errors.ts';

export type { ErrorEntry } from './error-codes/error-entry.ts';

export const ERROR_CODES = {
  ...SERVICE_ERRORS,
  ...SOURCE_ERRORS,
  ...REPLICATION_ERRORS,
  ...IMAGE_ERRORS,
  ...TARGET_ERRORS,
  ...FILE_RESTORE_ERRORS,
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERROR_CODES;
