import type { Landfall, Mgn } from '@landfall/api';
import { DATA_REPLICATION_STATES } from '@landfall/model';
import { formatBytes, formatDurationMs, OperationError } from '@landfall/runtime';
import { type Command, Option } from 'commander';
import { showFacts, showRows } from '../../terminal/output.ts';
import type { ProgressState } from '../../terminal/progress.ts';
import type { Column } from '../../terminal/table.ts';
import { waitForEnd } from '../../terminal/waiting.ts';
import { type Context, contextOf, findServer, findServerId, idOf } from '../context.ts';
import { addListing, listItems } from '../listing.ts';
import { addForecastCommand } from './forecast.ts';
import { addPreflightCommand, preflightFacts } from './preflight.ts';
import { scrubFacts } from './scrub-text.ts';
import { addServerChangeCommands } from './server-change.ts';
import { addSearchOptions, isSearch, type SearchOptions, searchServers } from './server-search.ts';
import { addThrottleCommand, limitFacts } from './throttle.ts';
import { addTripwireCommand, tripwireFacts } from './tripwire.ts';

const COLUMNS: readonly Column<Mgn.SourceServer>[] = [
  { title: 'ID', value: (server) => server.sourceServerID },
  { title: 'HOST NAME', value: (server) => server.sourceProperties?.identificationHints?.hostname },
  { title: 'LIFECYCLE', value: (server) => server.lifeCycle?.state },
  { title: 'REPLICATION', value: (server) => server.dataReplicationInfo?.dataReplicationState },
  { title: 'LAG', value: (server) => server.dataReplicationInfo?.lagDuration },
  { title: 'DISKS', value: (server) => server.sourceProperties?.disks?.length },
  { title: 'MACHINE', value: (server) => server.launchedInstance?.ec2InstanceID },
];

export function addServerCommands(program: Command): void {
  const server = program.command('server').description('source servers');
  addListCommand(server);
  server
    .command('show <server>')
    .description('everything about one server: lifecycle, replication, machine')
    .action(async (name: string, _options: unknown, command: Command) =>
      showServer(await contextOf(command), name),
    );
  server
    .command('watch <server>')
    .description('follow replication until the server is ready for test')
    .addOption(
      new Option('--until <state>', 'replication state to wait for')
        .choices(DATA_REPLICATION_STATES)
        .default('CONTINUOUS'),
    )
    .action(async (name: string, options: { until: string }, command: Command) =>
      watchServer(await contextOf(command), name, options.until),
    );
  addServerChangeCommands(server);
  addDiskCommand(server, 'exclude-disk', {
    replicate: false,
    does: 'go on without a disk (disk-1 …); its points stay',
  });
  addDiskCommand(server, 'include-disk', { replicate: true, does: 'replicate an excluded disk again' });
  addForecastCommand(server);
  addThrottleCommand(server);
  addTripwireCommand(server);
  addPreflightCommand(server);
  server
    .command('delete <server>')
    .description('remove the record of a server that is disconnected')
    .action(async (name: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const sourceServerID = await findServerId(client, name);
      await client.mgn('DeleteSourceServer', { sourceServerID });
      showFacts(output, { sourceServerID, deleted: true }, [['deleted', sourceServerID]]);
    });
}

function addListCommand(server: Command): void {
  const list = server
    .command('list')
    .alias('ls')
    .description('list source servers')
    .option('--all', 'archived ones too');
  addListing(addSearchOptions(list), 'DescribeSourceServers').action(
    async (options: SearchOptions, command: Command) => {
      const { client, output } = await contextOf(command);
      const input = options.all === true ? {} : { filters: { isArchived: false } };
      const servers = isSearch(options)
        ? await searchServers(client, options)
        : await listItems(client, 'DescribeSourceServers', input, options);
      showRows(output, servers, COLUMNS, emptyText(options));
    },
  );
}

function emptyText(options: SearchOptions): string {
  if (options.filter !== undefined || isSearch(options)) return 'No source server fits.';
  return 'No source servers yet. `landfall token create` shows how to add one.';
}

function addDiskCommand(
  server: Command,
  name: string,
  { replicate, does }: { readonly replicate: boolean; readonly does: string },
): void {
  server
    .command(`${name} <server> <disk>`)
    .description(does)
    .action(async (serverName: string, diskID: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const sourceServerID = await findServerId(client, serverName);
      const { excludedDiskIDs } = await client.landfall('SetDiskReplication', {
        ...{ sourceServerID, diskID, replicate },
      });
      showFacts(output, { sourceServerID, excludedDiskIDs }, [
        ['server', sourceServerID],
        ['excluded disks', excludedDiskIDs.join(', ') || 'none'],
      ]);
    });
}

async function showServer({ client, output }: Context, name: string): Promise<void> {
  const server = await findServer(client, name);
  const sourceServerID = idOf(server);
  const replication = await client.landfall('DescribeReplication', { sourceServerID });
  const machines = await client.landfall('DescribeLaunchedMachines', { sourceServerIDs: [sourceServerID] });
  const { preflight } = await client.landfall('DescribePreflight', { sourceServerID });
  const value = { server, replication, machines: machines.items, preflight };
  showFacts(output, value, [
    ...serverFacts(server),
    ...replicationFacts(replication),
    ...machineFacts(machines.items),
    ...preflightFacts(preflight),
  ]);
}

function serverFacts(server: Mgn.SourceServer): [string, unknown][] {
  const error = server.dataReplicationInfo?.dataReplicationError;
  return [
    ['server', server.sourceServerID],
    ['host name', server.sourceProperties?.identificationHints?.hostname],
    ['lifecycle', server.lifeCycle?.state],
    ['archived', server.isArchived === true ? 'yes' : 'no'],
    ['operating system', server.sourceProperties?.os?.fullString],
    ...(error === undefined ? [] : [['error', `${error.error}: ${error.rawError}`] as [string, unknown]]),
  ];
}

function replicationFacts(replication: Landfall.DescribeReplicationResponse): [string, unknown][] {
  return [
    ...tripwireFacts(replication.tripwire),
    ['replication', replication.state],
    ['connected', replication.connected ? 'yes' : 'no'],
    ['lag', replication.lagMs === undefined ? undefined : formatDurationMs(replication.lagMs)],
    ...(replication.forecast === undefined ? [] : [forecastFact(replication.forecast)]),
    ['recovery points', replication.recoveryPoints],
    ['sent', formatBytes(replication.bytesSent)],
    ['staging', formatBytes(replication.bytesOnDisk)],
    ...limitFacts(replication.limits),
    ...impactFacts(replication.impact),
    ...replication.disks.map((disk): [string, unknown] => [disk.deviceName, diskText(disk)]),
    ...captureFacts(replication),
    ...replication.diskChanges.map((change): [string, unknown] => ['disk change', diskChangeText(change)]),
    ...scrubFacts(replication.scrub),
    ...replication.excludedDiskIDs.map((diskId): [string, unknown] => ['excluded disk', diskId]),
  ];
}

function captureFacts(replication: Landfall.DescribeReplicationResponse): [string, unknown][] {
  const { captureMode, captureReason, passDurationMs, warnings } = replication;
  const scan: [string, unknown][] =
    captureMode === 'SCAN'
      ? [
          ['mode', `SCAN: ${captureReason}`],
          ['a pass takes', passDurationMs === undefined ? 'not known yet' : formatDurationMs(passDurationMs)],
        ]
      : [];
  return [...scan, ...warnings.map((warning): [string, unknown] => ['warning', warning])];
}

function diskChangeText({ kind, diskID, deviceName, ...change }: Landfall.DiskChange): string {
  const { dateTime, sizeBytes, previousSizeBytes } = change;
  const before = kind === 'GROWN' || kind === 'SHRUNK' ? `${formatBytes(previousSizeBytes)} → ` : '';
  return `${dateTime} ${kind} ${diskID} (${deviceName}, ${before}${formatBytes(sizeBytes)})`;
}

function forecastFact({ explanation }: Landfall.Forecast): [string, unknown] {
  return ['forecast', explanation];
}

function impactFacts(impact: Landfall.SourceImpact | undefined): [string, unknown][] {
  if (impact?.increasePercent === undefined) return [];
  const { increasePercent, budgetPercent } = impact;
  const change = `${increasePercent < 0 ? '' : '+'}${increasePercent.toFixed(0)} %`;
  return [['impact on writes', `${change} while reading, budget ${budgetPercent} %`]];
}

function diskText(disk: Landfall.ReplicatedDisk): string {
  const backlog =
    disk.backloggedStorageBytes > 0 ? `, backlog ${formatBytes(disk.backloggedStorageBytes)}` : '';
  return `${formatBytes(disk.replicatedStorageBytes)} of ${formatBytes(disk.totalStorageBytes)}${backlog}`;
}

function machineFacts(machines: readonly Landfall.LaunchedMachine[]): [string, unknown][] {
  return machines.flatMap((machine): [string, unknown][] => [
    ['machine', `${machine.machineID} (${machine.purpose}, ${machine.phase}, ${machine.hydration.state})`],
    ...machine.published.map((port): [string, unknown] => [
      `  port ${port.guestPort}`,
      `${port.host}:${port.port}`,
    ]),
  ]);
}

async function watchServer({ client, output }: Context, name: string, until: string): Promise<void> {
  const sourceServerID = await findServerId(client, name);
  const waiting = {
    what: `replication of ${sourceServerID}`,
    follow: `landfall server watch ${sourceServerID}`,
    ask: () => client.landfall('DescribeReplication', { sourceServerID }),
    isEnded: ({ state }: Landfall.DescribeReplicationResponse) => state === until || isOver(state),
    progressOf: replicationProgress,
  };
  const replication = await waitForEnd(waiting, output);
  if (replication.state !== until) throw willNeverBe(sourceServerID, replication.state, until);
  showFacts(output, replication, replicationFacts(replication));
}

/** Nothing moves on from here by itself. */
function isOver(state: string): boolean {
  return state === 'STOPPED' || state === 'DISCONNECTED';
}

function willNeverBe(sourceServerID: string, state: string, until: string): OperationError {
  const message = `replication of ${sourceServerID} is ${state}: it will not be ${until} by itself`;
  const hint =
    state === 'STOPPED'
      ? `\`landfall replication start ${sourceServerID}\` starts it`
      : 'install its agent again';
  return new OperationError('REPLICATION_OVER', message, { hint });
}

export function replicationProgress(replication: Landfall.DescribeReplicationResponse): ProgressState {
  const total = sum(replication.disks.map((disk) => disk.totalStorageBytes));
  const done = sum(replication.disks.map((disk) => disk.replicatedStorageBytes));
  return {
    label: replication.state,
    ...(total === 0 ? {} : { fraction: done / total }),
    detail: `${formatBytes(done)} of ${formatBytes(total)}, sent ${formatBytes(replication.bytesSent)}${doubt(replication)}`,
    ...(replication.etaMs === undefined ? {} : { etaMs: replication.etaMs }),
  };
}

/** Only what a bar with a time cannot say. */
function doubt({ forecast }: Landfall.DescribeReplicationResponse): string {
  const isDoubtful = forecast?.verdict === 'DOES_NOT_CONVERGE' || forecast?.verdict === 'MAY_NOT_CONVERGE';
  return isDoubtful ? `  ${forecast.explanation}` : '';
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
