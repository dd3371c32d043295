/**
 * One command on behalf of a waiting caller: a short time, and an API error when the program cannot answer.
 */
import { ApiError } from '@landfall/api';
import type { CommandInput, CommandName, CommandOutput, ProgramRole } from '@landfall/channel';
import { describeError, OperationError } from '@landfall/runtime';
import type { Service } from '../service.ts';

const ASK_MS = 20_000;

export async function askProgram<Role extends ProgramRole, Name extends CommandName<Role>>(
  { commands }: Service,
  to: { readonly role: Role; readonly programId: string },
  name: Name,
  input: CommandInput<Role, Name>,
): Promise<CommandOutput<Role, Name>> {
  try {
    return await commands.send(to, name, input, { timeoutMs: ASK_MS });
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    const { code, message } = error;
    throw ApiError.conflict(describeError(error), {
      resourceId: to.programId,
      resourceType: to.role,
      errors: [{ code, message }],
    });
  }
}

/** It did not answer in time, or could not be told: what was asked may have been done. */
export function isAway(error: unknown): boolean {
  return failedWith(error, ['PROGRAM_AWAY', 'PROGRAM_BUSY']);
}

/** The program refused what was asked with one of these codes. */
export function failedWith(error: unknown, codes: readonly string[]): boolean {
  if (!(error instanceof ApiError)) return false;
  const { errors } = error.members;
  return Array.isArray(errors) && errors.some(({ code }) => codes.includes(code));
}
