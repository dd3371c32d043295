/**
 * The receiver's end of a session that goes by several connections: one sequence of messages again, in an
 * order that the rules of FORMAT.md allow. It hands over what comes, from whichever connection, but
 *
 * L1 nothing of a section before all of the section before: a SECTION of the first connection is passed when
 *    as many messages came by lanes as it says, and what a lane has of a later section waits until then;
 * L2 messages of one connection in their order.
 *
 * A COMMIT follows the SECTION that ends its epoch on the first connection, so it waits with it. Of each
 * connection one message is held here, the rest waits in its link, which is bounded.
 */
import { assert, OperationError } from '@landfall/runtime';
import type { Message, Section } from '@landfall/wire';

interface Way {
  readonly messages: AsyncIterator<Message>;
  head: Message | undefined;
  /** Of what comes next. */
  section: number;
}

export class LaneMerge implements AsyncIterator<Message> {
  readonly #first: Way;
  readonly #lanes: Way[] = [];
  readonly #onLaneLost: (error: Error) => void;
  #section = 0;
  /** Of this section, handed over so far. */
  #laneMessages = 0;
  #turn = 0;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  /** `onLaneLost`: called when a lane ends before the session does, which is the end of the session. */
  constructor(first: AsyncIterator<Message>, onLaneLost: (error: Error) => void) {
    this.#onLaneLost = onLaneLost;
    this.#first = { messages: first, head: undefined, section: 0 };
    this.#pull(this.#first);
  }

  attach(messages: AsyncIterator<Message>): void {
    const lane = { messages, head: undefined, section: 0 };
    this.#lanes.push(lane);
    this.#pull(lane);
  }

  async next(): Promise<IteratorResult<Message>> {
    assert(this.#wake === undefined, 'one message is asked for at a time');
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      const value = this.#take();
      if (value !== undefined) return { done: false, value };
      if (this.#ended) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  #take(): Message | undefined {
    const ways = [this.#first, ...this.#lanes];
    for (let tried = 0; tried < ways.length; tried += 1) {
      this.#turn = (this.#turn + 1) % ways.length;
      const way = ways[this.#turn];
      const message = way?.head;
      if (way === undefined || message === undefined) continue;
      if (message.type === 'SECTION') {
        if (this.#meetSection(way, message)) return this.#take();
      } else if (way === this.#first) return this.#handOver(way, message);
      else if (this.isDue(way.section, this.#section)) {
        this.#checkLaneMessage(message);
        this.#laneMessages += 1;
        return this.#handOver(way, message);
      }
    }
    return undefined;
  }

  /** L1, for a message of a lane. Protected for the tests, which prove that they notice when it is wrong. */
  protected isDue(section: number, current: number): boolean {
    if (section < current) throw violation('it came by a lane after the end of its section');
    return section === current;
  }

  /** L1, for the end of a section. */
  protected isComplete(announced: number, handedOver: number): boolean {
    if (handedOver > announced)
      throw violation(`${handedOver} messages came by lanes, ${announced} were sent`);
    return handedOver === announced;
  }

  /** True when it is passed: what was not due may be now. */
  #meetSection(way: Way, { section, laneMessages }: Section): boolean {
    if (section <= way.section) throw violation(`section ${section} came after section ${way.section}`);
    if (way === this.#first) {
      if (laneMessages === undefined || section !== way.section + 1) throw violation('a section is missing');
      if (!this.isComplete(laneMessages, this.#laneMessages)) return false;
      this.#section = section;
      this.#laneMessages = 0;
    }
    way.section = section;
    this.#drop(way);
    return true;
  }

  #checkLaneMessage({ type }: Message): void {
    if (type !== 'EXTENT' && type !== 'ZEROES') throw violation(`the agent sent ${type} by a lane`);
  }

  #handOver(way: Way, message: Message): Message {
    this.#drop(way);
    return message;
  }

  #drop(way: Way): void {
    way.head = undefined;
    this.#pull(way);
  }

  #pull(way: Way): void {
    const taken = (next: IteratorResult<Message>) => {
      if (next.done !== true) way.head = next.value;
      else if (way === this.#first) this.#ended = true;
      else this.#loseLane(undefined);
      this.#wake?.();
    };
    const failed = (error: unknown) => {
      if (way === this.#first) this.#fail(error);
      else this.#loseLane(error);
      this.#wake?.();
    };
    way.messages.next().then(taken, failed);
  }

  #loseLane(cause: unknown): void {
    const error = laneLost(cause);
    this.#fail(error);
    this.#onLaneLost(error);
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
  }
}

export function laneLost(cause: unknown): OperationError {
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  return new OperationError('LINK_LOST', `a lane of the replication connection was lost${why}`, {
    hint: 'check the network between source and replication server; the agent reconnects by itself',
    retryable: true,
    cause,
  });
}

function violation(what: string): OperationError {
  return new OperationError('PROTOCOL_VIOLATION', `the agent broke the rules of lanes: ${what}`, {
    hint: 'check that agent and replication server are of compatible versions',
  });
}
