/** The console's pages, built from this repository when their sources have changed. */
import { join } from 'node:path';
import { runChecked } from '@landfall/runtime';

const CONSOLE = join(import.meta.dirname, '../../../console');
const BUILD_TIMEOUT_MS = 10 * 60_000;

/** The folder that the control plane serves as `/console/`. */
export async function ensureConsolePages(say: (line: string) => void): Promise<string> {
  const script = join(CONSOLE, 'scripts/build-console.ts');
  const argv = [process.execPath, '--disable-warning=ExperimentalWarning', script];
  await runChecked(argv, { timeoutMs: BUILD_TIMEOUT_MS, onOutput: (text) => say(text.trim()) });
  return join(CONSOLE, 'dist');
}
