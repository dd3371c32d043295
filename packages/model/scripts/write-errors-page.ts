/**
 * Writes docs/errors.md from the registry: `node packages/model/scripts/write-errors-page.ts`.
 * `tidy.test.ts` compares.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorsPage } from '../src/errors-page.ts';

writeFileSync(join(import.meta.dirname, '../../../docs/errors.md'), errorsPage());
