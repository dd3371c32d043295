/**
 * Both ends of a session's connections against the model of one connection: whatever the speed of each and
 * whichever is picked, at every COMMIT the receiver has written what a single connection would have.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CODEC_RAW, payloadChecksum } from '@landfall/block';
import { assert as ensure, OperationError, type Random, seededRandom } from '@landfall/runtime';
import { VirtualClock } from '@landfall/runtime/virtual-clock';
import { createMemoryLinkPair, type Link, type MemoryLinkPair, type Message } from '@landfall/wire';
import { RESCAN_CHUNK_BYTES } from '../epoch-store.ts';
import { LaneMerge } from './lane-merge.ts';
import { LanedLink, type LanePick, SECTION_CHUNKS_MAX } from './laned-link.ts';

const SEEDS = 400;
const MUTANT_SEEDS_MAX = 400;
const MESSAGES_MAX = 120;
const LANES_MAX = 4;
const CHUNKS = 4;
const LIMIT_MS = 600_000;
const VALUE_BYTES = 16;

interface Ends {
  readonly sender: (first: Link, pick: LanePick, random: Random) => LanedLink;
  readonly receiver: (first: AsyncIterator<Message>) => LaneMerge;
}

const REAL: Ends = {
  sender: (first, pick) => new LanedLink(first, pick),
  receiver: (first) => new LaneMerge(first, lost),
};

function lost(error: Error): void {
  throw error;
}

/** What is written where, by disk and slot of half a chunk; an epoch is what was written when it closed. */
class Replica {
  readonly epochs: string[] = [];
  #slots = new Map<string, number>();
  #committed = new Map<string, number>();

  take(message: Message): void {
    if (message.type === 'EXTENT') this.#slots.set(slotOf(message.header), message.payload.readUInt32BE(0));
    if (message.type === 'ZEROES') this.#zero(message);
    if (message.type === 'ABANDON') this.#slots = new Map(this.#committed);
    if (message.type !== 'COMMIT') return;
    this.#committed = new Map(this.#slots);
    const sorted = [...this.#slots].sort(([one], [other]) => one.localeCompare(other));
    this.epochs.push(`${message.epoch}: ${sorted.map((entry) => entry.join('=')).join(' ')}`);
  }

  #zero({ diskIndex, offsetBytes, lengthBytes }: Message & { type: 'ZEROES' }): void {
    for (let at = offsetBytes; at < offsetBytes + lengthBytes; at += RESCAN_CHUNK_BYTES / 2) {
      this.#slots.set(slotOf({ diskIndex, offsetBytes: at }), 0);
    }
  }
}

function slotOf({ diskIndex, offsetBytes }: { diskIndex: number; offsetBytes: number }): string {
  return `${diskIndex}/${offsetBytes / (RESCAN_CHUNK_BYTES / 2)}`;
}

class Session {
  readonly clock = new VirtualClock();
  readonly random: Random;
  readonly expected = new Replica();
  readonly replica = new Replica();
  laneMessages = 0;
  readonly #merge: LaneMerge;
  readonly #link: LanedLink;
  readonly #pairs: MemoryLinkPair[] = [];
  #value = 0;
  #epoch = 0;

  constructor(seed: number, ends: Ends) {
    this.random = seededRandom(seed);
    const { random } = this;
    const first = this.#pair();
    const isDrawn = random.integer(3) > 0;
    const pick: LanePick = (waiting) =>
      isDrawn ? random.integer(waiting.length) : waiting.indexOf(Math.min(...waiting));
    this.#link = ends.sender(first.left, pick, random);
    this.#merge = ends.receiver(first.right.messages()[Symbol.asyncIterator]());
  }

  async run(): Promise<void> {
    await this.clock.settle(Promise.all([this.#send(), this.#receive()]), LIMIT_MS);
  }

  async #send(): Promise<void> {
    const { random } = this;
    for (let count = random.integer(MESSAGES_MAX); count > 0; count -= 1) {
      if (random.integer(6) === 0 && this.#pairs.length <= LANES_MAX) this.#addLane();
      await this.#sendOne(this.#draw());
      if (random.integer(8) === 0) await this.clock.sleep(random.integer(20));
    }
    await this.#sendOne(this.#commit());
    await this.#link.send({ type: 'PING', token: 0 });
  }

  async #sendOne(message: Message): Promise<void> {
    this.expected.take(message);
    await this.#link.send(message);
  }

  async #receive(): Promise<void> {
    for (;;) {
      const { value } = await this.#merge.next();
      if (value.type === 'PING') return;
      this.replica.take(value);
    }
  }

  #addLane(): void {
    const lane = this.#pair();
    this.#link.add(lane.left);
    this.#merge.attach(lane.right.messages()[Symbol.asyncIterator]());
  }

  #pair(): MemoryLinkPair {
    const { clock, random } = this;
    const pieceBytesMax = 1 + random.integer(100);
    const pair = createMemoryLinkPair({ clock, random, latencyMsMax: random.integer(6), pieceBytesMax });
    this.#pairs.push(pair);
    return pair;
  }

  #draw(): Message {
    const { random } = this;
    const kind = random.integer(20);
    if (kind === 0) return { type: 'ABANDON' };
    if (kind < 3) return this.#commit();
    const diskIndex = random.integer(2);
    const chunk = random.integer(CHUNKS);
    const half = RESCAN_CHUNK_BYTES / 2;
    const offsetBytes = chunk * RESCAN_CHUNK_BYTES + random.integer(2) * half;
    if (kind === 3) return { type: 'ZEROES', diskIndex, offsetBytes, lengthBytes: half };
    if (kind === 4)
      return { type: 'ZEROES', diskIndex, offsetBytes, lengthBytes: (2 + random.integer(4)) * half };
    return this.#extent(diskIndex, offsetBytes);
  }

  #extent(diskIndex: number, offsetBytes: number): Message {
    this.#value += 1;
    const payload = Buffer.alloc(VALUE_BYTES);
    payload.writeUInt32BE(this.#value);
    const checksum = payloadChecksum(payload);
    const header = { diskIndex, offsetBytes, lengthBytes: VALUE_BYTES, codec: CODEC_RAW, checksum } as const;
    return { type: 'EXTENT', header, payload };
  }

  #commit(): Message {
    this.#epoch += 1;
    const cut = { cutTimeMs: 0, cutMonotonicNs: 0n, consistency: 'CRASH_CONSISTENT' as const };
    return { type: 'COMMIT', epoch: this.#epoch, extentCount: 0, ...cut };
  }
}

async function runSession(seed: number, ends: Ends): Promise<void> {
  const session = new Session(seed, ends);
  await session.run();
  assert.deepEqual(session.replica.epochs, session.expected.epochs, `seed ${seed}`);
}

test('whatever comes by whichever lane, every epoch is what one connection would have brought', async (context) => {
  for (let seed = 1; seed <= SEEDS; seed += 1) await runSession(seed, REAL);
  context.diagnostic(`seeds 1..${SEEDS}`);
});

const MUTANTS: Readonly<Record<string, Ends>> = {
  'a commit does not wait for what its epoch has on lanes': {
    ...REAL,
    receiver: (first) =>
      new (class extends LaneMerge {
        protected override isComplete(): boolean {
          return true;
        }

        protected override isDue(section: number, current: number): boolean {
          return section <= current;
        }
      })(first, lost),
  },
  'what a lane has of the next epoch is not held back': {
    ...REAL,
    receiver: (first) =>
      new (class extends LaneMerge {
        protected override isDue(): boolean {
          return true;
        }

        protected override isComplete(): boolean {
          return true;
        }
      })(first, lost),
  },
  'extents of one chunk go by several lanes': {
    ...REAL,
    sender: (first, pick, random) =>
      new (class extends LanedLink {
        protected override wayOf(chunk: number): ReturnType<LanedLink['wayOf']> {
          return super.wayOf(chunk + 1000 * random.integer(1_000_000));
        }
      })(first, pick),
  },
};

for (const [name, ends] of Object.entries(MUTANTS)) {
  test(`a fault is found: ${name}`, async (context) => {
    for (let seed = 1; seed <= MUTANT_SEEDS_MAX; seed += 1) {
      const [outcome] = await Promise.allSettled([runSession(seed, ends)]);
      if (outcome.status === 'fulfilled') continue;
      context.diagnostic(`seed ${seed}: ${String(outcome.reason).split('\n')[0]}`);
      ensure(outcome.reason instanceof assert.AssertionError, 'found by what the epochs hold');
      return;
    }
    assert.fail(`${MUTANT_SEEDS_MAX} seeds did not find it`);
  });
}

test('however many chunks change in one epoch, few are remembered, and their order is kept', async () => {
  const clock = new VirtualClock();
  const pairs = [createMemoryLinkPair({ clock }), createMemoryLinkPair({ clock })] as const;
  let turn = 0;
  const link = new LanedLink(pairs[0].left, () => {
    turn += 1;
    return turn % 2;
  });
  link.add(pairs[1].left);
  const merge = new LaneMerge(pairs[0].right.messages()[Symbol.asyncIterator](), lost);
  merge.attach(pairs[1].right.messages()[Symbol.asyncIterator]());
  const count = 3 * SECTION_CHUNKS_MAX + 5;
  const sending = async () => {
    for (let round = 0; round < 2; round += 1) {
      for (let chunk = 0; chunk < count; chunk += 1) {
        const offsetBytes = chunk * RESCAN_CHUNK_BYTES;
        await link.send({ type: 'ZEROES', diskIndex: 0, offsetBytes, lengthBytes: 1 + round });
      }
    }
  };
  const last = new Map<number, number>();
  const receiving = async () => {
    for (let taken = 0; taken < 2 * count; taken += 1) {
      const { value } = await merge.next();
      ensure(value.type === 'ZEROES', 'nothing else was sent');
      last.set(value.offsetBytes, value.lengthBytes);
    }
  };
  await clock.settle(Promise.all([sending(), receiving()]), LIMIT_MS);
  assert.equal(last.size, count);
  assert.ok([...last.values()].every((lengthBytes) => lengthBytes === 2));
});

const BROKEN: Readonly<Record<string, { first?: Message; lane?: Message[] }>> = {
  'a lane that carries something else': { lane: [{ type: 'COMMIT', epoch: 1, extentCount: 0, ...cutOf() }] },
  'a section that follows none': { first: { type: 'SECTION', section: 2, laneMessages: 0 } },
  'a section without its count': { first: { type: 'SECTION', section: 1 } },
  'a section that goes back': {
    lane: [
      { type: 'SECTION', section: 3 },
      { type: 'SECTION', section: 2 },
    ],
  },
  'more by a lane than was announced': {
    lane: [{ type: 'ZEROES', diskIndex: 0, offsetBytes: 0, lengthBytes: 1 }],
    first: { type: 'SECTION', section: 1, laneMessages: 0 },
  },
};

function cutOf() {
  return { cutTimeMs: 0, cutMonotonicNs: 0n, consistency: 'CRASH_CONSISTENT' as const };
}

for (const [name, { first, lane = [] }] of Object.entries(BROKEN)) {
  test(`${name} is a violation of the protocol`, async () => {
    const clock = new VirtualClock();
    const pairs = [createMemoryLinkPair({ clock }), createMemoryLinkPair({ clock })] as const;
    const merge = new LaneMerge(pairs[0].right.messages()[Symbol.asyncIterator](), lost);
    merge.attach(pairs[1].right.messages()[Symbol.asyncIterator]());
    for (const message of lane) await pairs[1].left.send(message);
    const story = async () => {
      await clock.sleep(10);
      if (first !== undefined) await pairs[0].left.send(first);
      for (;;) await merge.next();
    };
    await assert.rejects(clock.settle(story(), LIMIT_MS), (error) => {
      return error instanceof OperationError && error.code === 'PROTOCOL_VIOLATION';
    });
  });
}
