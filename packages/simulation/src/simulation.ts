/**
 * One source server, one replication server, the network between them, and everything going wrong, from one
 * seed: a while of faults, then quiet, then the proof that nothing was lost.
 */
import { SimulatedJournalFiles } from '@landfall/journal/testing';
import { AgentProgram, isOrdinaryRefusal } from './agent-program.ts';
import { Faults } from './faults.ts';
import { Violation } from './point-checker.ts';
import { ServerProgram } from './server-program.ts';
import { World } from './world.ts';
import type { Mutant } from './world-options.ts';

export const STEPS_DEFAULT = 40;
/** Longer than every time limit in the product together. */
const CALM_MS_MAX = 5 * 60_000;
const STEP_MS_MAX = 45;
const POINTS_CHECKED_PER_STEP = 2;
const POINTS_CHECKED_AT_END_MAX = 50;
const POLL_MS = 20;
const MAINTENANCE_STEPS_MAX = 40;
const MAINTENANCE_STEPS_AT_END_MAX = 10_000;
const MAINTENANCE_ATTEMPTS_MAX = 3;

export interface SimulationOptions {
  readonly seed: number;
  readonly steps?: number;
  readonly mutant?: Mutant;
}

export interface SimulationResult {
  readonly seed: number;
  /** How often what happened. */
  readonly counts: Readonly<Record<string, number>>;
  /** The same for the same seed. */
  readonly logHash: string;
  readonly violation?: {
    readonly step: number;
    readonly explanation: string;
    readonly lines: readonly string[];
  };
}

export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const simulation = new Simulation(options);
  return simulation.run();
}

export class Simulation {
  readonly world: World;
  files: SimulatedJournalFiles;
  agent: AgentProgram;
  server: ServerProgram;
  step = 0;
  readonly #seed: number;
  readonly #steps: number;
  readonly #faults: Faults;

  constructor(options: SimulationOptions) {
    this.#seed = options.seed;
    this.#steps = options.steps ?? STEPS_DEFAULT;
    this.world = new World(options.seed, options.mutant);
    this.files = new SimulatedJournalFiles(this.world.random);
    this.server = this.startServer();
    this.agent = this.startAgent();
    this.#faults = new Faults(this);
  }

  async run(): Promise<SimulationResult> {
    const { world } = this;
    try {
      await world.clock.settle(this.#story(), CALM_MS_MAX);
    } catch (error) {
      world.fail(error);
    }
    this.agent.kill(false);
    this.server.kill(false);
    for (const [what, count] of this.#facts()) world.counts.set(what, count);
    const { violation } = world;
    const result = {
      seed: this.#seed,
      counts: Object.fromEntries(world.counts),
      logHash: world.log.digest(),
    };
    if (violation === undefined) return result;
    const explanation = violation instanceof Violation ? violation.message : `${violation.stack}`;
    return { ...result, violation: { step: this.step, explanation, lines: world.log.lines } };
  }

  startAgent(): AgentProgram {
    const agent = new AgentProgram({
      world: this.world,
      server: () => (this.server.listens ? this.server : undefined),
    });
    agent.start();
    return agent;
  }

  startServer(): ServerProgram {
    const { world, files } = this;
    const onPowerCut = (server: ServerProgram) => this.#faults.onPowerCut(server);
    const server = new ServerProgram({ world, files, onPowerCut });
    server.start();
    return server;
  }

  async #story(): Promise<void> {
    const { world } = this;
    for (this.step = 1; this.step <= this.#steps && world.violation === undefined; this.step += 1) {
      await world.clock.sleep(1 + world.random.integer(STEP_MS_MAX));
      if (world.random.integer(3) === 0) this.#faults.happen();
      this.#maintain();
      this.agent.checkMemory();
      this.#checkProof();
      this.#checkSomePoints();
    }
    this.#faults.end();
    world.workload.stop();
    while (this.#faults.underWay) await world.clock.sleep(POLL_MS);
    this.#faults.end();
    await this.#untilEqual();
    if (world.violation === undefined) await this.#maintainToTheEnd();
    if (world.violation === undefined) await this.#proveInTheEnd();
    if (world.violation === undefined) await this.#checkInTheEnd();
  }

  /** Dropping, compacting, advancing the base, in small pieces beside replication and whatever goes wrong. */
  #maintain(): void {
    const { world, server } = this;
    const { maintenanceRandom: random } = world;
    if (world.retention === undefined || !server.listens || random.integer(2) === 0) return;
    const work = server.maintain(1 + random.integer(MAINTENANCE_STEPS_MAX));
    this.#inBackground(server, work);
  }

  /** Liveness: with nothing in its way it comes to an end. A sync that is still to fail fails once. */
  async #maintainToTheEnd(): Promise<void> {
    if (this.world.retention === undefined) return;
    for (let attempt = 1; attempt <= MAINTENANCE_ATTEMPTS_MAX; attempt += 1)
      if (!(await this.server.maintain(MAINTENANCE_STEPS_AT_END_MAX))) return;
    throw new Violation('maintenance does not come to its end');
  }

  /** Points of the whole history, and the newest, beside what goes on. */
  #checkSomePoints(): void {
    const { server, world } = this;
    const { group } = server;
    if (group === undefined || !server.listens) return;
    world.checker.checkKept(group);
    for (let count = 0; count < POINTS_CHECKED_PER_STEP && group.lastEpoch > 0; count += 1) {
      const epoch = count === 0 ? group.lastEpoch : 1 + world.random.integer(group.lastEpoch);
      this.#inBackground(server, world.checker.check(group, epoch));
    }
  }

  #inBackground(server: ServerProgram, check: Promise<unknown>): void {
    check.catch((error: unknown) => {
      if (server.listens) this.world.fail(error);
    });
  }

  /** Liveness: with nothing in its way replication catches up, and says so. */
  async #untilEqual(): Promise<void> {
    const { world } = this;
    for (;;) {
      if (world.violation !== undefined) return;
      const { sender } = this.agent;
      const { state, disks } = sender.status();
      const isQuiet = world.nowNs > world.disks.quietFromNs;
      const dirty = disks.some((_disk, index) => this.agent.engine.dirtyBytes(index) > 0);
      if (state === 'CONTINUOUS' && isQuiet && !dirty) break;
      await world.clock.sleep(POLL_MS);
    }
    try {
      await this.agent.sender.takeRecoveryPoint();
    } catch (error) {
      if (!isOrdinaryRefusal(error)) throw error;
      throw new Violation('the last recovery point was refused');
    }
  }

  /** Nothing here changes a replica behind the agent's back: a proof has nothing to find. */
  #checkProof(): void {
    const { proof } = this.agent.sender.status();
    if (proof === undefined || proof.differenceCounts.DIFFERENT === 0) return;
    throw new Violation('a proof of equality found a difference that nothing explains');
  }

  /** Liveness: with nothing in its way a proof comes to its end. */
  async #proveInTheEnd(): Promise<void> {
    const { sender } = this.agent;
    sender.setProof({ proofId: 'final' });
    while (sender.status().proof?.state === 'RUNNING') await this.world.clock.sleep(POLL_MS);
    this.#checkProof();
    if (sender.status().proof?.state !== 'COMPLETE') throw new Violation('the last proof of equality failed');
    this.world.count('proof');
  }

  async #checkInTheEnd(): Promise<void> {
    const { world, server } = this;
    const { group } = server;
    if (group === undefined) throw new Violation('in the end the replication server has no journal');
    const { lastEpoch } = group;
    await world.checker.checkFinal(group);
    const all = lastEpoch <= POINTS_CHECKED_AT_END_MAX;
    for (let count = 0; count < Math.min(lastEpoch, POINTS_CHECKED_AT_END_MAX); count += 1) {
      const epoch = all ? count + 1 : 1 + world.random.integer(lastEpoch);
      await world.checker.check(group, epoch);
    }
    if (this.agent.sender.status().lastEpoch !== lastEpoch)
      throw new Violation('the sender knows another epoch');
  }

  #facts(): readonly (readonly [string, number])[] {
    const { world } = this;
    return [
      ['change', world.disks.changeCount],
      ['lateEvent', world.disks.traced.lateCount],
      ['hiddenEvent', world.disks.traced.hiddenCount],
      ['pointChecked', world.checker.checked],
    ];
  }
}
