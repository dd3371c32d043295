/** StartImport, StartExport, and what became of them. Rules of the file: public MGN guide. */
import {
  ApiError,
  arnOf,
  type Handlers,
  isoDateTime,
  type Mgn,
  type Page,
  type PageRequest,
} from '@landfall/api';
import { publicId } from '@landfall/runtime';
import type { ObjectName } from '../objects/object-store.ts';
import type { Service } from '../service.ts';
import {
  type Asker,
  type Counted,
  type ExportRecord,
  findImportByToken,
  type ImportRecord,
  type InventoryTask,
  insertTask,
  listTaskErrors,
  listTasks,
  listUnfinishedTasks,
  type TaskError,
} from '../store/inventory-tasks.ts';
import type { Queries } from '../store/schema.ts';
import { readObject, requireObjectName } from './inventory-files.ts';
import { pageOfNumbered, pageOfStored } from './stored-page.ts';

type Operations = Pick<
  Handlers<'mgn', Service>,
  'StartImport' | 'ListImports' | 'ListImportErrors' | 'StartExport' | 'ListExports' | 'ListExportErrors'
>;

const UNFINISHED_MAX = 20;

export const inventoryOperations: Operations = {
  StartImport: async (input, service) => ({
    importTask: showImport(service, await startImport(service, input)),
  }),

  ListImports: async (input, service) => {
    const { importIDs = [] } = input.filters ?? {};
    const page = await pageOfTasks(service, 'IMPORT', importIDs, input);
    return { ...page, items: page.items.map((task) => showImport(service, task)) };
  },

  /** An unknown import has no errors; the operation's modelled errors have no 404. */
  ListImportErrors: async (input, service) => {
    const page = await pageOfErrors(service, input.importID, input);
    return { ...page, items: page.items.map((error) => showImportError(service, error)) };
  },

  StartExport: async (input, service) => ({
    exportTask: showExport(service, await startExport(service, input)),
  }),

  ListExports: async (input, service) => {
    const { exportIDs = [] } = input.filters ?? {};
    const page = await pageOfTasks(service, 'EXPORT', exportIDs, input);
    return { ...page, items: page.items.map((task) => showExport(service, task)) };
  },

  ListExportErrors: async (input, service) => {
    const page = await pageOfErrors(service, input.exportID, input);
    return { ...page, items: page.items.map(showExportError) };
  },
};

const NOTHING: Counted = { created: 0, modified: 0 };

async function startImport(
  service: Service,
  { clientToken, s3BucketSource, tags = {} }: Mgn.StartImportRequest,
): Promise<ImportRecord> {
  const { s3Bucket: bucket, s3Key: key, s3BucketOwner: bucketOwner } = s3BucketSource;
  refuseOtherOwner(service, bucketOwner);
  requireObjectName({ bucket, key });
  const token = clientToken === undefined || clientToken === '' ? null : clientToken;
  const known = token === null ? undefined : await findImportByToken(service.store.db, token);
  if (known !== undefined) return sameImport(known, { bucket, key });
  await readObject(service, { bucket, key });
  const task: ImportRecord = {
    ...newTask(service, 'import-', { bucket, key }),
    kind: 'IMPORT',
    askedBy: askerOf(service),
    bucketOwner,
    tags,
    clientToken: token,
    ...{ waves: NOTHING, applications: NOTHING, servers: NOTHING },
  };
  return begin(service, task, async (tx) => (token === null ? undefined : findImportByToken(tx, token)));
}

function askerOf({ caller, sourceIp = '' }: Service): Asker | undefined {
  return caller === undefined ? undefined : { caller, sourceIp };
}

async function startExport(service: Service, input: Mgn.StartExportRequest): Promise<ExportRecord> {
  const { s3Bucket: bucket, s3Key: key, s3BucketOwner: bucketOwner, tags = {} } = input;
  refuseOtherOwner(service, bucketOwner);
  requireObjectName({ bucket, key });
  const counts = { waves: 0, applications: 0, servers: 0 };
  const task = {
    ...newTask(service, 'export-', { bucket, key }),
    kind: 'EXPORT',
    bucketOwner,
    tags,
    ...counts,
  } as const;
  return begin(service, task, async () => undefined);
}

async function begin<Task extends InventoryTask>(
  service: Service,
  task: Task,
  findKnown: (tx: Queries) => Promise<Task | undefined>,
): Promise<Task> {
  const begun = await service.store.transaction(async (tx) => {
    const known = await findKnown(tx);
    if (known !== undefined) return known;
    if ((await listUnfinishedTasks(tx)).length >= UNFINISHED_MAX) {
      throw ApiError.quotaExceeded(`At most ${UNFINISHED_MAX} imports and exports wait or run at a time.`, {
        serviceCode: 'mgn',
        quotaValue: UNFINISHED_MAX,
      });
    }
    await insertTask(tx, task);
    return task;
  });
  service.inventory.wake(service);
  return begun;
}

function newTask({ clock, random }: Service, prefix: string, { bucket, key }: ObjectName) {
  return {
    taskId: publicId(prefix, random),
    status: 'PENDING',
    bucket,
    key,
    createdAtMs: clock.nowMs(),
    endedAtMs: null,
    done: 0,
    total: 0,
  } as const;
}

/** The same token is the same request, and must ask for the same. */
function sameImport(known: ImportRecord, { bucket, key }: ObjectName): ImportRecord {
  if (known.bucket === bucket && known.key === key) return known;
  throw ApiError.conflict('clientToken was used for the import of another file.', {
    resourceId: known.taskId,
    resourceType: 'Import',
  });
}

function refuseOtherOwner({ facts }: Service, owner: string | undefined): void {
  if (owner === undefined || owner === facts.accountId) return;
  throw ApiError.validation(`Buckets here belong to account ${facts.accountId}, not to ${owner}.`);
}

/** Newest first. */
function pageOfTasks<Kind extends InventoryTask['kind']>(
  { store }: Service,
  kind: Kind,
  taskIds: readonly string[],
  input: PageRequest,
): Promise<Page<Extract<InventoryTask, { kind: Kind }>>> {
  return pageOfStored<Extract<InventoryTask, { kind: Kind }>>(input, {
    listing: `tasks ${JSON.stringify(taskIds)}`,
    placeOf: ({ createdAtMs, taskId }) => ({ atMs: createdAtMs, id: taskId }),
    fetch: (cut) => listTasks(store.db, { kind, taskIds }, cut),
  });
}

function pageOfErrors({ store }: Service, taskId: string, input: PageRequest) {
  return pageOfNumbered(input, `errors of ${taskId}`, (cut) => listTaskErrors(store.db, taskId, cut));
}

function showImport({ facts }: Service, task: ImportRecord): Mgn.ImportTask {
  return {
    importID: task.taskId,
    arn: arnOf('mgn', 'import', task.taskId, facts),
    s3BucketSource: { s3Bucket: task.bucket, s3Key: task.key, s3BucketOwner: task.bucketOwner },
    ...showProgress(task),
    summary: {
      waves: showCounted(task.waves),
      applications: showCounted(task.applications),
      servers: showCounted(task.servers),
    },
    tags: task.tags,
  };
}

function showExport({ facts }: Service, task: ExportRecord): Mgn.ExportTask {
  const { waves, applications, servers } = task;
  return {
    exportID: task.taskId,
    arn: arnOf('mgn', 'export', task.taskId, facts),
    s3Bucket: task.bucket,
    s3Key: task.key,
    s3BucketOwner: task.bucketOwner,
    ...showProgress(task),
    summary: { serversCount: servers, applicationsCount: applications, wavesCount: waves },
    tags: task.tags,
  };
}

function showProgress({ status, done, total, createdAtMs, endedAtMs }: InventoryTask) {
  const isDone = status === 'SUCCEEDED';
  return {
    status,
    creationDateTime: isoDateTime(createdAtMs),
    endDateTime: endedAtMs === null ? undefined : isoDateTime(endedAtMs),
    progressPercentage: isDone ? 100 : total === 0 ? 0 : Math.min(100, Math.floor((100 * done) / total)),
  };
}

function showCounted({ created, modified }: Counted) {
  return { createdCount: created, modifiedCount: modified };
}

function showImportError({ facts }: Service, error: TaskError): Mgn.ImportTaskError {
  return {
    errorDateTime: isoDateTime(error.atMs),
    errorType: error.type,
    errorData: {
      sourceServerID: error.sourceServerId,
      applicationID: error.applicationId,
      waveID: error.waveId,
      rowNumber: error.rowNumber,
      rawError: error.rawError,
      accountID: facts.accountId,
    },
  };
}

function showExportError({ atMs, rawError }: TaskError): Mgn.ExportTaskError {
  return { errorDateTime: isoDateTime(atMs), errorData: { rawError } };
}
