/**
 * The one command line: `landfall …`. Its exit codes: `exit-codes.ts`. What was compiled is kept beside the
 * packages it was compiled from, so that a key pressed for a completion is soon answered; where nothing can
 * be written there, it is compiled again.
 */
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

enableCompileCache(join(import.meta.dirname, '../../../node_modules/.cache/landfall'));
const { runCommandLine } = await import('./run.ts');
await runCommandLine(process.argv);
