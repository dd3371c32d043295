/** What goes on in the background waits for a store that is away, and then goes on as after a crash. */
import { OperationError } from '@landfall/runtime';

export const STORE_AWAY_PAUSE_MS = 1000;

export function isStoreAway(error: unknown): boolean {
  return error instanceof OperationError && error.code === 'STORE_UNAVAILABLE';
}
