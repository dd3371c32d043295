/** A receiver of webhooks on loopback that answers as a test wants. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { Landfall } from '@landfall/api';
import { cleanUpAfter } from './clean-up.ts';

export interface ReceivedWebhook {
  readonly body: string;
  readonly signature: string;
  readonly message: Landfall.WebhookMessage;
}

export interface WebhookReceiver {
  readonly url: string;
  readonly port: number;
  readonly received: readonly ReceivedWebhook[];
  /** Of the next answers; a redirect leads to `/elsewhere`. */
  statusCode: number;
}

/** To be named to the control plane: loopback is closed to webhooks else. */
export const LOOPBACK_NETWORK = '127.0.0.0/8';

export async function startWebhookReceiver(t: TestContext): Promise<WebhookReceiver> {
  const received: ReceivedWebhook[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString('utf8');
    const signature = String(request.headers['landfall-signature']);
    received.push({ body, signature, message: JSON.parse(body) as Landfall.WebhookMessage });
    response.writeHead(receiver.statusCode, { location: '/elsewhere' });
    response.end('x'.repeat(1000));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const receiver: WebhookReceiver = { url: `http://127.0.0.1:${port}/hook`, port, received, statusCode: 204 };
  cleanUpAfter(t, async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return receiver;
}
