/**
 * What goes wrong, and when: each fault is a short story that ends by itself or by `end`. One at a time is
 * begun, several may be under way. A fault's name is what it is counted under.
 */

import { SimulatedJournalFiles } from '@landfall/journal/testing';
import { createMemoryLinkPair } from '@landfall/wire';
import { type AgentProgram, isOrdinaryRefusal, SOURCE_SERVER_ID } from './agent-program.ts';
import { Violation } from './point-checker.ts';
import { SECTOR_BYTES } from './sector-content.ts';
import type { ServerProgram } from './server-program.ts';
import type { Simulation } from './simulation.ts';
import type { World } from './world.ts';

const DOWN_MS_MAX = 400;
const HOUR_MS = 3_600_000;

type Fault = () => Promise<void> | void;

export class Faults {
  readonly #simulation: Simulation;
  readonly #world: World;
  readonly #faults: readonly (readonly [name: string, fault: Fault])[];
  #backup: SimulatedJournalFiles | undefined;
  /** Programs that somebody starts again after their end. */
  readonly #claimed = new WeakSet<AgentProgram | ServerProgram>();
  readonly #withoutPower = new WeakSet<ServerProgram>();
  #proofs = 0;
  /** Faults whose story has not ended. */
  #underWay = 0;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    this.#world = simulation.world;
    this.#faults = [
      ...this.#networkFaults(),
      ...this.#agentFaults(),
      ...this.#kernelFaults(),
      ...this.#serverFaults(),
    ];
  }

  /** Begins one. */
  happen(): void {
    const { random, log } = this.#world;
    const chosen = this.#faults[random.integer(this.#faults.length)];
    if (chosen === undefined) return;
    const [name, fault] = chosen;
    this.#world.count(`fault:${name}`);
    log.note(`fault: ${name}`);
    this.#inBackground(fault);
  }

  get underWay(): boolean {
    return this.#underWay > 0;
  }

  /** Everything that can be put right is. */
  end(): void {
    const { agent, files, server } = this.#simulation;
    files.setCapacity(Number.POSITIVE_INFINITY);
    files.cutPowerAfter(Number.POSITIVE_INFINITY);
    server.staging.writeFailures = 0;
    agent.reader.unreadable = false;
    agent.reader.failures = 0;
    agent.trace.startFailures = 0;
    agent.messagesUntilCut = Number.POSITIVE_INFINITY;
    agent.sender.setBandwidth(0);
    agent.sender.resume();
  }

  /** The power goes, or the process is killed, in the middle of a file operation. */
  onPowerCut(server: ServerProgram): void {
    if (!server.life.alive) return;
    this.#world.log.note('server: gone in the middle of a file operation');
    this.#inBackground(() => this.#restartServer(server, this.#chance(4) ? 'killed' : 'power'));
  }

  #networkFaults(): readonly (readonly [string, Fault])[] {
    const { random } = this.#world;
    const pair = () => this.#simulation.agent.pair;
    return [
      ['disconnect', () => pair()?.cut()],
      [
        'disconnect-at-byte',
        () => pair()?.cutAfterBytes(1 + random.integer(this.#chance(2) ? 3000 : 60_000)),
      ],
      ['disconnect-at-message', () => this.#cutAtMessage(1 + random.integer(40))],
      ['disconnect-at-message', () => this.#cutAtMessage(1 + random.integer(6))],
      ['half-open', () => (this.#chance(3) ? pair()?.blackHole() : pair()?.cut())],
      ['lane-lost', () => this.#loseLane()],
      ['lane-lost', () => this.#loseLane()],
      ['second-connection', () => this.#connectTwice()],
    ];
  }

  #agentFaults(): readonly (readonly [string, Fault])[] {
    const { random, agentWall } = this.#world;
    const sender = () => this.#simulation.agent.sender;
    return [
      ['agent-killed', () => this.#endAgent('killed')],
      ['agent-restarted', () => this.#endAgent('stopped')],
      ['paused', () => this.#pause()],
      ['bandwidth', () => sender().setBandwidth(random.integer(4) * 150_000)],
      ['epoch-interval', () => sender().setEpochInterval(1 + random.integer(150))],
      ['recovery-point', () => this.#takeRecoveryPoint()],
      ['recovery-point', () => this.#takeRecoveryPoint()],
      ['proof', () => this.#prove()],
      ['agent-clock', () => jump(agentWall, random.integer(48) - 24)],
    ];
  }

  #kernelFaults(): readonly (readonly [string, Fault])[] {
    const { random } = this.#world;
    const trace = () => this.#simulation.agent.trace;
    return [
      ['events-lost', () => this.#loseEvents()],
      ['events-lost', () => this.#loseEvents()],
      ['trace-altered', () => this.#doubt()],
      ['trace-fails', () => this.#failTrace()],
      ['reads-fail', () => this.#failReads()],
      ['disk-unreadable', () => this.#makeUnreadable()],
      ['trace-start-fails', () => this.#failStart(trace, 1 + random.integer(2))],
    ];
  }

  #serverFaults(): readonly (readonly [string, Fault])[] {
    const { random, serverWall } = this.#world;
    const files = () => this.#simulation.files;
    return [
      ['server-power-cut', () => files().cutPowerAfter(1 + random.integer(this.#chance(2) ? 8 : 60))],
      ['server-power-cut', () => files().cutPowerAfter(1 + random.integer(25))],
      ['server-killed', () => this.#restartServer(this.#simulation.server, 'killed')],
      ['server-restarted', () => this.#restartServer(this.#simulation.server, 'stopped')],
      ['staging-full', () => this.#fillStaging()],
      ['staging-full', () => this.#fillStaging()],
      ['sync-fails', () => files().failSync(random.integer(6))],
      ['write-fails', () => this.#failWrites(1 + random.integer(3))],
      ['server-clock', () => jump(serverWall, random.integer(48) - 24)],
      ['staging-copied', () => this.#copyStaging()],
      ['staging-restored', () => (this.#chance(2) ? this.#restoreStaging() : undefined)],
      ['staging-replaced', () => (this.#chance(3) ? this.#replaceStaging(undefined) : undefined)],
    ];
  }

  // Network

  #cutAtMessage(messages: number): void {
    this.#simulation.agent.messagesUntilCut = messages;
  }

  /** At once, somewhere in a message, or without a word. */
  #loseLane(): void {
    const { random } = this.#world;
    const { lanePairs } = this.#simulation.agent;
    const lane = lanePairs[random.integer(Math.max(1, lanePairs.length))];
    const ways = [
      () => lane?.cut(),
      () => lane?.cutAfterBytes(1 + random.integer(this.#chance(2) ? 300 : 30_000)),
      () => lane?.blackHole(),
    ];
    ways[random.integer(ways.length)]?.();
  }

  /** The same agent, it seems, connects once more; says hello, sends a little, and is gone. */
  async #connectTwice(): Promise<void> {
    const { world, server } = this.#simulation;
    const { clock, random, sizes } = world;
    if (!server.listens) return;
    const pair = createMemoryLinkPair({ clock, random, latencyMsMax: sizes.latencyMsMax });
    server.accept(pair);
    const disks = sizes.sectorCounts.map((count, index) => {
      return { diskId: `disk-${index}`, deviceName: `/dev/sim${index}`, sizeBytes: count * SECTOR_BYTES };
    });
    const agent = { sourceServerId: SOURCE_SERVER_ID, agentVersion: '1' };
    try {
      await pair.left.send({ type: 'HELLO', protocolVersions: [1], ...agent, disks });
      if (this.#chance(2)) await clock.sleep(random.integer(20));
      const lengthBytes = SECTOR_BYTES;
      if (this.#chance(2))
        await pair.left.send({ type: 'ZEROES', diskIndex: 0, offsetBytes: 0, lengthBytes });
      await clock.sleep(random.integer(60));
    } catch (error) {
      world.log.note(`second connection: ${error instanceof Error ? error.message : error}`);
    }
    pair.cut();
  }

  // Agent

  /** Sometimes its machine's network goes with it, and the server learns nothing. */
  async #endAgent(how: 'killed' | 'stopped'): Promise<void> {
    const simulation = this.#simulation;
    const { agent, world } = simulation;
    const isFirst = this.#claim(agent);
    if (how === 'killed') agent.kill(this.#chance(4));
    else if (isFirst) await Promise.race([agent.stop(), agent.life.gone]);
    if (!isFirst) return;
    await world.clock.sleep(world.random.integer(DOWN_MS_MAX));
    simulation.agent = simulation.startAgent();
  }

  async #pause(): Promise<void> {
    const { agent, world } = this.#simulation;
    agent.sender.pause();
    await world.clock.sleep(world.random.integer(300));
    agent.sender.resume();
  }

  /** A point that is not older than the call. Nobody waits for it: its agent may be killed. */
  #takeRecoveryPoint(): void {
    this.#recoveryPoint().catch((error: unknown) => this.#world.fail(error));
  }

  async #recoveryPoint(): Promise<void> {
    const { agent, world } = this.#simulation;
    const calledNs = world.nowNs;
    try {
      const { epoch } = await agent.sender.takeRecoveryPoint();
      const cutNs = world.checker.cutNs(epoch);
      world.count('recoveryPointTaken');
      if (cutNs !== undefined && cutNs < calledNs)
        throw new Violation('a recovery point is older than the call');
    } catch (error) {
      if (!isOrdinaryRefusal(error)) throw error;
    }
  }

  /** Not a fault: something more to go on beside them. */
  #prove(): void {
    this.#proofs += 1;
    this.#simulation.agent.sender.setProof({ proofId: `proof-${this.#proofs}` });
  }

  // Kernel and disks

  #loseEvents(): void {
    this.#simulation.agent.trace.overflows = true;
  }

  #doubt(): void {
    this.#simulation.agent.trace.doubt = 'the trace was altered: simulated';
  }

  #failTrace(): void {
    this.#simulation.agent.trace.drainFails = true;
  }

  #failStart(trace: () => { startFailures: number; overflows: boolean }, count: number): void {
    trace().startFailures = count;
    trace().overflows = true;
  }

  #failReads(): void {
    this.#simulation.agent.reader.failures = 1 + this.#world.random.integer(4);
  }

  async #makeUnreadable(): Promise<void> {
    const { reader } = this.#simulation.agent;
    reader.unreadable = true;
    await this.#world.clock.sleep(this.#world.random.integer(150));
    reader.unreadable = false;
  }

  // Replication server

  async #restartServer(server: ServerProgram, how: 'killed' | 'power' | 'stopped'): Promise<void> {
    const simulation = this.#simulation;
    if (!server.life.alive || simulation.server !== server) return;
    const isFirst = this.#claim(server);
    if (how === 'power') this.#withoutPower.add(server);
    if (how !== 'stopped') server.kill(this.#chance(4));
    else if (isFirst) await Promise.race([server.stop(), server.life.gone]);
    if (isFirst) await this.#startServerAfter(server);
  }

  async #startServerAfter(ended: ServerProgram): Promise<void> {
    const simulation = this.#simulation;
    const { files, world } = simulation;
    if (this.#withoutPower.has(ended)) files.restartAfterPowerCut();
    else files.restartAfterKill();
    await world.clock.sleep(world.random.integer(DOWN_MS_MAX));
    simulation.server = simulation.startServer();
  }

  /** Less and less room, none at all, and some time later room again. */
  async #fillStaging(): Promise<void> {
    const { files, world } = this.#simulation;
    files.setCapacity((await files.allocatedBytes()) + world.random.integer(30_000));
    await world.clock.sleep(world.random.integer(400));
    files.setCapacity(Number.POSITIVE_INFINITY);
  }

  #failWrites(count: number): void {
    this.#simulation.server.staging.writeFailures = count;
  }

  #copyStaging(): void {
    if (this.#simulation.server.listens) this.#backup = this.#simulation.files.copy();
  }

  /** Somebody puts an older copy of the staging disk in its place: what was promised since is gone. */
  async #restoreStaging(): Promise<void> {
    if (this.#backup === undefined) return this.#replaceStaging(undefined);
    await this.#replaceStaging(this.#backup.copy());
  }

  async #replaceStaging(files: SimulatedJournalFiles | undefined): Promise<void> {
    const simulation = this.#simulation;
    const { server, world } = simulation;
    if (!this.#claim(server)) return;
    server.kill(false);
    simulation.files = files ?? new SimulatedJournalFiles(world.random);
    world.checker.onReplaced();
    if (files === undefined) this.#backup = undefined;
    await world.clock.sleep(world.random.integer(DOWN_MS_MAX));
    simulation.server = simulation.startServer();
  }

  /** True for the first who ends the program: it starts the next one. */
  #claim(program: AgentProgram | ServerProgram): boolean {
    const isFirst = !this.#claimed.has(program);
    this.#claimed.add(program);
    return isFirst;
  }

  #chance(oneIn: number): boolean {
    return this.#world.random.integer(oneIn) === 0;
  }

  #inBackground(fault: Fault): void {
    this.#underWay += 1;
    const run = async () => {
      await fault();
      this.#underWay -= 1;
    };
    run().catch((error: unknown) => this.#world.fail(error));
  }
}

function jump(wall: { offsetMs: number }, hours: number): void {
  wall.offsetMs = hours * HOUR_MS;
}
