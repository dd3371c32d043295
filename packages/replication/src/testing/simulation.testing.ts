/**
 * One source, one replica, everything in between going wrong, from one seed. At the end: every epoch in the
 * store is the source's state at that cut, and the last one is what the source holds.
 */
import assert from 'node:assert/strict';
import { type Logger, OperationError, type Random, seededRandom, silentLogger } from '@landfall/runtime';
import { VirtualClock } from '@landfall/runtime/virtual-clock';
import { createMemoryLinkPair, type Link, type MemoryLinkPair } from '@landfall/wire';
import { createReceiver } from '../receiver/receiver.ts';
import type { Receiver } from '../receiver/receiver-options.ts';
import { createSender } from '../sender/sender.ts';
import type { Sender } from '../sender/sender-options.ts';
import { MemoryEpochStore } from './memory-epoch-store.testing.ts';
import { SimulatedSource } from './simulated-source.testing.ts';
import { BLOCK_BYTES, type Stamps } from './stamped-disk.testing.ts';

const BLOCK_COUNTS = [264, 24];
const QUICK = { initialMs: 1, maximumMs: 1 };
const PEER = { programId: 's-1', role: 'agent', fingerprint: '00' };
const CONVERGENCE_MS_MAX = 30 * 60_000;

export interface SimulationCounts {
  epochs: number;
  faults: number;
  comparisons: number;
  recoveryPoints: number;
  proofs: number;
  /** Blocks of recovery points that were left out as free. */
  leftOut: number;
}

interface RunningSender {
  readonly sender: Sender;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

export class Simulation {
  readonly clock = new VirtualClock();
  readonly random: Random;
  readonly source: SimulatedSource;
  readonly counts: SimulationCounts = {
    ...{ epochs: 0, faults: 0, comparisons: 0, recoveryPoints: 0, leftOut: 0, proofs: 0 },
  };
  store: MemoryEpochStore;
  running: RunningSender;
  readonly #logger: Logger;
  #receiver: Receiver;
  #pair: MemoryLinkPair | undefined;
  #lanePair: MemoryLinkPair | undefined;
  #down = false;
  #checked = 0;
  #proofs = 0;
  #nextStamp = 1;
  #pending: Promise<void>[] = [];
  #retired: Promise<unknown>[] = [];

  constructor(seed: number, logger: Logger = silentLogger) {
    const random = seededRandom(seed);
    const { clock } = this;
    this.random = random;
    this.#logger = {
      ...logger,
      info: (event, fields) => {
        if (fields?.resumption === 'COMPARE') this.counts.comparisons += 1;
        logger.info(event, fields);
      },
      error: (event, fields) => {
        if (fields?.error instanceof assert.AssertionError) throw fields.error;
        logger.error(event, fields);
      },
    };
    this.source = new SimulatedSource({
      ...{ clock, random, blockCounts: BLOCK_COUNTS },
      latencyMsMax: random.integer(20),
      extentBlocksMax: random.integer(4) === 0 ? 1 + random.integer(8) : 8,
      cutDirtyBlocksMax: 8 + random.integer(64),
    });
    const syncMsMax = random.integer(200);
    const journalId = 'journal-0';
    this.store = new MemoryEpochStore({ clock, random, blockCounts: BLOCK_COUNTS, journalId, syncMsMax });
    for (let writes = random.integer(300); writes > 0; writes -= 1) this.writeSomewhere();
    this.#receiver = this.#createReceiver();
    this.running = this.#startSender();
  }

  /** A while of faults, then quiet, then the proof. */
  async run(steps: number): Promise<void> {
    await this.clock.settle(this.#misbehave(steps), CONVERGENCE_MS_MAX);
    this.#heal();
    await this.clock.settle(this.#converge(), CONVERGENCE_MS_MAX);
    this.running.stop.abort();
    await this.clock.settle(Promise.all([this.running.ended, ...this.#retired]), CONVERGENCE_MS_MAX);
  }

  writeSomewhere(): void {
    const { random } = this;
    const diskIndex = random.integer(BLOCK_COUNTS.length);
    const block = random.integer(BLOCK_COUNTS[diskIndex] ?? 1);
    this.#nextStamp += 1;
    this.source.write(diskIndex, block, random.integer(4) === 0 ? 0 : this.#nextStamp);
  }

  async #misbehave(steps: number): Promise<void> {
    for (let step = 0; step < steps; step += 1) {
      for (let writes = this.random.integer(12); writes > 0; writes -= 1) this.writeSomewhere();
      if (this.random.integer(3) === 0) this.#freeSomething();
      await this.clock.sleep(this.random.integer(60));
      if (this.random.integer(6) === 0) await this.#fault();
      this.#checkEpochs();
      this.#checkProof();
    }
  }

  #freeSomething(): void {
    const { random } = this;
    this.source.free = Array.from({ length: random.integer(4) }, () => {
      const diskIndex = random.integer(BLOCK_COUNTS.length);
      const blockCount = BLOCK_COUNTS[diskIndex] ?? 0;
      const first = random.integer(3) === 0 ? 0 : random.integer(blockCount);
      const count = first === 0 ? blockCount : random.integer(blockCount - first);
      return { diskIndex, first, count };
    });
  }

  async #fault(): Promise<void> {
    this.counts.faults += 1;
    const faults = [
      () => this.#pair?.cut(),
      () => this.#pair?.cutAfterBytes(this.random.integer(200_000)),
      () => this.#pair?.cutAfterBytes(this.random.integer(5000)),
      () => this.#pair?.blackHole(),
      () => this.#lanePair?.cut(),
      () => this.#lanePair?.cutAfterBytes(this.random.integer(20_000)),
      () => this.#lanePair?.blackHole(),
      () => this.#restartReceiver(this.store.crash()),
      () => this.#restartSender(),
      () => this.#fillStore(),
      () => this.#loseSight(),
      () => this.#makeUnreadable(),
      () => this.#pauseForAWhile(),
      () => this.running.sender.setBandwidth(this.random.integer(3) * 500_000),
      () => this.#askForRecoveryPoint(),
      () => this.#askForRecoveryPoint(),
      () => this.#burst(),
      () => this.#takeDown(),
      () => this.#forgetEpochs(),
      () => this.#prove(),
    ];
    await faults[this.random.integer(faults.length)]?.();
  }

  /** Not a fault: something more to go on beside them. */
  #prove(): void {
    this.#proofs += 1;
    this.running.sender.setProof({ proofId: `proof-${this.#proofs}` });
  }

  #burst(): void {
    for (let writes = 100; writes > 0; writes -= 1) this.writeSomewhere();
  }

  async #takeDown(): Promise<void> {
    this.#down = true;
    this.#pair?.cut();
    await this.clock.sleep(this.random.integer(500));
    this.#down = false;
  }

  /** Sometimes a replica loses what it promised, or is another one. */
  #forgetEpochs(): void {
    const epochsKept = this.random.integer(this.store.epochs.length + 1);
    const isOther = this.random.integer(2) === 0;
    const journalId = isOther ? `journal-${this.random.integer(1_000_000) + 1}` : this.store.journalId;
    this.#restartReceiver(this.store.replaced({ journalId, epochsKept: isOther ? 0 : epochsKept }));
  }

  async #fillStore(): Promise<void> {
    const { store } = this;
    store.failure = new OperationError('STAGING_FULL', 'the staging disk is full', { retryable: true });
    await this.clock.sleep(this.random.integer(300));
    store.failure = undefined;
  }

  async #loseSight(): Promise<void> {
    this.source.loseSight();
    for (let writes = this.random.integer(5); writes > 0; writes -= 1) this.writeSomewhere();
    if (this.random.integer(2) === 0) await this.clock.sleep(this.random.integer(3));
    this.source.noticeLoss();
  }

  async #makeUnreadable(): Promise<void> {
    this.source.unreadable = true;
    await this.clock.sleep(this.random.integer(200));
    this.source.unreadable = false;
  }

  async #pauseForAWhile(): Promise<void> {
    this.running.sender.pause();
    await this.clock.sleep(this.random.integer(400));
    this.running.sender.resume();
  }

  #askForRecoveryPoint(): void {
    const calledNs = this.clock.monotonicNs();
    const asked = this.running.sender.takeRecoveryPoint().then(
      (point) => {
        const stored = this.store.epochs.find(({ commit }) => commit.epoch === point.epoch);
        if (stored === undefined) return;
        this.counts.recoveryPoints += 1;
        assert.ok(stored.commit.cutMonotonicNs >= calledNs, 'a recovery point is not older than the call');
      },
      (error: unknown) => {
        const code = error instanceof OperationError ? error.code : String(error);
        assert.ok(['REPLICATION_STOPPED', 'REPLICATION_PAUSED', 'RECOVERY_POINTS_BUSY'].includes(code), code);
      },
    );
    this.#pending.push(asked);
  }

  #restartReceiver(store: MemoryEpochStore): void {
    this.#pair?.cut();
    this.store = store;
    this.#checked = 0;
    this.#receiver = this.#createReceiver();
  }

  #restartSender(): void {
    const { stop, ended } = this.running;
    stop.abort();
    this.#retired.push(ended);
    this.running = this.#startSender(ended);
  }

  #heal(): void {
    this.store.failure = undefined;
    this.source.unreadable = false;
    this.running.sender.setBandwidth(0);
    this.running.sender.resume();
    // What was left out as free and is wanted again is on its way for a while, as if it had been written.
    this.running.sender.setProof(undefined);
  }

  async #converge(): Promise<void> {
    const point = await this.running.sender.takeRecoveryPoint();
    await Promise.all(this.#pending);
    this.#checkEpochs();
    const last = this.store.epochs.find(({ commit }) => commit.epoch === point.epoch);
    assert.ok(last !== undefined, 'the recovery point is in the store');
    const { stamps, leftOut } = this.source;
    const held = withoutLeftOut(last.disks, leftOut);
    assert.deepEqual(held, withoutLeftOut(stamps, leftOut), 'in the end the replica is the source');
    this.#checkStatus();
    await this.#proveInTheEnd();
  }

  async #proveInTheEnd(): Promise<void> {
    const { sender } = this.running;
    sender.setProof({ proofId: 'final' });
    while (sender.status().proof?.state === 'RUNNING') await this.clock.sleep(20);
    const { proof } = sender.status();
    assert.equal(proof?.state, 'COMPLETE', proof?.reason);
    this.#checkProof();
    this.counts.proofs += 1;
    assert.deepEqual(
      this.store.epochs.at(-1)?.disks,
      this.source.stamps,
      'what was left out came with the proof',
    );
  }

  /** Nothing here changes the replica behind the sender's back. */
  #checkProof(): void {
    const { proof } = this.running.sender.status();
    assert.equal(proof?.differenceCounts.DIFFERENT ?? 0, 0, 'a proof finds nothing that nothing explains');
  }

  #checkStatus(): void {
    const status = this.running.sender.status();
    assert.equal(status.connected, true);
    assert.equal(status.lastEpoch, this.store.lastEpoch);
    assert.equal(status.disks.length, BLOCK_COUNTS.length);
  }

  #checkEpochs(): void {
    for (const { commit, disks } of this.store.epochs.slice(this.#checked)) {
      const truth = this.source.truth.get(commit.cutMonotonicNs);
      assert.ok(truth !== undefined, `epoch ${commit.epoch} is of a cut that was taken in sight`);
      const leftOut = this.source.leftOutAt.get(commit.cutMonotonicNs) ?? [];
      const message = `epoch ${commit.epoch} is the source at its cut`;
      assert.deepEqual(withoutLeftOut(disks, leftOut), withoutLeftOut(truth, leftOut), message);
      this.counts.epochs += 1;
      this.counts.leftOut += leftOut.flatMap((flags) => [...flags]).filter((flag) => flag === 1).length;
    }
    this.#checked = this.store.epochs.length;
  }

  #createReceiver(): Receiver {
    const { store, clock } = this;
    const { random } = this;
    return createReceiver({ resolveStore: async () => store, logger: this.#logger, clock, random });
  }

  #startSender(after: Promise<void> = Promise.resolve()): RunningSender {
    const stop = new AbortController();
    const sender = createSender({
      source: this.source,
      connect: async (_signal, lane) => this.#connect(lane),
      streams: 1 + this.random.integer(4),
      pickLane: (waiting) => this.random.integer(waiting.length),
      sourceServerId: PEER.programId,
      agentVersion: '1',
      ...{ logger: this.#logger, clock: this.clock, connectBackoff: QUICK, sourceBackoff: QUICK },
      epochIntervalMs: 1 + this.random.integer(100),
      bandwidth: this.random.integer(3) * 200_000,
      limits: {
        bulkBytes: (1 + this.random.integer(32)) * BLOCK_BYTES,
        cutDirtyBytesMax: 32 * BLOCK_BYTES,
        epochsInFlightMax: 1 + this.random.integer(8),
      },
    });
    const ended = after.then(() => sender.run(stop.signal));
    return { sender, stop, ended };
  }

  #connect(lane: number): Link {
    if (this.#down) throw new OperationError('CONNECT_FAILED', 'the replication server is down');
    const { clock, random } = this;
    const pieceBytesMax = 1 + random.integer(40_000);
    const pair = createMemoryLinkPair({ clock, random, latencyMsMax: random.integer(5), pieceBytesMax });
    if (lane === 0) this.#pair = pair;
    else this.#lanePair = pair;
    this.#retired.push(this.#receiver.serveLink(pair.right, PEER));
    return pair.left;
  }
}

/** The disks with what does not matter set to zero. */
function withoutLeftOut(disks: readonly Stamps[], leftOut: readonly Uint8Array[]): readonly Stamps[] {
  return disks.map((stamps, disk) =>
    stamps.map((stamp, block) => (leftOut[disk]?.[block] === 1 ? 0 : stamp)),
  );
}
