/**
 * Imports and exports of the inventory, and the errors of each.
 *
 * I1 What an item of an import changed and that it is done are written in one transaction.
 */
import type { Generated, Kysely } from 'kysely';
import type { Caller } from '../identity/callers.ts';
import { decodeDocument, encodeDocument } from './document.ts';
import { type Cut, isBehind } from './listing.ts';
import type { Queries } from './schema.ts';

export interface InventoryTaskTable {
  task_id: string;
  kind: string;
  status: string;
  client_token: string | null;
  created_at_ms: number;
  /** Apart from the document, because a caller may change them while the task goes on. */
  tags: string;
  document: string;
}

export interface InventoryTaskErrorTable {
  sequence: Generated<number>;
  task_id: string;
  document: string;
}

export type TaskStatus = 'PENDING' | 'STARTED' | 'FAILED' | 'SUCCEEDED';

interface TaskBase {
  readonly taskId: string;
  readonly status: TaskStatus;
  readonly bucket: string;
  readonly key: string;
  readonly bucketOwner?: string | undefined;
  readonly createdAtMs: number;
  readonly endedAtMs: number | null;
  readonly tags: Readonly<Record<string, string>>;
  /** Of items; total 0 until they are counted. */
  readonly done: number;
  readonly total: number;
}

export interface Counted {
  readonly created: number;
  readonly modified: number;
}

/** Who is asked about when an item changes what is there. */
export interface Asker {
  readonly caller: Caller;
  readonly sourceIp: string;
}

export interface ImportRecord extends TaskBase {
  readonly kind: 'IMPORT';
  readonly askedBy?: Asker | undefined;
  readonly clientToken: string | null;
  /** Of the file, once it was read: what goes on after a restart is the same import. */
  readonly sha256?: string;
  /** Something of it was not applied. */
  readonly hasErrors?: boolean;
  /** Its warnings are listed. */
  readonly isWarned?: boolean;
  readonly waves: Counted;
  readonly applications: Counted;
  readonly servers: Counted;
}

export interface ExportRecord extends TaskBase {
  readonly kind: 'EXPORT';
  readonly waves: number;
  readonly applications: number;
  readonly servers: number;
}

export type InventoryTask = ImportRecord | ExportRecord;

export interface TaskError {
  readonly atMs: number;
  /** Absent: a warning. */
  readonly type?: 'VALIDATION_ERROR' | 'PROCESSING_ERROR';
  readonly rawError: string;
  readonly rowNumber?: number;
  readonly waveId?: string;
  readonly applicationId?: string;
  readonly sourceServerId?: string;
}

export interface NumberedTaskError extends TaskError {
  readonly sequence: number;
}

export async function createInventoryTables(db: Kysely<unknown>): Promise<void> {
  await addUserProvidedIds(db);
  await db.schema
    .createTable('inventory_task')
    .addColumn('task_id', 'text', (column) => column.primaryKey())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('client_token', 'text', (column) => column.unique())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('tags', 'text', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('inventory_task_error')
    .addColumn('sequence', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('task_id', 'text', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('inventory_task_error_task')
    .on('inventory_task_error')
    .column('task_id')
    .execute();
}

/** By which an import recognizes servers; those there are have it in their documents. */
async function addUserProvidedIds(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('source_server').addColumn('user_provided_id', 'text').execute();
  await db.schema
    .createIndex('source_server_provided')
    .on('source_server')
    .column('user_provided_id')
    .execute();
  const queries = db as Queries;
  const rows = await queries.selectFrom('source_server').select(['source_server_id', 'document']).execute();
  for (const { source_server_id, document } of rows) {
    const { userProvidedId } = decodeDocument<{ userProvidedId?: string }>(document);
    if (userProvidedId === undefined) continue;
    await queries
      .updateTable('source_server')
      .set({ user_provided_id: userProvidedId })
      .where('source_server_id', '=', source_server_id)
      .execute();
  }
}

export async function insertTask(tx: Queries, task: InventoryTask): Promise<void> {
  await tx
    .insertInto('inventory_task')
    .values({
      task_id: task.taskId,
      kind: task.kind,
      status: task.status,
      client_token: task.kind === 'IMPORT' ? task.clientToken : null,
      created_at_ms: task.createdAtMs,
      tags: encodeDocument(task.tags),
      document: encodeDocument(task),
    })
    .execute();
}

export async function findTask<Kind extends InventoryTask['kind']>(
  db: Queries,
  kind: Kind,
  taskId: string,
): Promise<Extract<InventoryTask, { kind: Kind }> | undefined> {
  const row = await db
    .selectFrom('inventory_task')
    .select(['tags', 'document'])
    .where('kind', '=', kind)
    .where('task_id', '=', taskId)
    .executeTakeFirst();
  return row === undefined ? undefined : toTask(row);
}

export async function findImportByToken(db: Queries, clientToken: string): Promise<ImportRecord | undefined> {
  const row = await db
    .selectFrom('inventory_task')
    .select(['tags', 'document'])
    .where('client_token', '=', clientToken)
    .executeTakeFirst();
  return row === undefined ? undefined : toTask(row);
}

/** Newest first; with `taskIds`, only those. */
export async function listTasks<Kind extends InventoryTask['kind']>(
  db: Queries,
  { kind, taskIds }: { readonly kind: Kind; readonly taskIds: readonly string[] },
  { limit, after }: Cut,
): Promise<readonly Extract<InventoryTask, { kind: Kind }>[]> {
  let found = db.selectFrom('inventory_task').select(['tags', 'document']).where('kind', '=', kind);
  if (taskIds.length > 0) found = found.where('task_id', 'in', [...taskIds]);
  if (after !== undefined) {
    found = found.where(isBehind({ at: 'created_at_ms', id: 'task_id' }, after, 'descending'));
  }
  const rows = await found.orderBy('created_at_ms', 'desc').orderBy('task_id', 'desc').limit(limit).execute();
  return rows.map((row) => toTask(row));
}

/** Oldest first. */
export async function listUnfinishedTasks(db: Queries): Promise<readonly InventoryTask[]> {
  const rows = await db
    .selectFrom('inventory_task')
    .select(['tags', 'document'])
    .where('status', 'in', ['PENDING', 'STARTED'])
    .orderBy('created_at_ms')
    .orderBy('task_id')
    .execute();
  return rows.map((row) => toTask(row));
}

/** All but its tags. */
export async function saveTask(tx: Queries, task: InventoryTask): Promise<void> {
  await tx
    .updateTable('inventory_task')
    .set({ status: task.status, document: encodeDocument(task) })
    .where('task_id', '=', task.taskId)
    .execute();
}

export async function setTaskTags(
  tx: Queries,
  taskId: string,
  tags: Readonly<Record<string, string>>,
): Promise<void> {
  await tx
    .updateTable('inventory_task')
    .set({ tags: encodeDocument(tags) })
    .where('task_id', '=', taskId)
    .execute();
}

export async function appendTaskError(tx: Queries, taskId: string, error: TaskError): Promise<void> {
  await tx
    .insertInto('inventory_task_error')
    .values({ task_id: taskId, document: encodeDocument(error) })
    .execute();
}

/** In the order in which they came up; only those behind `afterSequence`. */
export async function listTaskErrors(
  db: Queries,
  taskId: string,
  { limit, afterSequence = 0 }: { readonly limit: number; readonly afterSequence?: number | undefined },
): Promise<readonly NumberedTaskError[]> {
  const rows = await db
    .selectFrom('inventory_task_error')
    .select(['sequence', 'document'])
    .where('task_id', '=', taskId)
    .where('sequence', '>', afterSequence)
    .orderBy('sequence')
    .limit(limit)
    .execute();
  return rows.map(({ sequence, document }) => ({ ...decodeDocument<TaskError>(document), sequence }));
}

function toTask<Task extends InventoryTask>(row: Pick<InventoryTaskTable, 'tags' | 'document'>): Task {
  return { ...decodeDocument<Task>(row.document), tags: decodeDocument(row.tags) };
}
