/** What a changed row is an event of, table by table; a table that nobody is told of is listed as such. */
import type { ArnScope } from '@landfall/api';
import { identityArn } from '../identity/identity-names.ts';
import { DEFAULT_RETENTION_ID } from '../store/default-retention.ts';
import { decodeDocument } from '../store/document.ts';
import { findJob, listJobServers } from '../store/jobs.ts';
import { findMachine } from '../store/machines.ts';
import { findProgram } from '../store/programs.ts';
import type { RowChange } from '../store/row-changes.ts';
import type { Database, Queries } from '../store/schema.ts';
import type { SettingKey } from '../store/settings.ts';
import type { NewEvent } from './event-log.ts';

interface Row {
  readonly verb: RowChange['verb'];
  /** The text of a column; empty when the query does not say it. */
  text(column: string): string;
}

interface Source {
  readonly db: Queries;
  readonly scope: ArnScope;
}

type Describe = (row: Row, source: Source) => Promise<NewEvent | undefined> | NewEvent | undefined;

const VERBS = { insert: 'created', update: 'changed', delete: 'deleted' } as const;

const TABLES: Readonly<Record<keyof Database, Describe | null>> = {
  source_server: (row) => ofServer('SourceServerChanged', row, `life cycle ${row.text('life_cycle_state')}`),
  preflight: (row) => ofServer('PreflightChanged', row, `preflight ${row.text('state')}`),
  proof: (row) => ofServer('RecoveryPointChanged', row, `equality proof ${row.text('state')}`),
  boot_proof: (row) => {
    const sourceServerId = serverOf(row);
    const event = plain('BootProofChanged', row.text('boot_proof_id'), summaryOf(row, row.text('state')));
    return sourceServerId === undefined ? event : { ...event, sourceServerId };
  },
  machine: describeMachine,
  job: (row, source) => describeJob(row, source),
  job_server: (row, source) => describeJob(row, source, row.text('source_server_id')),
  job_log: (row, source) => (row.verb === 'delete' ? undefined : describeJob(row, source)),
  job_step: null,
  server_group: (row) => {
    const groupId = row.text('group_id');
    const type = groupId.startsWith('wave-') ? 'WaveChanged' : 'ApplicationChanged';
    return plain(type, groupId, summaryOf(row));
  },
  template: (row) => plain('TemplateChanged', row.text('template_id'), summaryOf(row)),
  launch_template: describeLaunchTemplate,
  launch_template_version: describeLaunchTemplate,
  post_launch_action: (row) => {
    const ownerId = row.text('owner_id');
    const summary = `post-launch action ${row.text('action_id')} ${VERBS[row.verb]}`;
    return ownerId.startsWith('s-')
      ? { ...plain('SourceServerChanged', ownerId, summary), sourceServerId: ownerId }
      : plain('TemplateChanged', ownerId, summary);
  },
  inventory_task: (row) => {
    const taskId = row.text('task_id');
    const type = taskId.startsWith('export-') ? 'ExportChanged' : 'ImportChanged';
    return plain(type, taskId, summaryOf(row, row.text('status')));
  },
  inventory_task_error: null,
  identity: (row, { scope }) => {
    const type = row.text('kind') === 'role' ? 'role' : 'user';
    return plain('IdentityChanged', identityArn(type, row.text('name'), scope.accountId), summaryOf(row));
  },
  policy: (row, { scope }) =>
    plain('IdentityChanged', identityArn('policy', row.text('name'), scope.accountId), summaryOf(row)),
  policy_attachment: (row, { scope }) => {
    const type = row.text('kind') === 'role' ? 'role' : 'user';
    const summary = `policies ${VERBS.update}`;
    return plain('IdentityChanged', identityArn(type, row.text('identity_name'), scope.accountId), summary);
  },
  access_key: (row, { scope }) =>
    plain(
      'IdentityChanged',
      identityArn('user', row.text('principal'), scope.accountId),
      `access key ${VERBS[row.verb]}`,
    ),
  audit_event: null,
  connector: (row) => plain('ConnectorChanged', row.text('connector_id'), summaryOf(row)),
  enrolment_token: (row) =>
    plain('EnrolmentTokenChanged', row.text('token_id'), row.verb === 'update' ? 'revoked' : summaryOf(row)),
  enrolment_token_use: (row) => plain('EnrolmentTokenChanged', row.text('token_id'), 'used'),
  program: describeProgram,
  replication_metric: null,
  script_document: (row) => {
    const version = row.text('version');
    const summary = version === '' ? summaryOf(row) : `version ${version} ${VERBS[row.verb]}`;
    return plain('ScriptDocumentChanged', row.text('name'), summary);
  },
  /** A value that is put takes the place of the former one; the row does not say whether there was one. */
  script_parameter: (row) =>
    plain('ScriptParameterChanged', row.text('name'), VERBS[row.verb === 'insert' ? 'update' : row.verb]),
  setting: (row) => {
    const isRetention = row.text('key') === ('retention' satisfies SettingKey);
    return isRetention ? plain('RetentionChanged', DEFAULT_RETENTION_ID, 'default retention') : undefined;
  },
  webhook: (row) => plain('WebhookChanged', row.text('webhook_id'), summaryOf(row)),
  webhook_delivery: null,
};

/** Of these tables an update is told that sets one of the columns; the others are counts and reports. */
const COLUMNS_TOLD: Partial<Readonly<Record<keyof Database, readonly string[]>>> = {
  program: ['enrolled_at_ms', 'revoked_at_ms'],
  webhook: ['document'],
};

/** Whether somebody may be told of it. */
export function isTold({ table, verb, values }: RowChange): boolean {
  if ((TABLES[table] ?? null) === null) return false;
  const columns = verb === 'update' ? COLUMNS_TOLD[table] : undefined;
  return columns?.some((column) => Object.hasOwn(values, column)) ?? true;
}

/** Reads what the rows themselves do not say, with the transaction that changed them. */
export async function eventsOfRows(
  db: Queries,
  changes: readonly RowChange[],
  scope: ArnScope,
): Promise<readonly NewEvent[]> {
  const events: NewEvent[] = [];
  for (const { table, verb, values } of changes) {
    const text = (column: string) => String(values[column] ?? '');
    const event = await TABLES[table]?.({ verb, text }, { db, scope });
    if (event !== undefined && event.resourceId !== '') events.push(event);
  }
  return events;
}

function plain(type: NewEvent['type'], resourceId: string, summary: string): NewEvent {
  return { type, resourceId, summary };
}

function summaryOf({ verb }: Row, state = ''): string {
  return verb === 'delete' || state === '' ? VERBS[verb] : state;
}

function ofServer(type: NewEvent['type'], row: Row, summary: string): NewEvent {
  const sourceServerId = serverOf(row) ?? '';
  const told = row.verb === 'delete' ? VERBS.delete : summary.trim();
  return { ...plain(type, sourceServerId, told), sourceServerId };
}

/** Where it is no column of the query, it is in the document. */
function serverOf(row: Row): string | undefined {
  const column = row.text('source_server_id');
  if (column !== '') return column;
  const document = row.text('document');
  return document === '' ? undefined : decodeDocument<{ sourceServerId?: string }>(document).sourceServerId;
}

async function describeMachine(row: Row, { db }: Source): Promise<NewEvent | undefined> {
  const machine = await findMachine(db, row.text('machine_id'));
  if (machine === undefined) return plain('LaunchedMachineChanged', row.text('machine_id'), VERBS.delete);
  const { machineId, sourceServerId, status, purpose } = machine;
  const trouble = status?.error === undefined ? '' : `, ${status.error.code}`;
  const summary = `${purpose} ${status?.phase ?? 'planned'}${trouble}`;
  return { ...plain('LaunchedMachineChanged', machineId, summary), sourceServerId };
}

/** Of retirements nobody is told, as they are in no list of jobs. */
async function describeJob(row: Row, { db }: Source, server = ''): Promise<NewEvent | undefined> {
  const jobId = row.text('job_id');
  const job = await findJob(db, jobId);
  if (job === undefined) return plain('JobChanged', jobId, VERBS.delete);
  if (job.type === 'RETIREMENT') return undefined;
  const event = plain('JobChanged', jobId, `${job.type} ${job.status.toLowerCase()}`);
  const servers = server === '' ? await listJobServers(db, jobId) : [{ sourceServerId: server }];
  const [first] = servers;
  return first === undefined || servers.length > 1
    ? event
    : { ...event, sourceServerId: first.sourceServerId };
}

/** Of an agent its source server is told. */
async function describeProgram(row: Row, { db }: Source): Promise<NewEvent | undefined> {
  const program = await findProgram(db, row.text('program_id'));
  if (program === undefined || program.role === 'agent') return undefined;
  const did = row.text('revoked_at_ms') === '' ? 'enrolled' : 'revoked';
  return plain('ProgramChanged', program.programId, `${program.role} ${did}`);
}

async function describeLaunchTemplate(row: Row, { db }: Source): Promise<NewEvent> {
  const id = row.text('launch_template_id');
  const found = await db
    .selectFrom('launch_template')
    .select('source_server_id')
    .where('launch_template_id', '=', id)
    .executeTakeFirst();
  const event = plain('TemplateChanged', id, summaryOf(row));
  return found === undefined ? event : { ...event, sourceServerId: found.source_server_id };
}
