/** A command line from its words to its exit code. */
import { systemErrorCode } from '@landfall/runtime';
import { EXIT_PIPE_CLOSED } from './exit-codes.ts';
import { describeFailure } from './failure.ts';
import { buildProgram } from './program.ts';
import { WaitInterrupted } from './terminal/interruption.ts';

export async function runCommandLine(argv: readonly string[]): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', endWithReader);
  try {
    await buildProgram().parseAsync(argv);
  } catch (error) {
    const { exitCode, text } = describeFailure(error);
    process.stderr.write(text);
    process.exitCode = exitCode;
    // A request may be under way still, and nobody waits for its answer.
    if (error instanceof WaitInterrupted) process.exit(exitCode);
  }
}

/** Whoever read has seen enough; there is nobody left to be told anything. */
function endWithReader(error: Error): void {
  if (systemErrorCode(error) === 'EPIPE') process.exit(EXIT_PIPE_CLOSED);
  throw error;
}
