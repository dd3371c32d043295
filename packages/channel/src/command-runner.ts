/**
 * Runs the commands a program is sent. Each command id runs once in the life of this process: while it runs,
 * the same id is ignored; afterwards it is answered from memory (the last RESULTS_MAX). Beyond that, and over
 * restarts, commands are idempotent by their natural keys.
 */
import { describeError, type Logger, OperationError } from '@landfall/runtime';
import type { CommandEnvelope, CommandHandlers, CommandResult, ProgramRole } from './messages.ts';

const HANDLERS_MAX = 16;
const QUEUE_MAX = 1024;
const RESULTS_MAX = 128;

export interface CommandRunnerOptions<Role extends ProgramRole> {
  readonly handlers: CommandHandlers<Role>;
  /** Delivers one result; retries by itself and never rejects. */
  readonly postResult: (result: CommandResult) => Promise<void>;
  readonly logger: Logger;
}

export interface CommandRunner {
  /** Takes commands in; answers how many of them were not known before. */
  accept(commands: readonly CommandEnvelope[]): number;
}

type Handler = (input: unknown) => Promise<unknown>;

export function createCommandRunner<Role extends ProgramRole>(
  options: CommandRunnerOptions<Role>,
): CommandRunner {
  const handlers = new Map(Object.entries<unknown>(options.handlers)) as Map<string, Handler>;
  const queue: CommandEnvelope[] = [];
  const unfinished = new Set<string>();
  const results = new Map<string, CommandResult>();
  let running = 0;

  const runOne = async (command: CommandEnvelope) => {
    const result = await execute(handlers, command, options.logger);
    results.set(command.commandId, result);
    forgetOldest(results);
    unfinished.delete(command.commandId);
    await options.postResult(result);
  };
  const startNext = () => {
    while (running < HANDLERS_MAX) {
      const command = queue.shift();
      if (command === undefined) return;
      running += 1;
      runOne(command).finally(() => {
        running -= 1;
        startNext();
      });
    }
  };
  const acceptOne = (command: CommandEnvelope): boolean => {
    const known = results.get(command.commandId);
    if (known !== undefined) options.postResult(known);
    // A command beyond the queue is left to the control plane, which sends it again.
    if (known !== undefined || unfinished.has(command.commandId) || queue.length >= QUEUE_MAX) return false;
    unfinished.add(command.commandId);
    queue.push(command);
    return true;
  };
  return {
    accept: (commands) => {
      const accepted = commands.filter(acceptOne).length;
      startNext();
      return accepted;
    },
  };
}

async function execute(
  handlers: ReadonlyMap<string, Handler>,
  command: CommandEnvelope,
  logger: Logger,
): Promise<CommandResult> {
  const { commandId, name } = command;
  logger.info('command-begin', { commandId, name });
  try {
    const handler = handlers.get(name);
    if (handler === undefined) throw unknownCommand(name);
    const output = await handler(command.input);
    logger.info('command-end', { commandId, name });
    return { commandId, ok: true, output };
  } catch (error) {
    logger.warn('command-failed', { commandId, name, error, explanation: describeError(error) });
    return { commandId, ok: false, error: failureOf(error) };
  }
}

function unknownCommand(name: string): OperationError {
  return new OperationError('COMMAND_UNKNOWN', `this program knows no command named ${name}`, {
    hint: 'upgrade the program to the version of the control plane',
  });
}

function failureOf(error: unknown) {
  if (error instanceof OperationError) {
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    return { code: error.code, message: error.message, retryable: error.retryable, ...hint };
  }
  const hint = 'see the log of the program; please report this as a defect';
  return { code: 'INTERNAL_ERROR', message: describeError(error), hint, retryable: false };
}

function forgetOldest(results: Map<string, CommandResult>): void {
  for (const commandId of results.keys()) {
    if (results.size <= RESULTS_MAX) return;
    results.delete(commandId);
  }
}
