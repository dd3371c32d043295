import { type ConnectionTarget, type Dial, describeError } from '@landfall/runtime';

const TIMEOUT_MS = 5000;

/** `undefined` when something listens there; else why it cannot be reached on the way the agent takes. */
export async function checkReachable(target: ConnectionTarget, dial: Dial): Promise<string | undefined> {
  try {
    const socket = await dial(target, { timeoutMs: TIMEOUT_MS });
    socket.on('error', () => socket.destroy()); // It was reached; how it ends does not matter.
    socket.destroy();
    return undefined;
  } catch (error) {
    return describeError(error);
  }
}
