/**
 * A key service by way of a command, for any KMS: `COMMAND wrap` reads a data key (base64) on standard input
 * and writes what it is wrapped as, a text of its own form; `COMMAND unwrap` is its inverse. The wrapping key
 * never comes here.
 *
 * One that hangs is killed, one that fails is tried again a few times; then everybody is told so at once for
 * a while, so that a service that is down does not hold up each of many journals in turn.
 */
import { type Backoff, type Clock, OperationError, retry, run, systemClock } from '@landfall/runtime';
import { DATA_KEY_BYTES, type WrappedKey, type WrappingKeys } from './wrapping-keys.ts';

const KEY_ID = 'command';
const TIMEOUT_MS_DEFAULT = 15_000;
const ATTEMPTS_MAX = 3;
const BACKOFF: Backoff = { initialMs: 200, maximumMs: 2000 };
/** Nobody asks again for this long after it failed. */
const FAILED_MS = 10_000;
const WRAPPED_CHARACTERS_MAX = 64 * 1024;
const SHOWN_CHARACTERS_MAX = 500;

export interface CommandWrappingOptions {
  readonly clock?: Clock;
  /** For one try. */
  readonly timeoutMs?: number;
}

export class CommandWrappingKeys implements WrappingKeys {
  readonly description: string;
  readonly #path: string;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  #failed: { readonly error: OperationError; readonly atMs: number } | undefined;

  constructor(path: string, options: CommandWrappingOptions = {}) {
    this.description = `the command ${path}`;
    this.#path = path;
    this.#clock = options.clock ?? systemClock;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS_DEFAULT;
  }

  /** Which key it wraps with is the service's to know. */
  async wrappingKeyId(): Promise<string> {
    return KEY_ID;
  }

  async wrap(dataKey: Buffer): Promise<WrappedKey> {
    const wrapped = await this.#ask('wrap', dataKey.toString('base64'));
    if (wrapped.length > 0 && wrapped.length <= WRAPPED_CHARACTERS_MAX) {
      return { wrappingKeyId: KEY_ID, wrapped };
    }
    throw this.#failure(`wrap gave ${wrapped.length} characters`, false);
  }

  async unwrap({ wrappingKeyId, wrapped }: WrappedKey): Promise<Buffer | undefined> {
    if (wrappingKeyId !== KEY_ID) return undefined;
    const text = await this.#ask('unwrap', wrapped);
    const dataKey = Buffer.from(text, 'base64');
    if (dataKey.length === DATA_KEY_BYTES && dataKey.toString('base64') === text) return dataKey;
    throw this.#failure(`unwrap gave no key of ${DATA_KEY_BYTES} bytes in base64`, false);
  }

  async #ask(verb: 'wrap' | 'unwrap', input: string): Promise<string> {
    const { error, atMs } = this.#failed ?? {};
    if (error !== undefined && Math.abs(this.#clock.nowMs() - (atMs ?? 0)) < FAILED_MS) throw error;
    const clock = this.#clock;
    try {
      const text = await retry(() => this.#askOnce(verb, input), {
        ...{ attemptsMax: ATTEMPTS_MAX, backoff: BACKOFF, clock },
        isRetryable: (cause) => cause instanceof OperationError && cause.retryable,
      });
      this.#failed = undefined;
      return text;
    } catch (cause) {
      if (cause instanceof OperationError) this.#failed = { error: cause, atMs: clock.nowMs() };
      throw cause;
    }
  }

  /** What it writes to standard output is never shown: it may be a key. */
  async #askOnce(verb: string, input: string): Promise<string> {
    const result = await run([this.#path, verb], { input: `${input}\n`, timeoutMs: this.#timeoutMs }).catch(
      (cause: unknown) => {
        throw this.#failure('it cannot be started', false, cause);
      },
    );
    if (result.exitCode === 0) return result.stdout.trim();
    const how = result.timedOut
      ? `did not end within ${this.#timeoutMs} ms`
      : `exited with ${result.exitCode ?? result.killedBy}`;
    throw this.#failure(`${verb} ${how}: ${result.stderr.trim().slice(-SHOWN_CHARACTERS_MAX)}`, true);
  }

  #failure(what: string, retryable: boolean, cause?: unknown): OperationError {
    return new OperationError('ENCRYPTION_COMMAND_FAILED', `${this.description} failed: ${what}`, {
      hint: 'run it by hand with the same user; the journals that need it are opened as soon as it works',
      retryable,
      cause,
    });
  }
}
