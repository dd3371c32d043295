/**
 * A TCP port of the loopback interface that nobody listens on at this moment. Whoever binds it must be able
 * to fail.
 */
import { createServer } from 'node:net';
import { OperationError } from '@landfall/runtime';

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
