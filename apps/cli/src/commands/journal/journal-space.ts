/** `landfall journal stat|verify|scrub|compact|limit`: what journals take, and whether they are sound. */
import { type ApiClient, ApiError, type Landfall, type Mgn } from '@landfall/api';
import { describeError, formatBytes, formatDurationMs, OperationError, systemClock } from '@landfall/runtime';
import type { Command } from 'commander';
import { EXIT_FAILED, EXIT_FOUND_BAD } from '../../exit-codes.ts';
import { etaMs } from '../../terminal/eta.ts';
import { type Output, showFacts, showRows } from '../../terminal/output.ts';
import { waitForEnd } from '../../terminal/waiting.ts';
import {
  type Context,
  contextOf,
  findServer,
  findServerId,
  idOf,
  listServers,
  outputOf,
} from '../context.ts';
import { addWaitOptions, byteCount, type WaitOptions } from '../options.ts';
import { damageText } from '../server/scrub-text.ts';
import { type FolderOptions, workInFolder } from './journal-folder.ts';
import {
  growthText,
  JOURNAL_COLUMNS,
  type JournalRow,
  type ShownSpace,
  showParts,
  volumeText,
} from './journal-text.ts';

type Options = Partial<FolderOptions>;

export function addJournalSpaceCommands(journal: Command): void {
  withFolder(journal.command('stat [server]'))
    .description('what journals take, what for, what each tier costs, and when there is no more space')
    .action(async (name: string | undefined, options: Options, command: Command) => {
      const folder = folderOf(name, options, false);
      if (folder !== undefined) return statFolder(folder, outputOf(command));
      const context = await contextOf(command);
      return name === undefined ? statAll(context) : statServer(context, name);
    });
  addTaskCommands(journal);
  journal
    .command('limit <server> <bytes>')
    .description('how much of the staging volume the journal may take: bytes, 500GiB …, or none')
    .action(async (name: string, text: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const sourceServerID = await findServerId(client, name);
      const limitBytes = text === 'none' ? undefined : byteCount(text);
      const set = await client.landfall('UpdateJournalLimit', { sourceServerID, limitBytes });
      const shown = set.limitBytes === undefined ? 'none' : formatBytes(set.limitBytes);
      showFacts(output, { sourceServerID, ...set }, [
        ['server', sourceServerID],
        ['limit', shown],
      ]);
    });
}

function addTaskCommands(journal: Command): void {
  withFolder(journal.command('verify [server]'))
    .description('read everything once and name what is damaged; exit code 3 when something is')
    .action(async (name: string | undefined, options: Options, command: Command) => {
      const folder = folderOf(name, options, true);
      if (folder !== undefined) return verifyFolder(folder, outputOf(command));
      const context = await contextOf(command);
      showVerified(await runTask(context, name ?? '', 'VERIFY'), context.output);
    });
  const scrub = journal
    .command('scrub <server>')
    .description(
      'begin the next pass of the scrub now, or say how far the running one is; exit code 3 when something is damaged',
    );
  addWaitOptions(scrub, false).action(async (name: string, options: WaitOptions, command: Command) => {
    const context = await contextOf(command);
    showVerified(await runTask(context, name, 'SCRUB', options.wait === true), context.output);
  });
  withFolder(journal.command('compact [server]'))
    .description(
      'drop what the tiers do not keep and free what no point sees, now; in a folder, only the latter',
    )
    .action(async (name: string | undefined, options: Options, command: Command) => {
      const folder = folderOf(name, options, true);
      const output = outputOf(command);
      if (folder !== undefined) {
        const { task } = await workInFolder('compact', folder, output);
        return showCompacted(task, task === undefined ? 0 : (task.endedAtMs ?? 0) - task.startedAtMs, output);
      }
      const task = await runTask(await contextOf(command), name ?? '', 'COMPACT');
      showCompacted(task, durationOf(task), output);
    });
}

function withFolder(command: Command): Command {
  return command
    .option(
      '--folder <folder>',
      'the journal of a server in the staging area, while no replication server runs',
    )
    .option(
      '--server-state-dir <folder>',
      'with --folder: state folder of the replication server, for its key',
    )
    .option('--encryption-key <source...>', 'with --folder: file:PATH, env:NAME or command:PATH');
}

/** Errors: OPTION_INVALID when neither or both are named. */
function folderOf(name: string | undefined, options: Options, needsOne: boolean): FolderOptions | undefined {
  const { folder } = options;
  const isBoth = name !== undefined && folder !== undefined;
  if (isBoth || (needsOne && name === undefined && folder === undefined)) {
    throw new OperationError('OPTION_INVALID', 'name a server, or a folder with --folder', {
      hint: 'a folder only while no replication server has it open',
    });
  }
  return folder === undefined ? undefined : { ...options, folder };
}

async function statServer({ client, output }: Context, name: string): Promise<void> {
  const journal = await describe({ client, output }, await findServer(client, name));
  if (output.json) return output.out(`${JSON.stringify(journal, null, 2)}\n`);
  const { space, limitBytes, forecast, volume, warning } = journal;
  if (space !== undefined) showParts(output, space);
  output.out('\n');
  showFacts(output, journal, [
    ['growth a day', growthText(forecast) ?? 'not known yet'],
    ['forecast', forecast.explanation],
    ['at most, at this churn', forecast.boundBytes && formatBytes(forecast.boundBytes)],
    ['limit', limitBytes === undefined ? 'none' : formatBytes(limitBytes)],
    ['volume', volumeText(volume)],
    ...(warning === undefined ? [] : [['warning', warning] as const]),
  ]);
}

/** One that cannot be described hides none of the others. Exit code 1 then. */
export async function statAll({ client, output }: Context): Promise<void> {
  const servers = (await listServers(client, { isArchived: false })).filter(hasReplica);
  const rows: JournalRow[] = [];
  const failures: string[] = [];
  for (const server of servers) {
    const name = server.sourceProperties?.identificationHints?.hostname ?? idOf(server);
    try {
      rows.push({ name, journal: await describe({ client, output }, server) });
    } catch (error) {
      if (!(error instanceof ApiError || error instanceof OperationError)) throw error;
      failures.push(`${name}: ${describeError(error)}\n`);
    }
  }
  showJournals(output, rows, failures.length === 0);
  for (const failure of failures) output.err(failure);
  if (failures.length > 0) process.exitCode = EXIT_FAILED;
}

function showJournals(output: Output, rows: readonly JournalRow[], isWhole: boolean): void {
  const journals = rows.map(({ journal }) => journal);
  if (output.json) {
    output.out(`${JSON.stringify(journals, null, 2)}\n`);
    return;
  }
  if (rows.length > 0 || isWhole)
    showRows(output, rows, JOURNAL_COLUMNS, 'No journals yet: no server is replicated.');
  for (const { name, journal } of rows)
    if (journal.warning !== undefined) output.err(`${name}: ${journal.warning}\n`);
}

function hasReplica({ dataReplicationInfo }: Mgn.SourceServer): boolean {
  const state = dataReplicationInfo?.dataReplicationState ?? 'STOPPED';
  return state !== 'STOPPED' && state !== 'DISCONNECTED';
}

/** Until there is a measurement. */
async function describe({ client, output }: Context, server: Mgn.SourceServer) {
  const sourceServerID = idOf(server);
  const startedAtMs = systemClock.nowMs();
  return waitForEnd<Landfall.DescribeJournalResponse>(
    {
      what: `the measurement of ${sourceServerID}`,
      follow: `landfall journal stat ${sourceServerID}`,
      ask: () => client.landfall('DescribeJournal', { sourceServerID }),
      isEnded: ({ space, measuring }) => space !== undefined || measuring === undefined,
      progressOf: ({ measuring }) => {
        const fraction = (measuring?.records ?? 0) / Math.max(1, measuring?.recordsTotal ?? 1);
        const eta = etaMs({ startedAtMs, nowMs: systemClock.nowMs(), fraction });
        return { label: 'measuring', fraction, ...eta };
      },
    },
    output,
  );
}

async function statFolder(folder: FolderOptions, output: Output): Promise<void> {
  const { space } = await workInFolder('stat', folder, output);
  if (space === undefined) return;
  if (output.json) output.out(`${JSON.stringify(space, null, 2)}\n`);
  else showParts(output, space satisfies ShownSpace);
}

async function verifyFolder(folder: FolderOptions, output: Output): Promise<void> {
  try {
    const { task } = await workInFolder('verify', folder, output);
    if (task === undefined) return;
    const damages = task.damages.map(({ diskId: diskID, ...damage }) => ({ ...damage, diskID }));
    showVerified({ ...task, damages }, output);
  } catch (error) {
    if (!(error instanceof OperationError) || error.code !== 'JOURNAL_DAMAGED') throw error;
    output.err(`${error.message}\n`);
    process.exitCode = EXIT_FOUND_BAD;
  }
}

/** Begins a task, or joins the one that runs; waits for its end with how far it is. */
async function runTask(
  { client, output }: Context,
  name: string,
  task: Landfall.JournalTaskName,
  waits = true,
): Promise<Landfall.JournalTask> {
  const sourceServerID = await findServerId(client, name);
  const input = { sourceServerID, task };
  const begun = (await client.landfall('StartJournalTask', input)).task;
  const shown = waits && begun.state === 'RUNNING' ? await untilEnded(client, input, output) : begun;
  if (shown.state !== 'FAILED') return shown;
  throw new OperationError('JOURNAL_TASK_FAILED', shown.reason ?? `${task} failed`, {
    hint: 'do what the message says, then begin anew',
  });
}

function untilEnded(
  client: ApiClient,
  input: Landfall.DescribeJournalTaskRequest,
  output: Output,
): Promise<Landfall.JournalTask> {
  const { sourceServerID, task } = input;
  return waitForEnd<Landfall.JournalTask>(
    {
      what: `${task} of ${sourceServerID}`,
      follow: `landfall journal ${task.toLowerCase()} ${sourceServerID}`,
      ask: async () =>
        (await client.landfall('DescribeJournalTask', input)).task ?? Promise.reject(gone(task)),
      isEnded: ({ state }) => state !== 'RUNNING',
      progressOf,
    },
    output,
  );
}

function progressOf(task: Landfall.JournalTask) {
  if (task.task === 'COMPACT') {
    const freedBytes = Math.max(0, task.bytesBefore - task.bytesNow);
    return {
      label: 'COMPACT',
      detail: `${formatBytes(freedBytes)} freed, ${task.droppedPoints} points dropped`,
    };
  }
  const fraction = task.bytesDone / Math.max(1, task.bytesTotal);
  const startedAtMs = Date.parse(task.startedDateTime);
  return {
    label: task.task,
    fraction,
    detail: `${formatBytes(task.bytesDone)} of ${formatBytes(task.bytesTotal)}`,
    ...etaMs({ startedAtMs, nowMs: systemClock.nowMs(), fraction }),
  };
}

type ShownTask = Pick<Landfall.JournalTask, 'state' | 'bytesDone' | 'bytesTotal' | 'damageCount' | 'damages'>;

function showVerified(task: ShownTask, output: Output): void {
  const { state, bytesDone, bytesTotal, damageCount, damages } = task;
  const isRunning = state === 'RUNNING';
  showFacts(output, task, [
    [isRunning ? 'read so far' : 'read', `${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}`],
    ['damage', damageCount === 0 ? (isRunning ? 'none so far' : 'none') : `${damageCount} places`],
    ...damages.map((damage): [string, unknown] => ['  damaged', damageText(damage)]),
  ]);
  if (damageCount > 0) process.exitCode = EXIT_FOUND_BAD;
}

function showCompacted(
  task: Pick<Landfall.JournalTask, 'bytesBefore' | 'bytesNow' | 'droppedPoints'> | undefined,
  durationMs: number,
  output: Output,
): void {
  if (task === undefined) return;
  const { bytesBefore, bytesNow, droppedPoints } = task;
  showFacts(output, task, [
    ['freed', formatBytes(Math.max(0, bytesBefore - bytesNow))],
    ['takes now', `${formatBytes(bytesNow)}, before ${formatBytes(bytesBefore)}`],
    ['points dropped', droppedPoints],
    ['took', formatDurationMs(durationMs)],
  ]);
}

function durationOf({ startedDateTime, endedDateTime }: Landfall.JournalTask): number {
  return Date.parse(endedDateTime ?? startedDateTime) - Date.parse(startedDateTime);
}

function gone(task: string): OperationError {
  return new OperationError(
    'JOURNAL_TASK_FAILED',
    `the replication server was started again during ${task}`,
    {
      hint: 'begin anew',
    },
  );
}
