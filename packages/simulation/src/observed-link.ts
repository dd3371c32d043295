/**
 * The agent's end of a connection, watched message by message: what passes goes into the log, epochs that are
 * not acknowledged are counted, and the connection can be cut at any message.
 */
import type { Link, Message } from '@landfall/wire';
import { LinkFilter } from './filters.ts';

export interface LinkWatch {
  onMessage(direction: 'sent' | 'received', message: Message): void;
}

export class ObservedLink extends LinkFilter {
  readonly #watch: LinkWatch;

  constructor(link: Link, watch: LinkWatch) {
    super(link);
    this.#watch = watch;
  }

  override send(message: Message): Promise<void> {
    const sent = super.send(message);
    this.#watch.onMessage('sent', message);
    return sent;
  }

  override async *messages(): AsyncGenerator<Message> {
    for await (const message of super.messages()) {
      this.#watch.onMessage('received', message);
      yield message;
    }
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
    case 'SECTION':
      return `SECTION ${message.section} after ${message.laneMessages ?? '?'}`;
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
