/** One run of the agent: the real engine and the real sender over simulated kernel, disks and network. */
import { CaptureEngine, type Cut, type EpochSource } from '@landfall/capture';
import { createSender, type Sender } from '@landfall/replication';
import { AssertionFailure, OperationError } from '@landfall/runtime';
import { createMemoryLinkPair, type Link, type MemoryLinkPair, type Message } from '@landfall/wire';
import { describeMessage, ObservedLink } from './observed-link.ts';
import { ObservedSource } from './observed-source.ts';
import { Violation } from './point-checker.ts';
import { ProgramLife } from './program-life.ts';
import { BLOCK_BYTES, SECTOR_BYTES } from './sector-content.ts';
import type { ServerProgram } from './server-program.ts';
import { SimulatedReader } from './simulated-reader.ts';
import { SimulatedTrace } from './simulated-trace.ts';
import type { World } from './world.ts';

export const SOURCE_SERVER_ID = 's-1';
/** Versions the engine may keep of one block. */
const VERSIONS_PER_BLOCK_MAX = 6;
const LANE_LATENCY_MS_MAX = 12;
const LANES_REMEMBERED_MAX = 8;
/** Besides the events that are waited for: those of the margin before the watermark, and windows of reads. */
const PENDING_BESIDES_MAX = 200;
/** Reasons the simulated kernel gives for starting anew; any other is a fault of the engine. */
export const DOUBTS = ['the trace buffer overflowed', 'the trace was altered', 'tracking could not start'];

export interface AgentContext {
  readonly world: World;
  /** Undefined while nobody listens. */
  readonly server: () => ServerProgram | undefined;
}

export class AgentProgram {
  readonly life: ProgramLife;
  readonly trace: SimulatedTrace;
  readonly reader: SimulatedReader;
  readonly engine: CaptureEngine;
  readonly sender: Sender;
  pair: MemoryLinkPair | undefined;
  /** Those besides the first of the session, newest last. */
  lanePairs: readonly MemoryLinkPair[] = [];
  /** The connection is cut when so many more messages have passed by it and its lanes. */
  messagesUntilCut = Number.POSITIVE_INFINITY;
  readonly #context: AgentContext;
  readonly #stop = new AbortController();
  #ended: Promise<void> = Promise.resolve();
  #lastCutNs = 0n;
  #unacknowledged = 0;

  constructor(context: AgentContext) {
    const { world } = context;
    this.#context = context;
    this.life = new ProgramLife(world.clock, world.agentWall);
    const simulated = { disks: world.disks, clock: this.life.clock, baseNs: world.baseNs };
    this.trace = new SimulatedTrace(simulated);
    const { readsInFlightMax } = world.sizes;
    this.reader = new SimulatedReader({ ...simulated, random: world.random, readsInFlightMax });
    this.engine = this.#createEngine();
    this.sender = this.#createSender();
  }

  /** Starts tracking, as soon as the kernel lets it, then replicates. */
  start(): void {
    this.#ended = this.#run().catch((error: unknown) => this.#context.world.fail(error));
  }

  /** `kill -9`: its connections are reset, or vanish when the network goes with it. */
  kill(silently: boolean): void {
    this.life.end();
    for (const pair of [this.pair, ...this.lanePairs]) {
      if (silently) pair?.blackHole();
      else pair?.cut();
    }
  }

  /** In good order, as for an upgrade. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
    await this.engine.stop();
    this.life.end();
  }

  /** What the engine keeps stays within its limits. */
  checkMemory(): void {
    const { world } = this.#context;
    const { records, versions, pending } = this.engine.stats().held;
    const blocks = world.sizes.sectorCounts.reduce(
      (sum, count) => sum + Math.ceil((count * SECTOR_BYTES) / BLOCK_BYTES),
      0,
    );
    const pendingMax = this.trace.handedSinceComplete + PENDING_BESIDES_MAX;
    const within = records <= blocks && versions <= VERSIONS_PER_BLOCK_MAX * blocks && pending <= pendingMax;
    if (!within)
      world.fail(new Violation(`memory: ${records} records, ${versions} versions, ${pending} pending`));
  }

  async #run(): Promise<void> {
    for (let started = false; !started && !this.#stop.signal.aborted; ) started = await this.#startEngine();
    if (this.#stop.signal.aborted) return;
    await this.sender.run(this.#stop.signal);
  }

  async #startEngine(): Promise<boolean> {
    try {
      await this.engine.start();
      return true;
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      await this.life.clock.sleep(100);
      return false;
    }
  }

  #createEngine(): CaptureEngine {
    const { world } = this.#context;
    const { sizes, mutant } = world;
    return new CaptureEngine({
      disks: sizes.sectorCounts.map((count, index) => ({
        ...{ diskId: `disk-${index}`, deviceName: `/dev/sim${index}`, sizeBytes: count * SECTOR_BYTES },
      })),
      trace: mutant.trace?.(this.trace) ?? this.trace,
      reader: this.reader,
      clock: this.life.clock,
      baseNs: world.baseNs,
      logger: world.logger('agent'),
      epochWindowBytes: sizes.windowBytes,
      cutIntervalMs: sizes.cutIntervalMs,
      idleCutIntervalMs: sizes.idleCutIntervalMs,
      onDoubt: (reason) => this.#onDoubt(reason),
    });
  }

  #createSender(): Sender {
    const { world } = this.#context;
    const { sizes, mutant, random } = world;
    const watch = { onCut: (cut: Cut) => this.#onCut(cut), onAnswer: () => this.checkMemory() };
    const engine: EpochSource = mutant.source?.(this.engine) ?? this.engine;
    return createSender({
      source: new ObservedSource(engine, watch),
      connect: (_signal, lane) => (lane === 0 ? this.#connect() : this.#connectLane(lane)),
      ...{ streams: sizes.streams, pickLane: (waiting) => random.integer(waiting.length) },
      ...{ sourceServerId: SOURCE_SERVER_ID, agentVersion: '1', random },
      ...{ logger: world.logger('agent'), clock: this.life.clock },
      connectBackoff: { initialMs: 5, maximumMs: 200 },
      sourceBackoff: { initialMs: 2, maximumMs: 100 },
      epochIntervalMs: 1 + random.integer(100),
      bandwidth: random.integer(3) * 200_000,
      limits: {
        bulkBytes: sizes.bulkBytes,
        cutDirtyBytesMax: sizes.cutDirtyBytesMax,
        epochsInFlightMax: sizes.epochsInFlightMax,
      },
    });
  }

  async #connect(): Promise<Link> {
    const { world } = this.#context;
    const { pair, accept } = await this.#dial(world.sizes.latencyMsMax);
    this.pair = pair;
    this.lanePairs = [];
    this.messagesUntilCut = Number.POSITIVE_INFINITY;
    this.#unacknowledged = 0;
    world.count('connection');
    accept();
    return new ObservedLink(pair.left, {
      onMessage: (direction, message) => this.#onMessage(pair, direction, message),
    });
  }

  /** Each lane is as fast as it happens to be: what it carries overtakes, and is overtaken. */
  async #connectLane(lane: number): Promise<Link> {
    const { world } = this.#context;
    const { pair: first } = this;
    const { pair, accept } = await this.#dial(world.random.integer(LANE_LATENCY_MS_MAX));
    this.lanePairs = [...this.lanePairs.slice(-LANES_REMEMBERED_MAX), pair];
    world.count('lane');
    accept();
    return new ObservedLink(pair.left, {
      onMessage: (direction, message) => {
        if (!this.life.alive || this.pair !== first) return;
        world.log.note(`agent ${direction} by lane ${lane} ${describeMessage(message)}`);
        if (message.type === 'EXTENT' || message.type === 'ZEROES') world.count('laneExtent');
        this.#countDown();
      },
    });
  }

  async #dial(latencyMsMax: number): Promise<{ pair: MemoryLinkPair; accept: () => void }> {
    const { world, server } = this.#context;
    const { clock, random, sizes } = world;
    await this.life.clock.sleep(random.integer(3));
    const peer = server();
    if (peer === undefined) throw new OperationError('CONNECT_FAILED', 'nobody listens');
    const pair = createMemoryLinkPair({ clock, random, latencyMsMax, pieceBytesMax: sizes.pieceBytesMax });
    return { pair, accept: () => peer.accept(pair) };
  }

  #onMessage(pair: MemoryLinkPair, direction: 'sent' | 'received', message: Message): void {
    const { world } = this.#context;
    if (!this.life.alive || this.pair !== pair) return;
    world.log.note(`agent ${direction} ${describeMessage(message)}`);
    if (message.type === 'COMMIT') this.#unacknowledged += 1;
    if (message.type === 'DURABLE') this.#onDurable(message.epoch);
    if (this.#unacknowledged > world.sizes.epochsInFlightMax) {
      world.fail(new Violation(`${this.#unacknowledged} epochs are sent and not acknowledged`));
    }
    this.#countDown();
  }

  #countDown(): void {
    this.messagesUntilCut -= 1;
    if (this.messagesUntilCut === 0) this.pair?.cut();
  }

  #onDurable(epoch: number): void {
    const { world } = this.#context;
    this.#unacknowledged -= 1;
    if (epoch > world.checker.acknowledged)
      world.fail(new Violation(`P1: epoch ${epoch} is not durable yet`));
  }

  #onDoubt(reason: string): void {
    const { world } = this.#context;
    world.count('doubt');
    if (!DOUBTS.some((doubt) => reason.includes(doubt)) && !reason.includes('TRACEFS_UNAVAILABLE')) {
      world.fail(new Violation(`the engine lost sight for no reason of the kernel's: ${reason}`));
    }
  }

  #onCut(cut: Cut): void {
    const { world } = this.#context;
    const cutNs = Number(cut.cutMonotonicNs - world.baseNs);
    world.log.note(`cut ${cutNs} of ${cut.extents.length} extents`);
    world.count('cut');
    if (cut.cutMonotonicNs <= this.#lastCutNs)
      world.fail(new Violation('a cut is not later than the one before'));
    this.#lastCutNs = cut.cutMonotonicNs;
    const nowNs = world.nowNs;
    if (cutNs > nowNs) world.fail(new Violation('C4: a cut lies in the future'));
    const wallMs = this.life.clock.nowMs() - (nowNs - cutNs) / 1e6;
    if (Math.abs(wallMs - cut.cutTimeMs) > 2) world.fail(new Violation('a cut has a wrong time of day'));
  }
}

/** Errors a caller of `takeRecoveryPoint` may get. */
export function isOrdinaryRefusal(error: unknown): boolean {
  const codes = ['REPLICATION_STOPPED', 'REPLICATION_PAUSED', 'RECOVERY_POINTS_BUSY'];
  return (
    !(error instanceof AssertionFailure) && error instanceof OperationError && codes.includes(error.code)
  );
}
