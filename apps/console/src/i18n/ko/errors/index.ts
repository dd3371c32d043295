/** What the errors of our programs mean and what to do about them, in Korean. */
import type { ErrorTexts } from '../../error-texts.ts';
import { FILE_ERRORS } from './file-errors.ts';
import { REPLICATION_ERRORS } from './replication-errors.ts';
import { SERVICE_ERRORS } from './service-errors.ts';
import { SOURCE_ERRORS } from './source-errors.ts';
import { TARGET_ERRORS } from './target-errors.ts';

export const KO_ERRORS: ErrorTexts = {
  ...SERVICE_ERRORS,
  ...SOURCE_ERRORS,
  ...REPLICATION_ERRORS,
  ...TARGET_ERRORS,
  ...FILE_ERRORS,
};
