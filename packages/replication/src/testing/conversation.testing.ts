/** One source, one store, one link and both real ends on virtual time, for tests that tell one story. */
import { type Logger, OperationError, type Random, seededRandom, silentLogger } from '@landfall/runtime';
import { VirtualClock } from '@landfall/runtime/virtual-clock';
import { createMemoryLinkPair, type Link, type MemoryLinkPair } from '@landfall/wire';
import { createReceiver } from '../receiver/receiver.ts';
import type { Receiver, ReceiverPeer, ReceiverProgress } from '../receiver/receiver-options.ts';
import { createSender } from '../sender/sender.ts';
import type { Sender, SenderOptions } from '../sender/sender-options.ts';
import { MemoryEpochStore } from './memory-epoch-store.testing.ts';
import { SimulatedSource } from './simulated-source.testing.ts';

export const AGENT = { programId: 's-1', role: 'agent', fingerprint: '00' };
const LIMIT_MS = 3_600_000;

export interface ConversationOptions {
  readonly blockCounts?: readonly number[];
  readonly logger?: Logger;
  /** What fits a cut, at source and sender. */
  readonly cutBlocksMax?: number;
  readonly sender?: Partial<SenderOptions>;
  /** At the receiver. */
  readonly streamsMax?: number;
}

export class Conversation {
  readonly clock = new VirtualClock();
  readonly random: Random = seededRandom(1);
  readonly source: SimulatedSource;
  readonly progress: ReceiverProgress[] = [];
  readonly receiver: Receiver;
  readonly sender: Sender;
  store: MemoryEpochStore;
  pair: MemoryLinkPair | undefined;
  /** Of the lanes that were dialled, newest last. */
  readonly lanePairs: MemoryLinkPair[] = [];
  connections = 0;
  down = false;
  readonly #cutBlocksMax: number;
  readonly #stop = new AbortController();
  readonly #served: Promise<void>[] = [];
  #running: Promise<void> | undefined;

  constructor(options: ConversationOptions = {}) {
    const { clock, random } = this;
    const blockCounts = options.blockCounts ?? [512, 256];
    const logger = options.logger ?? silentLogger;
    this.#cutBlocksMax = options.cutBlocksMax ?? 64;
    this.source = new SimulatedSource({
      ...{
        clock,
        random,
        blockCounts,
        latencyMsMax: 2,
        extentBlocksMax: 8,
        cutDirtyBlocksMax: this.#cutBlocksMax,
      },
    });
    this.store = new MemoryEpochStore({ clock, random, blockCounts, journalId: 'journal-0', syncMsMax: 5 });
    this.receiver = createReceiver({
      resolveStore: async () => this.store,
      onProgress: (progress) => this.progress.push(progress),
      ...{ logger, clock, random },
      ...(options.streamsMax === undefined ? {} : { streamsMax: options.streamsMax }),
    });
    this.sender = this.createSender({ logger, ...options.sender });
  }

  createSender(options: Partial<SenderOptions> = {}): Sender {
    return createSender({
      source: this.source,
      connect: async (_signal, lane) => (lane === 0 ? this.connect() : this.connectLane()),
      ...{ sourceServerId: AGENT.programId, agentVersion: '1', logger: silentLogger, clock: this.clock },
      limits: { bulkBytes: 128 * 1024, cutDirtyBytesMax: this.#cutBlocksMax * 4096 },
      ...options,
    });
  }

  connect(): Link {
    if (this.down) throw new OperationError('CONNECT_FAILED', 'the replication server is down');
    this.connections += 1;
    this.pair = createMemoryLinkPair({ clock: this.clock, random: this.random, latencyMsMax: 1 });
    this.#served.push(this.receiver.serveLink(this.pair.right, AGENT));
    return this.pair.left;
  }

  connectLane(peer: ReceiverPeer = AGENT): Link {
    const pair = createMemoryLinkPair({ clock: this.clock, random: this.random, latencyMsMax: 3 });
    this.lanePairs.push(pair);
    this.#served.push(this.receiver.serveLink(pair.right, peer));
    return pair.left;
  }

  start(): void {
    this.#running = this.sender.run(this.#stop.signal);
  }

  settle<Result>(promise: Promise<Result>): Promise<Result> {
    return this.clock.settle(promise, LIMIT_MS);
  }

  /** Until the condition holds. */
  async until(condition: () => boolean): Promise<void> {
    const waiting = async () => {
      while (!condition()) await this.clock.sleep(5);
    };
    await this.settle(waiting());
  }

  pass(durationMs: number): Promise<void> {
    return this.settle(this.clock.sleep(durationMs));
  }

  async end(): Promise<void> {
    this.#stop.abort();
    for (const pair of [this.pair, ...this.lanePairs]) pair?.cut();
    await this.settle(Promise.all([this.#running, ...this.#served]));
  }
}
