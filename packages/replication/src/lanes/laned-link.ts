/**
 * The sender's end of a session that goes by several connections: the first, which carries every message that
 * is not an extent, and lanes, which carry extents only. TCP fills a long or lossy link better with several.
 *
 * The order that matters is kept by two rules. Within a section all messages of a chunk go by one connection,
 * so that the later overwrites the earlier. And nothing of one section is given to the store before all of
 * the section before it: SECTION on the first connection says how many messages of the section that ends
 * went by lanes, SECTION on a lane says which section follows. A section ends before each fence (COMMIT,
 * ABANDON, zeroes over several chunks), and begins after it when the first extent goes by a lane. While the
 * first connection takes what there is, as when little changes, there are no sections at all.
 */
import type { Link, Message } from '@landfall/wire';
import { chunkOf } from '../extents/extent-split.ts';

/** What a lane may keep waiting in each direction: fifteen of them stay small beside what the agent reads. */
export const LANE_BUFFER_BYTES_MAX = 1024 * 1024;
/** Chunks whose connection is remembered; with more a section ends, which waits for nothing. */
export const SECTION_CHUNKS_MAX = 4096;

/** Which connection the extents of a chunk go by, until the section ends: 0 is the first one. */
export type LanePick = (bytesWaiting: readonly number[]) => number;

interface Lane {
  readonly link: Link;
  /** The one its peer was last told. */
  section: number;
}

export class LanedLink implements Link {
  readonly #first: Link;
  readonly #pick: LanePick;
  readonly #lanes: Lane[] = [];
  /** By chunk, in this section; `undefined` is the first connection. */
  readonly #ways = new Map<number, Lane | undefined>();
  #section = 0;
  #laneMessages = 0;
  /** Something on the first connection has to come before what goes by lanes from now on. */
  #fenced = true;

  constructor(first: Link, pick: LanePick = leastWaiting) {
    this.#first = first;
    this.#pick = pick;
  }

  /** The server knows it. */
  add(link: Link): void {
    link.limitBuffers(LANE_BUFFER_BYTES_MAX);
    this.#lanes.push({ link, section: 0 });
    if (this.#laneMessages === 0) this.#separate();
  }

  get laneCount(): number {
    return this.#lanes.length;
  }

  get bytesSent(): number {
    return this.#links.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
  }

  get bytesReceived(): number {
    return this.#links.reduce((sum, { bytesReceived }) => sum + bytesReceived, 0);
  }

  get bytesWaiting(): number {
    return this.#links.reduce((sum, { bytesWaiting }) => sum + bytesWaiting, 0);
  }

  limitBuffers(bytesMax: number): void {
    for (const link of this.#links) link.limitBuffers(bytesMax);
  }

  /** What belongs together is handed over before the first wait: calls may overlap. */
  send(message: Message): Promise<void> {
    if (this.#lanes.length === 0) return this.#first.send(message);
    const chunk = chunkOfMessage(message);
    if (chunk !== undefined) return this.#sendOfChunk(chunk, message);
    return isFence(message) ? this.#sendFence(message) : this.#first.send(message);
  }

  messages(): AsyncIterable<Message> {
    return this.#first.messages();
  }

  async close(): Promise<void> {
    await Promise.all(this.#links.map((link) => link.close()));
  }

  destroy(reason?: Error): void {
    for (const link of this.#links) link.destroy(reason);
  }

  get #links(): readonly Link[] {
    return [this.#first, ...this.#lanes.map(({ link }) => link)];
  }

  #sendOfChunk(chunk: number, message: Message): Promise<void> {
    const isFull = this.#ways.size >= SECTION_CHUNKS_MAX && !this.#ways.has(chunk);
    const sent = isFull ? this.#separate() : [];
    const lane = this.wayOf(chunk);
    if (lane === undefined) return all([...sent, this.#first.send(message)]);
    if (this.#fenced) {
      sent.push(this.#beginSection());
      this.#ways.set(chunk, lane);
      this.#fenced = false;
    }
    if (lane.section !== this.#section)
      sent.push(lane.link.send({ type: 'SECTION', section: this.#section }));
    lane.section = this.#section;
    this.#laneMessages += 1;
    return all([...sent, lane.link.send(message)]);
  }

  protected wayOf(chunk: number): Lane | undefined {
    if (this.#ways.has(chunk)) return this.#ways.get(chunk);
    const picked = this.#pick(this.#links.map(({ bytesWaiting }) => bytesWaiting));
    const way = picked === 0 ? undefined : this.#lanes[picked - 1];
    this.#ways.set(chunk, way);
    return way;
  }

  #sendFence(message: Message): Promise<void> {
    return all([...this.#separate(), this.#first.send(message)]);
  }

  /** Whatever goes by any connection from now on comes after what went by lanes, and after what follows. */
  #separate(): Promise<void>[] {
    const sent = this.#laneMessages > 0 ? [this.#beginSection()] : [];
    this.#fenced = true;
    this.#ways.clear();
    return sent;
  }

  #beginSection(): Promise<void> {
    const laneMessages = this.#laneMessages;
    this.#section += 1;
    this.#laneMessages = 0;
    this.#ways.clear();
    return this.#first.send({ type: 'SECTION', section: this.#section, laneMessages });
  }
}

/** The first of those that wait least: while nothing waits, that is the first connection. */
export function leastWaiting(bytesWaiting: readonly number[]): number {
  return bytesWaiting.indexOf(Math.min(...bytesWaiting));
}

async function all(sent: readonly Promise<void>[]): Promise<void> {
  await Promise.all(sent);
}

/** A number of its own for every chunk of every disk; `undefined` when the message is not within one. */
function chunkOfMessage(message: Message): number | undefined {
  if (message.type === 'EXTENT') return chunkWithin(message.header);
  return message.type === 'ZEROES' ? chunkWithin(message) : undefined;
}

interface Range {
  readonly diskIndex: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

function chunkWithin({ diskIndex, offsetBytes, lengthBytes }: Range): number | undefined {
  const chunk = chunkOf(offsetBytes);
  return chunkOf(offsetBytes + lengthBytes - 1) === chunk ? chunk * DISK_INDEXES + diskIndex : undefined;
}

const DISK_INDEXES = 64;

function isFence({ type }: Message): boolean {
  return type === 'COMMIT' || type === 'ABANDON' || type === 'ZEROES' || type === 'EXTENT';
}
