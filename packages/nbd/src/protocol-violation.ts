import { OperationError } from '@landfall/runtime';

/** What the other side sent is not NBD, or not what may come here; the connection cannot go on. */
export function protocolViolation(what: string): OperationError {
  return new OperationError('NBD_PROTOCOL_VIOLATION', `the other side broke the NBD protocol: ${what}`, {
    hint: 'check that both sides speak NBD (fixed newstyle) and that nothing between them changes the bytes',
  });
}
