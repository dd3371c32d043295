/** Every command about servers, machines, points and proofs, on a site with simulated programs. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SimulatedAgent } from '../../apps/control-plane/src/testing/simulated-programs.ts';
import type { TestSite } from '../../apps/control-plane/src/testing/test-site.ts';
import { waitFor } from '../../apps/control-plane/src/testing/wait-for.ts';
import type { Landfall, Mgn } from '../../packages/api/src/index.ts';
import { type Journey, useActions } from './cli-journey.ts';

export async function useSettings({ cli }: Journey, server: string): Promise<void> {
  await cli.done('server list', '--all', '--filter', 'lifeCycleStates=ready_for_test', '--limit', '5');
  await cli.done('server list', '--search', 'S-', '--sort', 'lag', '--descending', '--limit', '5');
  await cli.done('server show', server);
  await cli.done('server watch', server);
  await cli.done('server set', server, '--user-provided-id', 'rack 7');
  await cli.done('server set-replication-type', server, 'AGENT_BASED');
  await cli.done('server forecast', server);
  await cli.done('metrics', server, '--span', '1d');
  await cli.done('server throttle', server, '--mbps', '10');
  await cli.done('server tripwire', server, '--acknowledge');
  await cli.done('server preflight', server);
  await cli.done('server exclude-disk', server, 'disk-1');
  await cli.done('server include-disk', server, 'disk-1');
  await cli.done('replication-configuration show', server);
  await cli.done('replication-configuration set', server, '--bandwidth-throttling', '0');
  await cli.done('launch-configuration show', server);
  await cli.done('launch-configuration set', server, '--copy-tags', 'yes');
  await useActions(cli, server);
  await cli.done('launch-template show', server);
  await cli.done('launch-template set', server, '--port', '22');
  await cli.done('launch-template versions', server);
  await cli.done('launch-template set-default', server, '1');
  await cli.done('launch-template delete-version', server, '2');
}

export async function useReplication({ cli }: Journey, server: string): Promise<void> {
  for (const verb of ['pause', 'resume', 'stop']) await cli.done(`replication ${verb}`, server);
  // Until the staging of the former replication is given back.
  await waitFor(
    'replication to start again',
    () => cli.tried('replication start', server),
    ({ exitCode }) => exitCode === 0,
  );
  // Nothing has stalled.
  await cli.tried('replication retry', server);
  await cli.done('disconnect', server);
  await cli.done('archive', server);
  await cli.done('server delete', server);
}

export async function usePoints({ cli, folder }: Journey, server: string): Promise<void> {
  await cli.done('recovery-points', server);
  await cli.done('recovery-point list', server, '--limit', '1');
  for (const noun of ['recovery-point', 'journal']) {
    const { epoch } = await cli.json<Landfall.RecoveryPointItem>(`${noun} pin`, server, 'LATEST', 'keep');
    await cli.done(`${noun} unpin`, server, `epoch:${epoch}`);
    await cli.done(`${noun} lock`, server, 'LATEST', '--until', '2099-01-01T00:00:00Z', '--yes');
  }
  await cli.done('files ls', server, '/etc');
  // Simulated launch hosts have no root folder.
  await cli.tried('files filesystems', server);
  await cli.done('files get', server, '/etc/hosts', '--to', join(folder, 'hosts'));
  for (const verb of ['stat', 'verify', 'compact', 'scrub']) await cli.done(`journal ${verb}`, server);
  await cli.done('journal limit', server, '5GiB');
  const tiers = ['--tiers', 'all:1h,1m:1d'];
  await cli.done('retention preview', server, ...tiers);
  await cli.done('retention set', server, ...tiers);
  await cli.done('retention show', server);
  await cli.done('retention reset', server);
}

/** Where there is nothing to copy from: it is opened, and closed again. */
export async function useImages({ cli, folder }: Journey, server: string, unsynced: string): Promise<void> {
  await cli.tried('journal export', server, '--format', 'raw', '--to', join(folder, 'images'));
  const image = join(folder, 'disk.raw');
  await writeFile(image, Buffer.alloc(1024 * 1024));
  await cli.tried('journal import', unsynced, '--disk', `/dev/vda=${image}`);
}

export async function useProofs({ cli }: Journey, agent: SimulatedAgent, verdict: SimulatedAgent['proof']) {
  const { sourceServerId: server } = agent;
  const proof = await cli.json<Landfall.ProofItem>('proof start', server);
  await waitFor('the agent to be told of the proof', () => agent.configuration?.proof, Boolean);
  agent.proof = verdict;
  await cli.done('proof watch', proof.proofID);
  await cli.done('proof show', proof.proofID);
  await cli.done('proof list', server);
  await cli.done('proof schedule', server, '--proof-interval', '24');
  const described = await cli.json<Landfall.DescribeBootProofResponse>('boot-proof start', server, '--wait');
  await cli.done('boot-proof watch', described.bootProof.bootProofID);
  await cli.done('boot-proof show', described.bootProof.bootProofID);
  await cli.done('boot-proof list', server);
  await cli.done('boot-proof schedule', server);
  await cli.done('boot-proof schedule', server, '--every', '24');
}

export async function useLaunches({ cli, folder }: Journey, site: TestSite, servers: readonly string[]) {
  const [first = '', second = ''] = servers;
  const { job } = await cli.json<{ job: Mgn.Job }>('launch test', ...servers);
  await cli.done('job list', '--filter', `jobIDs=${job.jobID}`);
  await cli.done('job show', job.jobID);
  await cli.done('job watch', job.jobID);
  await cli.done('tag add', job.jobID, 'a=1');
  await useMachines({ cli, folder });
  await cli.done('revert', second);
  await cli.done('mark-ready', first);
  await cli.done('machine terminate', first);
  await cli.done('job delete', job.jobID);
  await site.untilState(second, 'READY_FOR_TEST');
  await waitFor(
    'the reverted server to be free',
    () => cli.tried('launch test', second, '--at', 'latest'),
    ({ exitCode }) => exitCode === 0,
  );
  await cli.done('server set-state', second, 'READY_FOR_CUTOVER');
  await cli.done('launch cutover', ...servers);
  await cli.done('finalize', first);
}

async function useMachines({ cli, folder }: Journey): Promise<void> {
  await cli.done('machine sizes');
  const [machine] = await cli.json<Landfall.LaunchedMachine[]>('machine list');
  const machineID = machine?.machineID ?? '';
  await cli.done('machine fill', machineID, '--limit', '50MiB');
  await cli.done('machine console', machineID);
  await cli.done('machine screenshot', machineID, join(folder, 'screen.png'));
  await cli.done('machine actions', machineID);
}
