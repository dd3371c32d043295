/**
 * Commands waiting for programs that dial in. They live in memory only: what must outlive a restart is the
 * job step that sent them, and it sends them again.
 *
 * Q1 A command is delivered until its result arrives: at once, and again every REDELIVER_AFTER_MS, because
 *    the answer to a poll may have been lost. Programs run one command id once.
 * Q2 At most one poll of a program waits; a newer one answers the older with nothing.
 * Q3 Whoever waits for a result stops waiting after its own time; the command is then withdrawn.
 */
import type {
  CommandEnvelope,
  CommandInput,
  CommandName,
  CommandOutput,
  CommandResult,
  ProgramRole,
} from '@landfall/channel';
import { after, type Clock, OperationError, type Random } from '@landfall/runtime';

export const COMMANDS_WAITING_MAX = 256;
const REDELIVER_AFTER_MS = 30_000;

interface WaitingCommand {
  readonly envelope: CommandEnvelope;
  deliveredAtMs: number | null;
  readonly settle: (result: CommandResult) => void;
}

interface Queue {
  readonly commands: Map<string, WaitingCommand>;
  /** Answers the poll that waits now. */
  wake: (() => void) | undefined;
}

export interface SendOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface CommandQueues {
  /** Errors: the program's own; PROGRAM_AWAY when no result came in time; PROGRAM_BUSY when too many wait. */
  send<Role extends ProgramRole, Name extends CommandName<Role>>(
    to: { readonly role: Role; readonly programId: string },
    name: Name,
    input: CommandInput<Role, Name>,
    options: SendOptions,
  ): Promise<CommandOutput<Role, Name>>;
  /** Resolves when there is something to deliver, after `waitMs`, or when aborted, with nothing. */
  poll(programId: string, waitMs: number, signal: AbortSignal): Promise<readonly CommandEnvelope[]>;
  /** False when nobody waits for it any more. */
  complete(programId: string, result: CommandResult): boolean;
}

export interface CommandQueuesOptions {
  readonly clock: Clock;
  readonly random: Random;
}

export function createCommandQueues({ clock, random }: CommandQueuesOptions): CommandQueues {
  const queues = new Map<string, Queue>();
  const queueOf = (programId: string): Queue => {
    const known = queues.get(programId) ?? { commands: new Map(), wake: undefined };
    queues.set(programId, known);
    return known;
  };
  return {
    send: async (to, name, input, options) => {
      const queue = queueOf(to.programId);
      if (queue.commands.size >= COMMANDS_WAITING_MAX) throw busy(to.programId);
      const envelope = { commandId: random.uuid(), name, input };
      const result = await waitForResult(queue, envelope, { ...options, ...to });
      return result as CommandOutput<typeof to.role, typeof name>;
    },
    poll: async (programId, waitMs, signal) => {
      const queue = queueOf(programId);
      queue.wake?.();
      const due = takeDue(queue, clock.nowMs());
      if (due.length > 0) return due;
      await waitForWork(queue, waitMs, signal);
      return signal.aborted ? [] : takeDue(queue, clock.nowMs());
    },
    complete: (programId, result) => {
      const command = queues.get(programId)?.commands.get(result.commandId);
      command?.settle(result);
      return command !== undefined;
    },
  };
}

function waitForResult(
  queue: Queue,
  envelope: CommandEnvelope,
  options: SendOptions & { readonly programId: string; readonly role: ProgramRole },
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const finish = (conclude: () => void) => {
      queue.commands.delete(envelope.commandId);
      cancelTimer();
      options.signal?.removeEventListener('abort', onAbort);
      conclude();
    };
    const onAbort = () => finish(() => reject(options.signal?.reason));
    const cancelTimer = after(options.timeoutMs, () => finish(() => reject(away(envelope, options))));
    if (options.signal?.aborted) return onAbort();
    options.signal?.addEventListener('abort', onAbort, { once: true });
    const settle = (result: CommandResult) =>
      finish(() => (result.ok ? resolve(result.output) : reject(failureOf(result.error))));
    queue.commands.set(envelope.commandId, { envelope, deliveredAtMs: null, settle });
    queue.wake?.();
  });
}

function takeDue(queue: Queue, nowMs: number): readonly CommandEnvelope[] {
  const due = [...queue.commands.values()].filter(
    ({ deliveredAtMs }) => deliveredAtMs === null || nowMs - deliveredAtMs >= REDELIVER_AFTER_MS,
  );
  for (const command of due) command.deliveredAtMs = nowMs;
  return due.map(({ envelope }) => envelope);
}

function waitForWork(queue: Queue, waitMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      cancelTimer();
      signal.removeEventListener('abort', finish);
      if (queue.wake === finish) queue.wake = undefined;
      resolve();
    };
    const cancelTimer = after(waitMs, finish);
    if (signal.aborted) return finish();
    signal.addEventListener('abort', finish, { once: true });
    queue.wake = finish;
  });
}

function failureOf(error: Extract<CommandResult, { ok: false }>['error']): OperationError {
  const hint = error.hint === undefined ? {} : { hint: error.hint };
  return new OperationError(error.code, error.message, { retryable: error.retryable, ...hint });
}

function away(
  { name }: CommandEnvelope,
  { role, programId, timeoutMs }: { role: ProgramRole; programId: string; timeoutMs: number },
): OperationError {
  const seconds = Math.round(timeoutMs / 1000);
  return new OperationError(
    'PROGRAM_AWAY',
    `${role} ${programId} did not answer ${name} within ${seconds} s`,
    {
      hint: `check that the ${role} runs and that it reaches the control plane`,
      retryable: true,
    },
  );
}

function busy(programId: string): OperationError {
  return new OperationError(
    'PROGRAM_BUSY',
    `${COMMANDS_WAITING_MAX} commands already wait for ${programId}`,
    {
      hint: 'check that the program runs and that it reaches the control plane',
      retryable: true,
    },
  );
}
