/**
 * Commands of job steps: they wait for a program that is away and repeat what may succeed later, until their
 * deadline.
 */
import type { CommandInput, CommandName, CommandOutput, ProgramRole } from '@landfall/channel';
import { OperationError, retry } from '@landfall/runtime';
import type { Service } from '../service.ts';

/** With the growing delay below this is far beyond every deadline; the deadline is what ends a call. */
const ATTEMPTS_MAX = 10_000;
const BACKOFF = { initialMs: 500, maximumMs: 10_000 };

export interface CallOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export async function callProgram<Role extends ProgramRole, Name extends CommandName<Role>>(
  { commands, clock }: Service,
  to: { readonly role: Role; readonly programId: string },
  name: Name,
  input: CommandInput<Role, Name>,
  { timeoutMs, signal }: CallOptions,
): Promise<CommandOutput<Role, Name>> {
  const deadlineMs = clock.nowMs() + timeoutMs;
  const leftMs = () => Math.max(1, deadlineMs - clock.nowMs());
  return retry(() => commands.send(to, name, input, { timeoutMs: leftMs(), signal }), {
    attemptsMax: ATTEMPTS_MAX,
    backoff: BACKOFF,
    signal,
    clock,
    isRetryable: (error) =>
      !signal.aborted && clock.nowMs() < deadlineMs && error instanceof OperationError && error.retryable,
  });
}
