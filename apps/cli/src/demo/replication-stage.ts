/** From a running server without an agent to continuous replication. */
import { type ApiClient, ApiError, type Landfall } from '@landfall/api';
import { OperationError, systemClock } from '@landfall/runtime';
import { replicationProgress } from '../commands/server/server.ts';
import { patiently } from '../patiently.ts';
import { Progress } from '../terminal/progress.ts';
import { waitFor } from './http-ledger.ts';
import type { Narration } from './narration.ts';
import type { SourceMachine } from './qemu-source-machine.ts';
import type { Saboteur } from './saboteur.ts';

export interface ReplicationStage {
  readonly client: ApiClient;
  readonly source: SourceMachine;
  readonly saboteur: Saboteur;
  readonly narration: Narration;
}

const BOOT_TIMEOUT_MS = 4 * 60_000;
const SYNC_TIMEOUT_MS = 10 * 60_000;
/** How far apart the recovery points must lie before the test, so that there is a past to go back to. */
const PAST_MS = 10_000;
/** The source's clock and ours may differ a little. */
const CLOCK_TOLERANCE_MS = 2000;
const STRIKE_FRACTION = 0.1;

export async function waitForSource({ source, narration }: ReplicationStage): Promise<void> {
  narration.enter('source server up');
  const alive = async () =>
    (await source.ssh('systemctl is-active ledger-writer.service')).exitCode === 0 ? true : undefined;
  const check = () => {
    if (source.running) return;
    throw new OperationError('DEMO_FAILED', 'the QEMU process of the source server ended');
  };
  await waitFor(alive, { what: 'the ledger on the source server', timeoutMs: BOOT_TIMEOUT_MS, check });
}

/** As a user would: a token, then the command it comes with, in a root shell of the server. */
export async function installAgent({ client, source, narration }: ReplicationStage): Promise<string> {
  narration.enter('agent installed');
  const token = await client.landfall('CreateEnrolmentToken', { usesMax: 1 });
  narration.say(`on the source server: ${token.installCommand.replace(token.token, 'lf_…')}`);
  await source.sshChecked(token.installCommand, (text) => narration.quote(text));
  const page = await patiently(() => client.mgn('DescribeSourceServers', {}));
  const id = page.items?.[0]?.sourceServerID;
  if (id !== undefined) return id;
  throw new OperationError('DEMO_FAILED', 'the agent was installed but no source server appeared');
}

export async function replicate(stage: ReplicationStage, sourceServerID: string): Promise<void> {
  const { saboteur, narration } = stage;
  narration.enter('first sync');
  await waitForContinuous(stage, sourceServerID, async (fraction) => {
    if (fraction > STRIKE_FRACTION) await saboteur.strike('first-sync');
  });
  narration.enter('continuous replication');
  await saboteur.strike('replication');
  await waitForPast(stage, sourceServerID);
  await waitForContinuous(stage, sourceServerID, async () => undefined);
}

/** Until recovery points made from now on reach far enough back, whatever was just killed and comes back. */
async function waitForPast({ client }: ReplicationStage, sourceServerID: string): Promise<void> {
  const fromDateTime = new Date(systemClock.nowMs() + CLOCK_TOLERANCE_MS).toISOString();
  const find = async () => {
    const items = await listRecoveryPoints(client, { sourceServerID, fromDateTime, maxResults: 1000 });
    const [newest, oldest] = [items[0], items.at(-1)];
    if (newest === undefined || oldest === undefined) return undefined;
    const spanMs = Date.parse(newest.cutDateTime) - Date.parse(oldest.cutDateTime);
    return spanMs >= PAST_MS ? true : undefined;
  };
  await waitFor(find, { what: 'a past of recovery points to go back to', timeoutMs: SYNC_TIMEOUT_MS });
}

/** None while the replication server is away: it has just been killed, or is coming back. */
async function listRecoveryPoints(
  client: ApiClient,
  input: Landfall.ListRecoveryPointsRequest,
): Promise<readonly Landfall.RecoveryPointItem[]> {
  try {
    return (await patiently(() => client.landfall('ListRecoveryPoints', input))).items;
  } catch (error) {
    if (error instanceof ApiError && error.name === 'ConflictException') return [];
    throw error;
  }
}

async function waitForContinuous(
  { client, narration }: ReplicationStage,
  sourceServerID: string,
  onProgress: (fraction: number) => Promise<void>,
): Promise<void> {
  const progress = new Progress(narration.output, systemClock.nowMs);
  const find = async () => {
    const replication = await patiently(() => client.landfall('DescribeReplication', { sourceServerID }));
    const state = replicationProgress(replication);
    progress.show(state);
    await onProgress(state.fraction ?? 0);
    return replication.state === 'CONTINUOUS' && replication.recoveryPoints > 0 ? true : undefined;
  };
  await waitFor(find, { what: 'continuous replication with a recovery point', timeoutMs: SYNC_TIMEOUT_MS });
  progress.end();
}
