/** Test and cutover: launching a machine and proving from the inside what it holds. */
import type { ApiClient, Landfall } from '@landfall/api';
import { formatDurationMs, OperationError, systemClock } from '@landfall/runtime';
import { findJob, jobLog } from '../commands/job/job-progress.ts';
import { patiently } from '../patiently.ts';
import { type LedgerWatch, waitFor, waitForProof } from './http-ledger.ts';
import { findFaults, type LedgerProof, type ProofExpectation } from './ledger-proof.ts';
import type { Narration } from './narration.ts';
import type { SourceMachine } from './qemu-source-machine.ts';
import type { Saboteur } from './saboteur.ts';

export interface LaunchStage {
  readonly client: ApiClient;
  readonly sourceServerID: string;
  readonly source: SourceMachine;
  readonly watch: LedgerWatch;
  readonly saboteur: Saboteur;
  readonly narration: Narration;
}

export interface Launched {
  readonly machine: Landfall.LaunchedMachine;
  readonly port: Landfall.PublishedPort;
  readonly proof: LedgerProof;
  /** From the launch call to the first HTTP 200. */
  readonly toHttpMs: number;
}

const LAUNCH_TIMEOUT_MS = 10 * 60_000;
const BOOT_TIMEOUT_MS = 4 * 60_000;
const PUBLISH_TIMEOUT_MS = 30_000;
/** How far into the past the test goes back. */
export const POINT_AGE_MS = 5000;
const CLOCK_TOLERANCE_MS = 3000;

/** A test of a moment some seconds ago; then the server is marked ready for cutover. */
export async function launchTest(stage: LaunchStage): Promise<{ launched: Launched; pointAgeMs: number }> {
  const { client, sourceServerID, watch, narration } = stage;
  narration.enter('test launch');
  const points = await patiently(() =>
    client.landfall('ListRecoveryPoints', { sourceServerID, maxResults: 1 }),
  );
  const newestMs = Date.parse(points.newestDateTime ?? '');
  const at = new Date(newestMs - POINT_AGE_MS).toISOString();
  const back = `${POINT_AGE_MS / 1000} s before the newest of ${points.total} recovery points`;
  narration.say(`launching a test at ${at}, ${back}`);
  const startedMs = systemClock.nowMs();
  const { job } = await client.landfall('StartLaunch', { sourceServerID, purpose: 'TEST', at });
  const launched = await follow(stage, { jobID: job.jobID, startedMs, struck: true });
  const { cutDateTime } = launched.machine.recoveryPoint;
  const cutMs = Date.parse(cutDateTime);
  checkProof(narration, launched.proof, watch.rangeAround(cutMs, CLOCK_TOLERANCE_MS));
  if (cutMs > newestMs - POINT_AGE_MS) {
    throw new OperationError('DEMO_FAILED', `asked for ${at}, got ${cutDateTime}`);
  }
  const lifeCycle = { state: 'READY_FOR_CUTOVER' } as const;
  await patiently(() => client.mgn('ChangeServerLifeCycleState', { sourceServerID, lifeCycle }));
  return { launched, pointAgeMs: startedMs - cutMs };
}

/** With the source's writer stopped, the cutover machine must hold exactly what the source held last. */
export async function cutOver(stage: LaunchStage): Promise<Launched> {
  const { client, sourceServerID, source, narration } = stage;
  narration.enter('cutover');
  await source.sshChecked('systemctl stop ledger-writer.service');
  const last = JSON.parse(await source.sshChecked('cat /run/ledger/status.json')) as { committed: number };
  narration.say(`the source's writer is stopped at ${last.committed}; cutting over`);
  const startedMs = systemClock.nowMs();
  const { job } = await client.mgn('StartCutover', { sourceServerIDs: [sourceServerID] });
  if (job === undefined) throw new OperationError('DEMO_FAILED', 'StartCutover answered without a job');
  const launched = await follow(stage, { jobID: job.jobID, startedMs, struck: false });
  checkProof(narration, launched.proof, { committedMin: last.committed, committedMax: last.committed });
  return launched;
}

interface FollowOptions {
  readonly jobID: string;
  readonly startedMs: number;
  /** Whether the saboteur strikes during this launch. */
  readonly struck: boolean;
}

async function follow(stage: LaunchStage, { jobID, startedMs, struck }: FollowOptions): Promise<Launched> {
  const { narration } = stage;
  await followJob(stage, jobID, struck);
  const { machine, port } = await publishedMachine(stage, jobID);
  for (const { step, detail } of machine.conversion) {
    for (const line of detail.split('\n')) narration.say(`  conversion: ${step}: ${line}`);
  }
  const proof = await waitForProof(`http://${port.host}:${port.port}`, BOOT_TIMEOUT_MS);
  const toHttpMs = systemClock.nowMs() - startedMs;
  narration.say(`  HTTP 200 after ${formatDurationMs(toHttpMs)}`);
  return { machine, port, proof, toHttpMs };
}

async function followJob(stage: LaunchStage, jobID: string, struck: boolean): Promise<void> {
  const { client, narration, saboteur } = stage;
  let shown = 0;
  const find = async () => {
    const log = await patiently(() => jobLog(client, jobID));
    for (const { event, eventData } of log.slice(shown)) {
      narration.say(`  ${event}${eventData?.rawError === undefined ? '' : `: ${eventData.rawError}`}`);
    }
    shown = log.length;
    if (struck && log.some(({ event }) => event === 'CONVERSION_START')) await saboteur.strike('launch');
    const job = await findJob(client, jobID);
    return job.status === 'COMPLETED' ? job : undefined;
  };
  const job = await waitFor(find, { what: `job ${jobID}`, timeoutMs: LAUNCH_TIMEOUT_MS });
  const status = job.participatingServers?.[0]?.launchStatus;
  if (status !== 'LAUNCHED') throw new OperationError('DEMO_FAILED', `job ${jobID} ended with ${status}`);
}

function publishedMachine({ client, sourceServerID }: LaunchStage, jobID: string) {
  const find = async () => {
    const filter = { sourceServerIDs: [sourceServerID] };
    const { items } = await patiently(() => client.landfall('DescribeLaunchedMachines', filter));
    const machine = items.find((one) => one.jobID === jobID);
    const port = machine?.published.find((one) => one.guestPort === 80);
    return machine === undefined || port === undefined ? undefined : { machine, port };
  };
  return waitFor(find, { what: 'a machine that publishes port 80', timeoutMs: PUBLISH_TIMEOUT_MS });
}

function checkProof(narration: Narration, proof: LedgerProof, expected: ProofExpectation): void {
  const faults = findFaults(proof, expected);
  if (faults.length > 0) {
    throw new OperationError('DEMO_FAILED', `the machine is wrong: ${faults.join('; ')}`);
  }
  const { rows, logged, committed } = proof;
  const numbers = `logged ${logged} ≤ committed ${committed} ≤ ${logged + 1}`;
  narration.say(`  proved: fsck clean, integrity ok, ${rows} rows, ${numbers}`);
}
