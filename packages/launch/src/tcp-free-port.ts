/**
 * A TCP port of the loopback interface that nobody listens on at this moment. Whoever binds it must be able
 * to fail.
 */
import { createServer } from 'node:net';
import { OperationError } from '@landfall/runtime';
import type { PublishedPort } from './launch-plan.ts';

export async function findFreePort(): Promise<number> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: '127.0.0.1', port: 0 }, resolve);
    });
    const address = server.address();
    if (address !== null && typeof address === 'object') return address.port;
    throw new OperationError('PORT_TAKEN', 'the system gave no free port', { retryable: true });
  } finally {
    server.close();
  }
}

/** One of the loopback interface for each port of a machine. */
export async function publishOnLoopback(guestPorts: readonly number[]): Promise<readonly PublishedPort[]> {
  const ports: PublishedPort[] = [];
  for (const guestPort of guestPorts) ports.push({ guestPort, hostPort: await findFreePort() });
  return ports;
}

/** PORT_TAKEN, where QEMU says that somebody else was faster. */
export function portConflict(error: unknown): OperationError | undefined {
  if (!(error instanceof OperationError) || !/host forwarding rule/i.test(error.message)) return undefined;
  const { message, hint = '' } = error;
  return new OperationError('PORT_TAKEN', message, { hint, retryable: true, cause: error });
}
