/**
 * A program's side of the conversation with the control plane, for as long as the program runs. Three
 * activities, each of which outlives any loss of the connection:
 *
 * - reports: one every `reportIntervalMs`, at once when asked; each answer is the configuration, applied one
 *   at a time,
 *   the newest first (an older one that has not begun is dropped);
 * - commands: a long poll; handlers run side by side, at most HANDLERS_MAX;
 * - results: posted until they are taken. A command id that comes again is not run again: its result is
 *   remembered.
 *
 * With a state folder the certificate is renewed as well: see renewal.ts.
 */
import {
  backoffDelayMs,
  type Clock,
  type Dial,
  describeError,
  type Logger,
  OperationError,
  systemClock,
} from '@landfall/runtime';
import { createCommandRunner } from './command-runner.ts';
import type { Identity } from './file-identity.ts';
import { createRenewableClient, isExpiredCertificate } from './http-renewable-client.ts';
import { createMailbox } from './mailbox.ts';
import type {
  CommandEnvelope,
  CommandHandlers,
  CommandList,
  CommandPoll,
  CommandResult,
  ConfigurationByRole,
  ProgramRole,
  RenewalRequest,
  ReportByRole,
} from './messages.ts';
import { type RenewalLoop, runRenewal } from './renewal.ts';

export interface ChannelOptions<Role extends ProgramRole> {
  readonly role: Role;
  readonly controlPlaneUrl: string;
  readonly caPem: string;
  readonly certificatePem: string;
  readonly keyPem: string;
  /** The way to the control plane; default: straight. */
  readonly dial?: Dial;
  /** Renews the identity in the folder it is kept in; without it the certificate is used as it is. */
  readonly renewal?: ChannelRenewal;
  readonly report: () => Promise<ReportByRole[Role]>;
  /**
   * Called after every report, never beside itself; must be idempotent. A failure is logged, and tried again.
   */
  readonly applyConfiguration: (configuration: ConfigurationByRole[Role]) => Promise<void>;
  readonly handlers: CommandHandlers<Role>;
  readonly reportIntervalMs?: number;
  readonly pollWaitMs?: number;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly signal: AbortSignal;
}

export interface ChannelRenewal {
  readonly stateFolder: string;
  readonly identity: Identity;
  /** Told when a new identity is durable, just before the channel uses it: for other new connections. */
  readonly onRenewed?: (identity: Identity) => void;
}

export interface Channel {
  /**
   * Resolves when a report made after the call has been taken. Errors: those of the exchange; not retried.
   */
  reportNow(): Promise<void>;
  /** Whether the last exchange succeeded. */
  readonly connected: boolean;
  /** Resolves when the signal has ended everything. */
  readonly finished: Promise<void>;
}

const REPORT_INTERVAL_MS_DEFAULT = 3000;
const POLL_WAIT_MS_DEFAULT = 20_000;
const EXCHANGE_TIMEOUT_MS = 20_000;
/** A control plane that answers polls at once with nothing new must not make us spin. */
const POLL_PAUSE_MS = 200;
const BACKOFF = { initialMs: 200, maximumMs: 5000 };

export function runChannel<Role extends ProgramRole>(options: ChannelOptions<Role>): Channel {
  const { signal, logger, clock = systemClock } = options;
  const client = createRenewableClient(options);
  const connection = createConnectionLog(logger, options.controlPlaneUrl);
  const context: LoopContext = { clock, signal, connection };
  const configurations = createMailbox(options.applyConfiguration, (error) =>
    logger.error('configuration-not-applied', { error, explanation: describeError(error) }),
  );
  const exchange = async (path: string, body: unknown, timeoutMs = EXCHANGE_TIMEOUT_MS) => {
    try {
      const answer = await client.post(path, body, { timeoutMs, signal });
      connection.up();
      return answer;
    } catch (error) {
      if (isExpiredCertificate(error)) renewal?.hurry();
      throw error;
    }
  };
  const renewal = startRenewal(options, {
    ask: (request) => client.post('/channel/renew', request, { timeoutMs: EXCHANGE_TIMEOUT_MS, signal }),
    renew: (identity) => client.renew({ ...identity, dial: options.dial }),
  });
  const reportNow = inTurn(async () => {
    const answer = await exchange('/channel/report', await options.report());
    configurations.offer(answer as ConfigurationByRole[Role]);
  });
  const postResult = (result: CommandResult) =>
    untilDone(context, () => deliver(() => exchange('/channel/results', result), result, logger));
  const runner = createCommandRunner({ handlers: options.handlers, postResult, logger });
  const reportAndWait = async () => {
    await reportNow();
    await clock.sleep(options.reportIntervalMs ?? REPORT_INTERVAL_MS_DEFAULT, signal);
  };
  const pollOnce = async () => {
    const poll: CommandPoll = { waitMs: options.pollWaitMs ?? POLL_WAIT_MS_DEFAULT };
    const answer = await exchange('/channel/commands', poll, poll.waitMs + EXCHANGE_TIMEOUT_MS);
    const accepted = runner.accept(commandsOf(answer));
    if (accepted === 0) await clock.sleep(POLL_PAUSE_MS, signal);
  };
  const loops = Promise.all([forever(context, reportAndWait), forever(context, pollOnce), renewal?.finished]);
  return {
    reportNow,
    get connected() {
      return connection.isUp();
    },
    finished: loops.then(() => client.close()),
  };
}

interface RenewalConnection {
  readonly ask: (request: RenewalRequest) => Promise<unknown>;
  readonly renew: (identity: Identity) => void;
}

function startRenewal<Role extends ProgramRole>(
  { renewal, logger, clock, signal }: ChannelOptions<Role>,
  { ask, renew }: RenewalConnection,
): RenewalLoop | undefined {
  if (renewal === undefined) return undefined;
  const { stateFolder, identity, onRenewed } = renewal;
  return runRenewal({
    stateFolder,
    identity,
    ask,
    onRenewed: (renewed) => {
      onRenewed?.(renewed);
      renew(renewed);
    },
    logger,
    ...(clock === undefined ? {} : { clock }),
    signal,
  });
}

function commandsOf(answer: unknown): readonly CommandEnvelope[] {
  const commands = (answer as Partial<CommandList> | null)?.commands;
  if (Array.isArray(commands)) return commands;
  throw new OperationError('CHANNEL_ANSWER_INVALID', 'the control plane answered a poll without commands', {
    hint: 'check that the program is of the same version as the control plane',
    retryable: true,
  });
}

/** One attempt at handing over a result. What the control plane refuses for good is logged and let go. */
async function deliver(post: () => Promise<unknown>, result: CommandResult, logger: Logger): Promise<void> {
  try {
    await post();
  } catch (error) {
    if (!(error instanceof OperationError) || error.retryable) throw error;
    logger.warn('result-refused', { commandId: result.commandId, error });
  }
}

/** Calls of `action` one after the other, in the order they were made. */
function inTurn(action: () => Promise<void>): () => Promise<void> {
  let last: Promise<unknown> = Promise.resolve();
  return () => {
    const mine = last.then(action);
    last = mine.then(
      () => undefined,
      () => undefined, // The caller of `mine` has the error; the next one only needs its turn.
    );
    return mine;
  };
}

interface LoopContext {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly connection: ConnectionLog;
}

/** Repeats `step` until the signal, backing off while it fails. */
async function forever(context: LoopContext, step: () => Promise<unknown>): Promise<void> {
  while (!context.signal.aborted) await untilDone(context, step);
}

/**
 * One success of `step`, however many attempts it takes: for ever is the maximum here, and the signal ends
 * it.
 */
async function untilDone(context: LoopContext, step: () => Promise<unknown>): Promise<void> {
  for (let attempt = 0; !context.signal.aborted; attempt += 1) {
    try {
      await step();
      return;
    } catch (error) {
      if (context.signal.aborted) return;
      context.connection.down(error);
    }
    await pause(context, backoffDelayMs(BACKOFF, attempt));
  }
}

async function pause(context: LoopContext, durationMs: number): Promise<void> {
  try {
    await context.clock.sleep(durationMs, context.signal);
  } catch (error) {
    if (!context.signal.aborted) throw error;
  }
}

interface ConnectionLog {
  up(): void;
  down(error: unknown): void;
  isUp(): boolean;
}

/** Says when the connection is lost and when it is back, not every attempt in between. */
function createConnectionLog(logger: Logger, controlPlaneUrl: string): ConnectionLog {
  let state: 'UNKNOWN' | 'UP' | 'DOWN' = 'UNKNOWN';
  let lastExplanation = '';
  return {
    up: () => {
      if (state !== 'UP') logger.info('control-plane-connected', { controlPlaneUrl });
      state = 'UP';
    },
    down: (error) => {
      const explanation = describeError(error);
      if (state !== 'DOWN' || explanation !== lastExplanation) {
        logger.warn('control-plane-lost', { controlPlaneUrl, error, explanation });
      }
      state = 'DOWN';
      lastExplanation = explanation;
    },
    isUp: () => state === 'UP',
  };
}
