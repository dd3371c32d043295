/**
 * The agent's end of a connection, watched message by message: what passes goes into the log, epochs that are
 * not acknowledged are counted, and the connection can be cut at any message.
 */
import type { Link, Message } from '@landfall/wire';

export interface LinkWatch {
  onMessage(direction: 'sent' | 'received', message: Message): void;
}

export class ObservedLink implements Link {
  readonly #link: Link;
  readonly #watch: LinkWatch;

  constructor(link: Link, watch: LinkWatch) {
    this.#link = link;
    this.#watch = watch;
  }

  get bytesSent(): number {
    return this.#link.bytesSent;
  }

  get bytesReceived(): number {
    return this.#link.bytesReceived;
  }

  send(message: Message): Promise<void> {
    const sent = this.#link.send(message);
    this.#watch.onMessage('sent', message);
    return sent;
  }

  async *messages(): AsyncGenerator<Message> {
    for await (const message of this.#link.messages()) {
      this.#watch.onMessage('received', message);
      yield message;
    }
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  destroy(reason?: Error): void {
    this.#link.destroy(reason);
  }
}

export function describeMessage(message: Message): string {
  switch (message.type) {
    case 'COMMIT':
      return `COMMIT ${message.epoch} cut ${message.cutMonotonicNs} extents ${message.extentCount}`;
    case 'DURABLE':
      return `DURABLE ${message.epoch}`;
    case 'WELCOME':
      return `WELCOME at ${message.lastEpoch}`;
    case 'REFUSE':
      return `REFUSE ${message.code}`;
    case 'EXTENT':
      return `EXTENT ${message.header.diskIndex}/${message.header.offsetBytes}+${message.header.lengthBytes}`;
    case 'ZEROES':
      return `ZEROES ${message.diskIndex}/${message.offsetBytes}+${message.lengthBytes}`;
    default:
      return message.type;
  }
}
