/**
 * Calls of the public API over one connection that is kept, as SDKs keep theirs. A call takes from its first
 * byte until the last byte of its answer is here; what the caller makes of the answer is not counted.
 */
import { Agent, request } from 'node:https';
import {
  type ApiClientOptions,
  encodeInput,
  type InputOf,
  type OperationName,
  type OutputOf,
  operations,
  signRequest,
} from '../../packages/api/src/index.ts';
import { OperationError, systemClock, systemRandom } from '../../packages/runtime/src/index.ts';

export interface TimedAnswer<Output> {
  readonly output: Output;
  readonly ms: number;
  readonly bytes: number;
}

export class TimedCalls {
  readonly #client: ApiClientOptions;
  readonly #agent: Agent;

  constructor(client: ApiClientOptions) {
    this.#client = client;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1, ca: client.caPem });
  }

  mgn<Name extends OperationName<'mgn'>>(
    name: Name,
    input: InputOf<'mgn', Name>,
  ): Promise<TimedAnswer<OutputOf<'mgn', Name>>> {
    return this.#call('mgn', encodeInput(operations.mgn[name], input));
  }

  landfall<Name extends OperationName<'landfall'>>(
    name: Name,
    input: InputOf<'landfall', Name>,
  ): Promise<TimedAnswer<OutputOf<'landfall', Name>>> {
    return this.#call('landfall', encodeInput(operations.landfall[name], input));
  }

  async #call<Output>(
    service: 'mgn' | 'landfall',
    { method, rawPath, rawQuery, body }: ReturnType<typeof encodeInput>,
  ): Promise<TimedAnswer<Output>> {
    const { region, credentials, endpoint } = this.#client;
    const url = new URL(endpoint);
    const signed = {
      host: url.host,
      'amz-sdk-invocation-id': systemRandom.uuid(),
      ...(body === '' ? {} : { 'content-type': 'application/json' }),
    };
    const scope = { service, region, nowMs: systemClock.nowMs() };
    const signature = signRequest({ method, rawPath, rawQuery, headers: signed, body }, credentials, scope);
    const headers = { ...signed, ...signature, 'content-length': Buffer.byteLength(body) };
    const startNs = systemClock.monotonicNs();
    const text = await this.#exchange(new URL(rawPath, endpoint), { method, headers }, body);
    const ms = Number(systemClock.monotonicNs() - startNs) / 1e6;
    return { output: JSON.parse(text.toString('utf8')), ms, bytes: text.length };
  }

  close(): void {
    this.#agent.destroy();
  }

  #exchange(
    url: URL,
    options: { readonly method: string; readonly headers: Record<string, string | number> },
    body: string,
  ): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(url, { ...options, agent: this.#agent }, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const answer = Buffer.concat(chunks);
          if (incoming.statusCode === 200) resolve(answer);
          else reject(failed(url, incoming.statusCode, answer));
        });
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }
}

function failed(url: URL, status: number | undefined, answer: Buffer): OperationError {
  const text = answer.toString('utf8').slice(0, 200);
  return new OperationError('BENCHMARK_FAILED', `${url.pathname} was answered with ${status}: ${text}`);
}
