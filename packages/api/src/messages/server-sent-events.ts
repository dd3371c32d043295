/**
 * Server-sent events as the HTML standard has them (section 9.2), both ways. Nothing of the platform is used,
 * so a browser reads streams with this, too: `EventSource` cannot sign its request.
 *
 * E1  A message is told when its empty line has come, never before: a stream that breaks off inside of one
 *     has not told it.
 * E2  What a message may hold is bounded; a stream that goes beyond is refused.
 */
export interface ServerSentEvent {
  /** `message` when the stream does not name it. */
  readonly event: string;
  readonly data: string;
  /** The last id that was seen, of an earlier message where this one has none. */
  readonly id: string;
}

export interface SentEvent {
  readonly event?: string | undefined;
  readonly data: string;
  readonly id?: string | undefined;
}

export const HEARTBEAT = ': heartbeat\n\n';
const MESSAGE_CHARACTERS_MAX = 1_000_000;

export function encodeServerSentEvent({ event, data, id }: SentEvent): string {
  const lines = [
    ...(event === undefined ? [] : [`event: ${oneLine(event)}`]),
    ...(id === undefined ? [] : [`id: ${oneLine(id)}`]),
    ...data.split(/\r\n|\r|\n/).map((line) => `data: ${line}`),
  ];
  return `${lines.join('\n')}\n\n`;
}

function oneLine(text: string): string {
  return text.replace(/[\r\n\0]/g, ' ');
}

/** Takes a stream in pieces, cut anywhere. */
export class ServerSentEventDecoder {
  #rest = '';
  #event = '';
  #data: string[] = [];
  #size = 0;
  #id = '';
  #begun = false;

  /** Throws a RangeError for a message that is larger than any of ours (E2). */
  push(text: string): readonly ServerSentEvent[] {
    const all = this.#rest + (this.#begun ? text : text.replace(/^\u{feff}/u, ''));
    this.#begun ||= text !== '';
    // A carriage return at the end may be the first half of an end of line.
    const whole = all.endsWith('\r') ? all.slice(0, -1) : all;
    const lines = whole.split(/\r\n|\r|\n/);
    this.#rest = (lines.pop() ?? '') + all.slice(whole.length);
    const events = lines.flatMap((line) => this.#takeLine(line));
    if (this.#rest.length + this.#size > MESSAGE_CHARACTERS_MAX) throw new RangeError('message too large');
    return events;
  }

  #takeLine(line: string): readonly ServerSentEvent[] {
    if (line === '') return this.#dispatch();
    const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === 'data') {
      this.#data.push(value);
      this.#size += value.length;
    } else if (field === 'event') this.#event = value;
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
    return [];
  }

  /** E1 */
  #dispatch(): readonly ServerSentEvent[] {
    const event = this.#event === '' ? 'message' : this.#event;
    const told = this.#data.length === 0 ? [] : [{ event, data: this.#data.join('\n'), id: this.#id }];
    this.#event = '';
    this.#data = [];
    this.#size = 0;
    return told;
  }
}

export async function* readServerSentEvents(
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  const decoder = new ServerSentEventDecoder();
  const text = new TextDecoder();
  for await (const piece of content) yield* decoder.push(text.decode(piece, { stream: true }));
}
