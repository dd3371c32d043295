/** The agent as one executable file, built from this repository when its sources have changed. */
import { join } from 'node:path';
import { runChecked } from '@landfall/runtime';

const SCRIPT = join(import.meta.dirname, '../../../agent/scripts/build-executable.ts');
const BUILD_TIMEOUT_MS = 5 * 60_000;

/** Path of the gzip-compressed executable that the control plane hands to source servers. */
export async function ensureAgentExecutable(
  cacheFolder: string,
  say: (line: string) => void,
): Promise<string> {
  const out = join(cacheFolder, 'agent');
  const argv = [process.execPath, '--disable-warning=ExperimentalWarning', SCRIPT, out];
  await runChecked(argv, {
    timeoutMs: BUILD_TIMEOUT_MS,
    onOutput: (text) => say(text.trim()),
  });
  return join(out, 'landfall-agent-linux-x64.gz');
}
