/**
 * Runs one export: twice through the store in pages, first for the columns there are, then for the rows. What
 * is archived is left out. An export that was cut off begins again; its object appears whole or not at all.
 */

import type { TemplateContent } from '../ec2/template-data.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';
import { type GroupRecord, listGroups } from '../store/groups.ts';
import { type ExportRecord, saveTask } from '../store/inventory-tasks.ts';
import { listDefaultVersions } from '../store/launch-templates.ts';
import type { Queries } from '../store/schema.ts';
import { countActiveServers, listActiveServersAfter } from '../store/source-servers.ts';
import { formatCsvRow } from './csv.ts';
import { launchColumn, PLAIN_COLUMNS, tagColumn } from './inventory-columns.ts';
import type { Home } from './inventory-rows.ts';
import { launchTexts } from './launch-change.ts';

const PAGE_SERVERS = 200;

/** The cells of a row by their columns. */
type Cells = ReadonlyMap<string, string>;

interface Groups {
  readonly waves: ReadonlyMap<string, GroupRecord>;
  readonly applications: ReadonlyMap<string, GroupRecord>;
}

export async function runExport(
  service: Service,
  task: ExportRecord,
  signal: AbortSignal,
): Promise<ExportRecord> {
  const { store, objects, facts } = service;
  const groups = await readGroups(store.db);
  const { waves, applications } = groups;
  let current: ExportRecord = {
    ...{ ...task, status: 'STARTED', done: 0, servers: 0 },
    ...{ waves: waves.size, applications: applications.size },
    total: await countActiveServers(store.db),
  };
  await saveTask(store.db, current);
  const rows = () => listRows(store.db, groups, facts);
  const columns = await columnsOf(rows());
  const keepCount = async (servers: number) => {
    signal.throwIfAborted();
    current = { ...current, done: servers, servers };
    await saveTask(store.db, current);
  };
  await objects.write({ bucket: task.bucket, key: task.key }, linesOf(columns, rows(), keepCount));
  return current;
}

async function readGroups(db: Queries): Promise<Groups> {
  const active = async (kind: 'WAVE' | 'APPLICATION') => {
    const groups = await listGroups(db, { kind, isArchived: false });
    return new Map(groups.map((group) => [group.groupId, group]));
  };
  return { waves: await active('WAVE'), applications: await active('APPLICATION') };
}

interface Page {
  readonly rows: readonly Cells[];
  /** Servers so far. */
  readonly servers: number;
}

async function* listRows(db: Queries, groups: Groups, home: Home): AsyncGenerator<Page> {
  const emptyApplications = new Map(groups.applications);
  const emptyWaves = new Map(groups.waves);
  let after = '';
  let servers = 0;
  for (;;) {
    const page = await listActiveServersAfter(db, after, PAGE_SERVERS);
    for (const { applicationId = '' } of page) emptyApplications.delete(applicationId);
    servers += page.length;
    const contents = await defaultContents(db, page);
    const rows = page.map((server) =>
      rowOf(home, groups, { server, content: contents.get(server.sourceServerId) }, server.applicationId),
    );
    yield { rows, servers };
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE_SERVERS) break;
    after = last.sourceServerId;
  }
  for (const { parentId } of groups.applications.values()) emptyWaves.delete(parentId ?? '');
  const applications = [...emptyApplications.keys()].map((id) => rowOf(home, groups, undefined, id));
  const waves = [...emptyWaves.values()].map(
    (wave) => new Map([...homeCells(home), ...groupCells('wave', wave)]),
  );
  yield { rows: [...applications, ...waves], servers };
}

async function columnsOf(pages: AsyncIterable<Page>): Promise<readonly string[]> {
  const seen = new Set<string>();
  for await (const { rows } of pages) {
    for (const row of rows) for (const column of row.keys()) seen.add(column);
  }
  const families = [...seen].filter((column) => !PLAIN_COLUMNS.includes(column));
  return [...PLAIN_COLUMNS, ...families.sort()];
}

/** A column that came up after they were counted is left out. */
async function* linesOf(
  columns: readonly string[],
  pages: AsyncIterable<Page>,
  keepCount: (servers: number) => Promise<void>,
): AsyncGenerator<string> {
  yield formatCsvRow(columns);
  for await (const { rows, servers } of pages) {
    yield rows.map((row) => formatCsvRow(columns.map((column) => row.get(column) ?? ''))).join('');
    await keepCount(servers);
  }
}

interface DescribedServer {
  readonly server: SourceServerRecord;
  /** Of its launch template, if it has one yet. */
  readonly content: TemplateContent | undefined;
}

async function defaultContents(
  db: Queries,
  servers: readonly SourceServerRecord[],
): Promise<ReadonlyMap<string, TemplateContent>> {
  const ids = servers.map(({ sourceServerId }) => sourceServerId);
  const found = await listDefaultVersions(db, ids);
  return new Map([...found].map(([id, { data, ec2Members = {} }]) => [id, { data, ec2Members }] as const));
}

function rowOf(
  home: Home,
  { waves, applications }: Groups,
  described: DescribedServer | undefined,
  applicationId: string | undefined,
): Cells {
  const application = applications.get(applicationId ?? '');
  const wave = waves.get(application?.parentId ?? '');
  return new Map([
    ...homeCells(home),
    ...(wave === undefined ? [] : groupCells('wave', wave)),
    ...(application === undefined ? [] : groupCells('app', application)),
    ...(described === undefined ? [] : serverCells(described.server, described.content)),
  ]);
}

type CellList = readonly (readonly [string, string])[];

function homeCells({ accountId, region }: Home): CellList {
  return [
    ['mgn:account-id', accountId],
    ['mgn:region', region],
  ];
}

function groupCells(about: 'wave' | 'app', { groupId, name, description = '', tags }: GroupRecord): CellList {
  return [
    [`mgn:${about}:id`, groupId],
    [`mgn:${about}:name`, name],
    [`mgn:${about}:description`, description],
    ...tagCells(about, tags),
  ];
}

function serverCells(server: SourceServerRecord, content: TemplateContent | undefined): CellList {
  const launch = Object.entries(launchTexts(server, content));
  return [
    ['mgn:server:id', server.sourceServerId],
    ['mgn:server:user-provided-id', server.userProvidedId ?? ''],
    ['mgn:server:platform', server.platform ?? ''],
    ['mgn:server:fqdn-for-action-framework', server.fqdnForActionFramework ?? ''],
    ...tagCells('server', server.tags),
    ...launch.map(([property, text]) => [launchColumn(property), text] as const),
  ];
}

function tagCells(about: 'wave' | 'app' | 'server', tags: Readonly<Record<string, string>>): CellList {
  return Object.entries(tags).map(([key, value]) => [tagColumn(about, key), value] as const);
}
