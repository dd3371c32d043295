/**
 * Writes docs/preflight.md from the registry: `node packages/model/scripts/write-findings-page.ts`.
 * `tidy.test.ts` compares.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findingsPage } from '../src/findings-page.ts';

writeFileSync(join(import.meta.dirname, '../../../docs/preflight.md'), findingsPage());
