/** After the cutover: the machine becomes independent, the source is left, the staging space is free. */
import { readdir } from 'node:fs/promises';
import type { ApiClient, Landfall } from '@landfall/api';
import { OperationError, systemClock } from '@landfall/runtime';
import { patiently } from '../patiently.ts';
import { Progress } from '../terminal/progress.ts';
import type { Services } from '../up/services.ts';
import { fetchJson, waitFor } from './http-ledger.ts';
import type { Launched } from './launch-stage.ts';
import type { Narration } from './narration.ts';
import type { SourceMachine } from './qemu-source-machine.ts';

export interface RetirementStage {
  readonly client: ApiClient;
  readonly sourceServerID: string;
  readonly source: SourceMachine;
  readonly cutover: Launched;
  readonly stagingDir: string;
  readonly narration: Narration;
}

const RETIRE_TIMEOUT_MS = 10 * 60_000;
const UNINSTALL_TIMEOUT_MS = 4 * 60_000;
const ANSWER_TIMEOUT_MS = 60_000;
const AGENT_IS_GONE = 'test ! -e /etc/systemd/system/landfall-agent.service && ! pgrep landfall-agent';

export async function finalize(stage: RetirementStage): Promise<void> {
  const { client, sourceServerID, source, stagingDir, narration } = stage;
  narration.enter('finalize');
  await patiently(() => client.mgn('FinalizeCutover', { sourceServerID }));
  const progress = new Progress(narration.output, systemClock.nowMs);
  const what = 'an independent machine and freed staging';
  const retired = () => findRetired(stage, progress);
  const replication = await waitFor(retired, { what, timeoutMs: RETIRE_TIMEOUT_MS });
  progress.end();
  const staged = await readdir(stagingDir);
  if (replication.state !== 'DISCONNECTED' || staged.length > 0) {
    const held = staged.join(', ') || 'nothing';
    throw new OperationError('DEMO_FAILED', `replication is ${replication.state}, staging holds ${held}`);
  }
  const gone = async () => ((await source.ssh(AGENT_IS_GONE)).exitCode === 0 ? true : undefined);
  await waitFor(gone, { what: 'the agent leaving the source server', timeoutMs: UNINSTALL_TIMEOUT_MS });
}

async function findRetired(
  { client, sourceServerID, cutover }: RetirementStage,
  progress: Progress,
): Promise<Landfall.DescribeReplicationResponse | undefined> {
  const filter = { sourceServerIDs: [sourceServerID] };
  const machines = await patiently(() => client.landfall('DescribeLaunchedMachines', filter));
  const machine = machines.items.find((one) => one.machineID === cutover.machine.machineID);
  if (machine === undefined) {
    throw new OperationError('DEMO_FAILED', 'the launched machine is not listed any more');
  }
  const { state, doneBytes, totalBytes } = machine.hydration;
  progress.show({
    label: 'filling in the machine’s own disks',
    fraction: doneBytes / Math.max(1, totalBytes),
  });
  const replication = await patiently(() => client.landfall('DescribeReplication', { sourceServerID }));
  return state === 'COMPLETE' && replication.stagingDiscarded ? replication : undefined;
}

export async function archive({ client, sourceServerID, narration }: RetirementStage): Promise<void> {
  narration.enter('archive');
  const server = await patiently(() => client.mgn('MarkAsArchived', { sourceServerID }));
  if (server.isArchived === true && server.lifeCycle?.state === 'CUTOVER') return;
  const found = `archived is ${server.isArchived}, lifecycle ${server.lifeCycle?.state}`;
  throw new OperationError('DEMO_FAILED', found);
}

/** With everything of ours stopped, the machine still answers and still writes. */
export async function proveIndependence(
  { cutover, narration }: RetirementStage,
  services: Services,
): Promise<void> {
  narration.enter('independence');
  await services.stop();
  const url = `http://${cutover.port.host}:${cutover.port.port}/status.json`;
  const timeoutMs = ANSWER_TIMEOUT_MS;
  const read = () => fetchJson<{ committed: number }>(url);
  const first = await waitFor(read, { what: 'the finished machine answering', timeoutMs });
  const grows = async () => {
    const page = await read();
    return page !== undefined && page.committed > first.committed ? page : undefined;
  };
  const next = await waitFor(grows, { what: 'the finished machine writing on', timeoutMs });
  narration.say(`with Landfall stopped the machine works on: ${first.committed} → ${next.committed} rows`);
}
