/**
 * The safety net against a model: writes, sending and acknowledging go on at every step of it, and at any
 * step the process may die. What is resumed must hold all that differs (S1–S3); nothing but a recovery that
 * died, or somebody at the traces, costs a comparison.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Random, seededRandom, silentLogger } from '@landfall/runtime';
import { SafetyNet, type SafetyRecovery } from './safety-net.ts';
import { BLOCKS, SimulatedAgent, SimulatedKernel, SimulatedReplica } from './simulated-safety.testing.ts';
import { SimulatedCheckpointFile, SimulatedTrace, steppingClock } from './simulated-traces.testing.ts';

const HISTORIES = Number(process.env.LANDFALL_SAFETY_HISTORIES ?? 60);
const SEED = Number(process.env.LANDFALL_SAFETY_SEED ?? 1);
const LIVES = 12;
const WORLD = { bootId: 'b', machineId: 'm', clockOffsetMs: 0, disks: [{ diskId: 'disk-0', identity: 'i' }] };

test(`after ${HISTORIES * LIVES} crashes at any step what is resumed holds all that differs`, async (context) => {
  let resumed = 0;
  let tampered = 0;
  const reasons = new Map<string, number>();
  for (let seed = SEED; seed < SEED + HISTORIES; seed += 1) {
    const history = new History(seed);
    for (let life = 0; life < LIVES; life += 1) {
      const recovery = await history.live();
      if (recovery?.kind === 'RESUME') resumed += 1;
      if (recovery?.kind === 'COMPARE') reasons.set(recovery.reason, (reasons.get(recovery.reason) ?? 0) + 1);
    }
    tampered += history.tamperCount;
  }
  context.diagnostic(JSON.stringify({ resumed, tampered, compared: Object.fromEntries(reasons) }));
  assert.ok(resumed > HISTORIES * LIVES * 0.3, 'most lives resume');
});

class History {
  tamperCount = 0;
  readonly #seed: number;
  readonly #random: Random;
  readonly #kernel: SimulatedKernel;
  readonly #replica = new SimulatedReplica();
  readonly #file = new SimulatedCheckpointFile();
  /** Whether somebody did something to the traces, or a recovery died while it read. */
  #spoilt = false;

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = seededRandom(seed);
    this.#kernel = new SimulatedKernel(this.#random);
  }

  /** One process, from its start to its death after a random number of steps. */
  async live(): Promise<SafetyRecovery | undefined> {
    const [kernel, random] = [this.#kernel, this.#random];
    const agent = new SimulatedAgent(kernel, this.#replica, random);
    let stepsLeft = random.integer(3) === 0 ? random.integer(60) : random.integer(400);
    const dead = Promise.withResolvers<undefined>();
    const pass = async () => {
      stepsLeft -= 1;
      if (stepsLeft < 0) {
        dead.resolve(undefined);
        await new Promise(() => undefined);
      }
      const most = random.integer(12) === 0 ? 80 : 6;
      for (let count = random.integer(most); count > 0; count -= 1) this.#happen(agent);
    };
    const spoil = () => {
      this.#spoilt = true;
    };
    const trace = (name: 'a' | 'b') => new SimulatedTrace({ name, kernel, pass, onDrain: spoil });
    const net = new SafetyNet({
      ...{ source: agent, traces: { a: trace('a'), b: trace('b') }, store: this.#file.store(pass) },
      ...{ clock: steppingClock(pass), random, logger: silentLogger },
      readWorld: async () => WORLD,
      owner: { pid: 1, startTime: '1' },
      isAlive: () => false,
      intervalMs: 100,
    });
    const explained = this.#spoilt || this.#file.content === undefined;
    const recovery = await Promise.race([net.recover(), dead.promise]);
    if (recovery !== undefined) {
      this.#check(agent, recovery, explained);
      this.#spoilt = false;
      agent.begin(recovery.kind === 'RESUME' ? recovery.position : undefined);
      net.attach(() => agent.debt());
      await dead.promise;
    }
    this.#die();
    return recovery;
  }

  #happen(agent: SimulatedAgent): void {
    if (this.#random.integer(2) === 0) this.#kernel.step();
    else agent.step();
  }

  /** U1: a block that is not dirty, and that no write has in hand, is equal. */
  #check(agent: SimulatedAgent, recovery: SafetyRecovery, explained: boolean): void {
    const where = `seed ${this.#seed} (LANDFALL_SAFETY_SEED replays it)`;
    if (recovery.kind === 'COMPARE') {
      assert.ok(explained, `${where}: compares for nothing: ${recovery.reason}`);
      return;
    }
    assert.ok(recovery.position.lastEpoch <= this.#replica.lastEpoch, `${where}: the replica is not behind`);
    for (let block = 0; block < BLOCKS; block += 1) {
      const isBeingWritten = this.#kernel.writes.some((write) => write.block === block);
      if (isBeingWritten || agent.isDirty(block)) continue;
      const [held, expected] = [this.#replica.image[block], this.#kernel.disk[block]];
      assert.equal(held, expected, `${where}: block ${block}`);
    }
  }

  /** Of the epochs on their way a part arrives; the disks go on; sometimes somebody is at the traces. */
  #die(): void {
    const random = this.#random;
    for (let count = random.integer(this.#replica.arriving.length + 1); count > 0; count -= 1) {
      this.#replica.makeDurable();
    }
    this.#replica.arriving = [];
    this.#kernel.live.isOn = false;
    for (let count = random.integer(60); count > 0; count -= 1) this.#kernel.step();
    if (random.integer(10) === 0) this.#tamper();
  }

  #tamper(): void {
    this.tamperCount += 1;
    this.#spoilt = true;
    const kernel = this.#kernel;
    const traces = [kernel.a, kernel.b];
    const away = () => {
      for (let count = this.#random.integer(40); count > 0; count -= 1) kernel.step();
    };
    const acts = [
      () => traces.map((trace) => trace.empty()),
      () => traces.map((trace) => trace.read()),
      () => {
        const wasOn = traces.map(({ isOn }) => isOn);
        for (const trace of traces) trace.isOn = false;
        away();
        traces.forEach((trace, index) => {
          trace.isOn = wasOn[index] ?? false;
        });
      },
    ];
    acts[this.#random.integer(acts.length)]?.();
    away();
  }
}
