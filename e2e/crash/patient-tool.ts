/** External tools, without a hurry: no outcome of the campaign may depend on how fast the machine is. */
import { type RunOptions, type RunResult, run, runChecked } from '../../packages/runtime/src/index.ts';

/** Only a tool that hangs takes so long. */
const TOOL_MS = 20 * 60_000;

export function runTool(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return run(argv, { timeoutMs: TOOL_MS, ...options });
}

export function runToolChecked(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return runChecked(argv, { timeoutMs: TOOL_MS, ...options });
}
