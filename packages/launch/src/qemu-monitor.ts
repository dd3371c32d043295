/**
 * QEMU's machine protocol: one JSON object a line over a Unix socket. Source: QEMU, docs/interop/qmp-spec.
 * A monitor serves one client at a time, so a connection is made for a few questions and given back at once.
 * Events are not listened to: all state that matters is asked for, because it has to survive our own restart
 * anyway.
 */
import { createConnection, type Socket } from 'node:net';
import { after, OperationError } from '@landfall/runtime';

const REPLY_TIMEOUT_MS = 20_000;
const LINE_CHARACTERS_MAX = 16 * 1024 * 1024;

interface Reply {
  readonly return?: unknown;
  readonly error?: { readonly class: string; readonly desc: string };
  readonly event?: string;
  readonly QMP?: unknown;
}

export interface Monitor {
  /** Errors: MACHINE_REFUSED with QEMU's own words, MACHINE_UNREACHABLE. */
  execute(command: string, parameters?: Readonly<Record<string, unknown>>): Promise<unknown>;
}

/** Connects, lets `use` ask, and disconnects. Errors: MACHINE_UNREACHABLE when nobody answers. */
export async function withMonitor<Result>(
  socketPath: string,
  use: (monitor: Monitor) => Promise<Result>,
): Promise<Result> {
  const connection = new MonitorConnection(socketPath);
  try {
    await connection.greet();
    return await use(connection);
  } finally {
    connection.close();
  }
}

class MonitorConnection implements Monitor {
  readonly #socket: Socket;
  readonly #socketPath: string;
  #received = '';
  #waiting: { resolve: (reply: Reply) => void; reject: (error: Error) => void } | undefined;
  #failure: Error | undefined;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
    this.#socket = createConnection({ path: socketPath });
    this.#socket.setEncoding('utf8');
    this.#socket.on('data', (text: string) => this.#receive(text));
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('the monitor closed the connection')));
  }

  async greet(): Promise<void> {
    await this.#nextReply();
    await this.execute('qmp_capabilities');
  }

  async execute(command: string, parameters: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: parameters })}\n`);
    const reply = await this.#nextReply();
    if (reply.error === undefined) return reply.return;
    throw new OperationError('MACHINE_REFUSED', `QEMU refused ${command}: ${reply.error.desc}`, {
      hint: 'the machine goes on as it is; look at its log for the reason',
      context: { command },
    });
  }

  close(): void {
    this.#failure ??= new Error('closed');
    this.#socket.destroy();
  }

  async #nextReply(): Promise<Reply> {
    if (this.#failure !== undefined) throw this.#unreachable(this.#failure);
    const cancel = after(REPLY_TIMEOUT_MS, () =>
      this.#fail(new Error(`no answer in ${REPLY_TIMEOUT_MS} ms`)),
    );
    try {
      return await new Promise<Reply>((resolve, reject) => {
        this.#waiting = { resolve, reject };
      });
    } catch (cause) {
      throw this.#unreachable(cause);
    } finally {
      cancel();
    }
  }

  #receive(text: string): void {
    this.#received += text;
    if (this.#received.length > LINE_CHARACTERS_MAX) {
      this.#fail(new Error('an endless line'));
      return;
    }
    for (let end = this.#received.indexOf('\n'); end >= 0; end = this.#received.indexOf('\n')) {
      const line = this.#received.slice(0, end);
      this.#received = this.#received.slice(end + 1);
      this.#accept(line);
    }
  }

  #accept(line: string): void {
    if (line.trim() === '') return;
    const reply: Reply = JSON.parse(line);
    if (reply.event !== undefined) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(reply);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#waiting?.reject(error);
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #unreachable(cause: unknown): OperationError {
    const why = cause instanceof Error ? cause.message : String(cause);
    return new OperationError('MACHINE_UNREACHABLE', `QEMU does not answer on ${this.#socketPath}: ${why}`, {
      hint: 'the machine has ended or hangs; look at its qemu.log and console.log',
      retryable: true,
      cause,
    });
  }
}
