/**
 * The main job, all the way through, on a real server: enrol, replicate while it works, test-launch a moment
 * of the past, cut over, finalize, archive; each claim proved by the launched machine itself. Every part is
 * the real one. This file is the order of the story; each stage has a file of its own.
 */
import { join } from 'node:path';
import { createApiClient } from '@landfall/api';
import { createLogger, describeError, OperationError } from '@landfall/runtime';
import { readCredentials } from '../credentials.ts';
import type { Output } from '../terminal/output.ts';
import { type Services, startServices } from '../up/services.ts';
import { endMachinesOf } from './demo-folder.ts';
import { freePorts } from './free-ports.ts';
import type { GuestImage } from './guest-image.ts';
import { LedgerWatch } from './http-ledger.ts';
import { cutOver, launchTest } from './launch-stage.ts';
import { Narration } from './narration.ts';
import { SourceMachine } from './qemu-source-machine.ts';
import { installAgent, replicate, waitForSource } from './replication-stage.ts';
import { archive, finalize, proveIndependence } from './retirement-stage.ts';
import { MOMENTS, Saboteur, type Victim } from './saboteur.ts';

export interface DemoOptions {
  readonly folder: string;
  readonly image: GuestImage;
  readonly agentBinary: string;
  readonly victim: Victim | undefined;
  readonly output: Output;
}

export interface DemoResult {
  readonly bytesOnSource: number;
  readonly bytesSent: number;
  readonly stagingBytes: number;
  readonly firstSyncMs: number;
  readonly recoveryPoints: number;
  readonly lagP50Ms: number;
  readonly lagP99Ms: number;
  readonly testLaunchMs: number;
  readonly cutoverLaunchMs: number;
  readonly rowsCheckedInTest: number;
  readonly rowsCheckedInCutover: number;
  readonly pointAgeMs: number;
  readonly struck: readonly string[];
}

/**
 * Errors: DEMO_FAILED, naming the step. What the run left in its folder is the caller's to keep or remove.
 */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const { folder, image } = options;
  const [apiPort = 0, replicationPort = 0, sshPort = 0, httpPort = 0] = await freePorts(4);
  const narration = new Narration(options.output);
  const source = new SourceMachine({ folder, image, sshPort, httpPort });
  const watch = new LedgerWatch(`http://127.0.0.1:${httpPort}`);
  let services: Services | undefined;
  try {
    narration.say('booting the source server (Debian 12, nginx, SQLite on two disks)');
    await source.start();
    narration.say('starting control plane, replication server and launch host');
    services = await startEmbedded(options, apiPort, replicationPort);
    return await tellStory(options, { services, source, watch, narration });
  } catch (error) {
    const message = `step "${narration.step}" failed: ${describeError(error)}`;
    const hint = `the logs are in ${join(folder, 'state/logs')} and ${folder}`;
    throw new OperationError('DEMO_FAILED', message, { hint, cause: error });
  } finally {
    watch.stop();
    await services?.stop();
    await source.stop();
    await endMachinesOf(folder);
  }
}

function startEmbedded(options: DemoOptions, port: number, replicationPort: number): Promise<Services> {
  return startServices({
    stateDir: join(options.folder, 'state'),
    listen: '127.0.0.1',
    // The source server's user network reaches this machine's loopback at 10.0.2.2.
    addresses: ['10.0.2.2', '127.0.0.1'],
    port,
    replicationPort,
    agentBinary: options.agentBinary,
    region: 'us-east-1',
    readyAppliance: false,
    logger: createLogger({ program: 'demo', level: options.victim === undefined ? 'warn' : 'error' }),
  });
}

interface Cast {
  readonly services: Services;
  readonly source: SourceMachine;
  readonly watch: LedgerWatch;
  readonly narration: Narration;
}

async function tellStory(options: DemoOptions, cast: Cast): Promise<DemoResult> {
  const { services, source, watch, narration } = cast;
  const client = createApiClient(await readCredentials(join(options.folder, 'state')));
  const saboteur = createSaboteur(options.victim, cast);
  const stage = { client, source, watch, saboteur, narration };
  await waitForSource(stage);
  watch.start();
  const sourceServerID = await installAgent(stage);
  await replicate(stage, sourceServerID);
  const test = await launchTest({ ...stage, sourceServerID });
  const replication = await client.landfall('DescribeReplication', { sourceServerID });
  const cutover = await cutOver({ ...stage, sourceServerID });
  const stagingDir = join(options.folder, 'state/staging');
  const retirement = { ...stage, sourceServerID, cutover, stagingDir };
  await finalize(retirement);
  await archive(retirement);
  await proveIndependence(retirement, services);
  checkSabotage(options.victim, saboteur);
  return {
    bytesOnSource: replication.disks.reduce((total, disk) => total + disk.totalStorageBytes, 0),
    bytesSent: replication.bytesSent,
    stagingBytes: replication.bytesOnDisk,
    firstSyncMs: replication.firstSyncDurationMs ?? 0,
    recoveryPoints: replication.recoveryPoints,
    lagP50Ms: replication.lagP50Ms ?? 0,
    lagP99Ms: replication.lagP99Ms ?? 0,
    testLaunchMs: test.launched.toHttpMs,
    cutoverLaunchMs: cutover.toHttpMs,
    rowsCheckedInTest: test.launched.proof.rows,
    rowsCheckedInCutover: cutover.proof.rows,
    pointAgeMs: test.pointAgeMs,
    struck: saboteur.struck,
  };
}

function createSaboteur(victim: Victim | undefined, { services, source, narration }: Cast): Saboteur {
  const killAgent = async () => {
    await source.sshChecked('systemctl kill -s KILL landfall-agent.service');
  };
  const pidOf = (name: string) => services.pids.get(name);
  return new Saboteur({ victim, pidOf, killAgent, say: (line) => narration.say(line) });
}

function checkSabotage(victim: Victim | undefined, { struck }: Saboteur): void {
  if (victim === undefined || struck.length === MOMENTS.length) return;
  throw new OperationError('DEMO_FAILED', `only these moments were struck: ${struck.join(', ')}`);
}
