/** HTTPS whose TCP connections are made by a `Dial`: TLS is from end to end, whatever lies in between. */
import type { ClientRequestArgs } from 'node:http';
import { Agent, type AgentOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect } from 'node:tls';
import type { Dial } from '@landfall/runtime';

const CONNECT_TIMEOUT_MS = 15_000;

type Connected = (error: Error | null, stream: Duplex) => void;

export class DialAgent extends Agent {
  readonly #dial: Dial;
  readonly #ending = new AbortController();

  constructor(options: AgentOptions, dial: Dial) {
    super(options);
    this.#dial = dial;
  }

  /** Node's contract: a socket is returned at once, or given to `connected` later, as here. */
  override createConnection(options: ClientRequestArgs, connected: Connected): undefined {
    this.#connect(options).then(
      (socket) => connected(null, socket),
      // Without a connection there is no stream: the second argument is not looked at.
      (error: Error) => connected(error, undefined as unknown as Duplex),
    );
  }

  override destroy(): void {
    this.#ending.abort();
    super.destroy();
  }

  async #connect(options: ClientRequestArgs): Promise<Duplex> {
    const target = { host: options.host ?? '', port: Number(options.port) };
    const way = await this.#dial(target, { timeoutMs: CONNECT_TIMEOUT_MS, signal: this.#ending.signal });
    const tls: ConnectionOptions = { ...(options as ConnectionOptions), socket: way };
    const socket = connect(tls);
    way.on('error', (error) => socket.destroy(error));
    return socket;
  }
}
