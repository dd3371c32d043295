/**
 * The part of the agent that a restart is about, as a process that can be killed: engine, safety net and
 * sender, put together as in apps/agent, with a plain socket for the TLS link. Says on standard output how
 * it began; answers every line on standard input with a recovery point.
 */
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { openCapture, openSafetyNet } from '../../packages/capture/src/index.ts';
import { createSender } from '../../packages/replication/src/index.ts';
import { createLogger, systemClock } from '../../packages/runtime/src/index.ts';
import { createFramedLink, type Link } from '../../packages/wire/src/index.ts';

export interface RestartAgentOptions {
  readonly devices: readonly string[];
  readonly stateName: string;
  readonly checkpointPath: string;
  readonly socketPath: string;
  readonly intervalMs: number;
}

function dial(path: string): Promise<Link> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(createFramedLink(socket)));
    socket.once('error', reject);
  });
}

async function run(options: RestartAgentOptions): Promise<void> {
  const say = (words: object) => process.stdout.write(`${JSON.stringify(words)}\n`);
  const logger = createLogger({ program: 'restart-agent' });
  const { devices, stateName } = options;
  const engine = await openCapture({ devices, stateName, logger });
  await engine.start();
  const net = openSafetyNet({ engine, ...options, logger });
  const recovery = await net.recover();
  say({ recovery });
  const sender = createSender({
    source: engine,
    connect: () => dial(options.socketPath),
    ...{ sourceServerId: stateName, agentVersion: '1', logger, clock: systemClock },
    ...(recovery.kind === 'RESUME' ? { previous: recovery.position } : {}),
  });
  net.attach(() => sender.debt());
  const stop = new AbortController();
  const running = sender.run(stop.signal);
  createInterface(process.stdin).on('line', async () => {
    const { epoch } = await sender.takeRecoveryPoint();
    say({ epoch, checkpoints: net.stats, unsafe: net.whyUnsafe ?? null, sender: sender.status().state });
  });
  process.once('SIGTERM', async () => {
    stop.abort();
    await running;
    await net.close();
    await engine.stop();
    process.exit(0);
  });
}

const [parameters] = process.argv.slice(2);
if (import.meta.main && parameters !== undefined) await run(JSON.parse(parameters));
