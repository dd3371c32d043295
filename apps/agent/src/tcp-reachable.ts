import { once } from 'node:events';
import { connect } from 'node:net';
import { describeError } from '@landfall/runtime';

const TIMEOUT_MS = 5000;

/** `undefined` when something listens there; else why it cannot be reached. */
export async function checkPortReachable(host: string, port: number): Promise<string | undefined> {
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return undefined;
  } catch (error) {
    return describeError(error);
  } finally {
    socket.destroy();
  }
}
