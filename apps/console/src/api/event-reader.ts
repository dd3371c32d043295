/** Server-sent events from a stream of bytes, as the WHATWG HTML standard reads them. Pure. */
export interface StreamMessage {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

const LINE_CHARACTERS_MAX = 64 * 1024;

export class EventReader {
  #decoder = new TextDecoder();
  #rest = '';
  #id = '';
  #event = '';
  #data: string[] = [];

  /** The messages that these bytes complete. */
  read(bytes: Uint8Array): readonly StreamMessage[] {
    this.#rest += this.#decoder.decode(bytes, { stream: true });
    // A carriage return at the end may be half of a line end.
    const lines = this.#rest.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > LINE_CHARACTERS_MAX)
      throw new RangeError('a line of the event stream has no end');
    return lines.flatMap((line) => this.#take(line) ?? []);
  }

  #take(line: string): StreamMessage | undefined {
    if (line === '') return this.#finish();
    const [, name = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? [];
    if (name === 'data') this.#data.push(value);
    else if (name === 'id') this.#id = value;
    else if (name === 'event') this.#event = value;
    return undefined;
  }

  #finish(): StreamMessage | undefined {
    const message = { id: this.#id, event: this.#event, data: this.#data.join('\n') };
    const isEmpty = this.#data.length === 0;
    this.#event = '';
    this.#data = [];
    return isEmpty ? undefined : message;
  }
}
