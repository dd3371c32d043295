/**
 * Kills the agent again and again while two disks are written without pause, and looks whether it comes back
 * without a comparison and without a mistake. Two kinds of rounds, at random: in one it is killed at any
 * moment from its very start on; in the other the writer is paused once it is back, and the next recovery
 * point must be equal to the disks, byte for byte.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { createInterface, type Interface } from 'node:readline';
import { createLoopDisks, type LoopDisks } from '../../packages/capture/src/disks/linux-loop.testing.ts';
import type { SafetyRecovery } from '../../packages/capture/src/index.ts';
import { removeSafetyNet } from '../../packages/capture/src/index.ts';
import {
  removeStaleSafetyTraces,
  safetyTestState,
} from '../../packages/capture/src/safety/linux-safety.testing.ts';
import { removeStaleInstances } from '../../packages/capture/src/tracing/linux-tracefs.ts';
import { createReceiver } from '../../packages/replication/src/index.ts';
import { type Random, silentLogger, systemClock } from '../../packages/runtime/src/index.ts';
import { createFramedLink } from '../../packages/wire/src/index.ts';
import { ImageStore } from './image-store.ts';

const AGENT = new URL('./restart-agent.ts', import.meta.url).pathname;
const WRITER = new URL('../../packages/capture/src/engine/linux-stamped-writer.testing.ts', import.meta.url)
  .pathname;
const MIB = 1024 * 1024;
const ANSWER_MS_MAX = 90_000;
const CHECKPOINT_INTERVAL_MS = 200;

export interface RestartCounts {
  rounds: number;
  resumed: number;
  /** By reason; each after a kill in the middle of a recovery, or before there was a checkpoint. */
  readonly compared: Map<string, number>;
  equal: number;
  hashedChunks: number;
  /** From the start of the process to its first recovery point. */
  readonly firstPointMs: number[];
  readonly changedBytes: number[];
}

interface Answer {
  readonly recovery?: SafetyRecovery;
  readonly epoch?: number;
  readonly unsafe?: string | null;
}

export class AgentRestarts {
  readonly counts: RestartCounts = {
    ...{ rounds: 0, resumed: 0, equal: 0, hashedChunks: 0 },
    ...{ compared: new Map(), firstPointMs: [], changedBytes: [] },
  };
  readonly #random: Random;
  readonly #loops: LoopDisks;
  readonly #store: ImageStore;
  readonly #server: Server;
  readonly #socketPath: string;
  readonly #stateName = safetyTestState('restarts');
  #writer: ChildProcess | undefined;
  #agent: ChildProcess | undefined;
  #lines: AsyncIterator<string> | undefined;
  #interface: Interface | undefined;
  #startedMs = 0;
  #mayCompare = true;

  private constructor(random: Random, loops: LoopDisks) {
    this.#random = random;
    this.#loops = loops;
    this.#store = new ImageStore(loops.disks.map(({ sizeBytes }) => sizeBytes));
    this.#socketPath = `${loops.folder}/replication.sock`;
    const receiver = createReceiver({ resolveStore: async () => this.#store, logger: silentLogger });
    const peer = { programId: this.#stateName, role: 'agent', fingerprint: '00' };
    this.#server = createServer((socket) => {
      receiver
        .serveLink(createFramedLink(socket), peer)
        .catch((error: unknown) => socket.destroy(error as Error));
    });
  }

  static async begin(random: Random): Promise<AgentRestarts> {
    removeStaleSafetyTraces();
    const restarts = new AgentRestarts(random, await createLoopDisks([24 * MIB, 16 * MIB]));
    mkdirSync(`${restarts.#loops.folder}/run`);
    await new Promise<void>((resolve) => restarts.#server.listen(restarts.#socketPath, resolve));
    return restarts;
  }

  async end(): Promise<void> {
    await kill(this.#writer);
    await kill(this.#agent);
    this.#server.close();
    await removeSafetyNet({ stateName: this.#stateName, checkpointPath: this.#checkpointPath });
    // The last agent was killed, and no next one comes that would clear away its trace.
    removeStaleInstances(silentLogger);
    this.#loops.remove();
  }

  async round(): Promise<void> {
    await this.#keepWriting();
    this.#start();
    this.counts.rounds += 1;
    const checks = this.#mayCompare || this.#random.integer(2) === 0;
    if (checks) await this.#check();
    else await this.#killAnywhere();
    await systemClock.sleep(this.#random.integer(200));
  }

  get #checkpointPath(): string {
    return `${this.#loops.folder}/run/checkpoint`;
  }

  // Rounds

  async #check(): Promise<void> {
    const hashedBefore = this.#store.hashedChunks;
    const recovery = await this.#recovery();
    await this.#point();
    this.counts.firstPointMs.push(Math.round(systemClock.nowMs() - this.#startedMs));
    if (recovery.kind === 'RESUME') {
      assert.equal(this.#store.hashedChunks, hashedBefore, 'nothing was compared');
    }
    this.counts.hashedChunks = this.#store.hashedChunks;
    await this.#pauseWriter();
    await this.#point();
    for (const [index, { backingPath }] of this.#loops.disks.entries()) {
      const same = readFileSync(backingPath).equals(this.#store.images[index] ?? Buffer.alloc(0));
      assert.ok(same, `round ${this.counts.rounds}: disk ${index} equals its replica`);
    }
    this.counts.equal += 1;
    this.#writer?.kill('SIGCONT');
    while ((await this.#point()).unsafe !== null) await systemClock.sleep(100);
    await systemClock.sleep(this.#random.integer(700));
    await this.#endAgent();
    this.#mayCompare = false;
  }

  /** A kill while it recovers may cost the safety trace (S3), never the truth. */
  async #killAnywhere(): Promise<void> {
    const recovered = this.#recovery().then(
      () => true,
      () => false,
    );
    await systemClock.sleep(this.#random.integer(2500));
    await kill(this.#agent);
    if (!(await recovered)) this.#mayCompare = true;
  }

  /** By force, or, one time in four, in good order. */
  async #endAgent(): Promise<void> {
    const agent = this.#agent;
    if (this.#random.integer(4) > 0) return kill(agent);
    const exited = new Promise((resolve) => agent?.once('exit', resolve));
    agent?.kill('SIGTERM');
    await exited;
  }

  async #recovery(): Promise<SafetyRecovery> {
    const { recovery } = await this.#answer();
    assert.ok(recovery !== undefined);
    if (recovery.kind === 'RESUME') {
      this.counts.resumed += 1;
      this.counts.changedBytes.push(recovery.changedBytes);
      return recovery;
    }
    const { reason } = recovery;
    assert.ok(this.#mayCompare, `round ${this.counts.rounds} compares: ${reason}`);
    this.counts.compared.set(reason, (this.counts.compared.get(reason) ?? 0) + 1);
    return recovery;
  }

  async #point(): Promise<Answer> {
    this.#agent?.stdin?.write('\n');
    return this.#answer();
  }

  // Processes

  #start(): void {
    const options = {
      devices: this.#loops.disks.map(({ devicePath }) => devicePath),
      ...{ stateName: this.#stateName, checkpointPath: this.#checkpointPath, socketPath: this.#socketPath },
      intervalMs: CHECKPOINT_INTERVAL_MS,
    };
    this.#startedMs = systemClock.nowMs();
    const agent = spawn(process.execPath, [AGENT, JSON.stringify(options)], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    agent.stdin.on('error', () => undefined);
    this.#agent = agent;
    this.#interface?.close();
    this.#interface = createInterface(agent.stdout);
    this.#lines = this.#interface[Symbol.asyncIterator]();
  }

  async #answer(): Promise<Answer> {
    const timeout = new AbortController();
    const late = systemClock.sleep(ANSWER_MS_MAX, timeout.signal).then(
      () => kill(this.#agent),
      () => undefined,
    );
    const next = await this.#lines?.next();
    timeout.abort();
    await late;
    if (next?.done !== false) throw new Error(`round ${this.counts.rounds}: the agent does not answer`);
    const answer: Answer = JSON.parse(next.value);
    return answer;
  }

  async #keepWriting(): Promise<void> {
    if (this.#writer !== undefined && !hasEnded(this.#writer)) return;
    const paths = this.#loops.disks.map(({ devicePath }) => devicePath);
    const writer = spawn(process.execPath, [WRITER, 'write', ...paths], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#writer = writer;
    await new Promise((resolve) => writer.stdout.once('data', resolve));
  }

  /** Stopped, and what it had begun is done. */
  async #pauseWriter(): Promise<void> {
    this.#writer?.kill('SIGSTOP');
    const stat = () => readFileSync(`/proc/${this.#writer?.pid}/stat`, 'utf8');
    const inFlight = ({ devicePath }: { readonly devicePath: string }) =>
      readFileSync(`/sys/block/${devicePath.slice(5)}/inflight`, 'utf8')
        .trim()
        .split(/\s+/)[1] !== '0';
    for (let quiet = 0; quiet < 5; ) {
      await systemClock.sleep(20);
      if (this.#writer === undefined || hasEnded(this.#writer)) return;
      const stopped = / [TZ] /.test(stat()) && !this.#loops.disks.some(inFlight);
      quiet = stopped ? quiet + 1 : 0;
    }
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

function kill(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || hasEnded(child)) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
