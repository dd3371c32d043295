/** What is said of something that failed: what happened, why, what to do next. And the exit code. */
import { ApiError } from '@landfall/api';
import { OperationError } from '@landfall/runtime';
import { CommanderError } from 'commander';
import { EXIT_DONE, EXIT_FAILED, EXIT_USAGE } from './exit-codes.ts';
import { WaitInterrupted } from './terminal/interruption.ts';

export interface Failure {
  readonly exitCode: number;
  /** For standard error; empty when it was said already. */
  readonly text: string;
}

/** By the exceptions of the API; what is said of others is their own message. */
const NEXT: Readonly<Record<string, string>> = {
  AccessDeniedException:
    'ask an administrator to attach a policy that allows it (`landfall policy attach`), or use other keys',
  ConflictException:
    'look at what it is doing (`landfall server show`, `landfall job list`), and try again when that has ended',
  ExpiredTokenException: 'get new temporary credentials, and put them into the environment',
  IncompleteSignatureException: 'give both keys: `eval "$(landfall env)"` sets them',
  InternalServerException: 'the log of the control plane tells more of this request',
  InvalidSignatureException:
    'check the secret key and the clock of this machine; `eval "$(landfall env)"` sets the keys anew',
  MissingAuthenticationTokenException: 'give an access key: `eval "$(landfall env)"` sets one',
  ResourceNotFoundException: 'the `list` command of its kind shows what there is',
  ServiceQuotaExceededException: 'delete what is no longer needed, or wait until running jobs have ended',
  ThrottlingException: 'wait a moment, and try again',
  UninitializedAccountException: '`landfall service initialize` does it, once',
  UnrecognizedClientException: 'use an access key that exists and is active: `landfall access-key list`',
  ValidationException: 'mend what the message names; `--help` shows what the command takes',
};

export function describeFailure(error: unknown): Failure {
  if (error instanceof CommanderError) {
    return { exitCode: error.exitCode === EXIT_DONE ? EXIT_DONE : EXIT_USAGE, text: '' };
  }
  if (error instanceof WaitInterrupted) {
    return { exitCode: error.exitCode, text: said(error.message, `\`${error.follow}\` follows it`) };
  }
  if (error instanceof OperationError) return failed(`${error.code}: ${error.message}`, error.hint);
  if (error instanceof ApiError) return failed(apiMessage(error), NEXT[error.name]);
  return failed(error instanceof Error ? (error.stack ?? error.message) : String(error));
}

function failed(what: string, next?: string): Failure {
  return { exitCode: EXIT_FAILED, text: said(what, next) };
}

function said(what: string, next: string | undefined): string {
  return `landfall: ${what}\n${next === undefined ? '' : `  what to do: ${next}\n`}`;
}

/** The id of the request where its log entry is what helps. */
function apiMessage({ name, message, status, requestId }: ApiError): string {
  const request = status >= 500 && requestId !== undefined ? ` (request ${requestId})` : '';
  return `${name}: ${message}${request}`;
}
