/**
 * From the text of an inventory file to rows that say something about a wave, an application and a server.
 * What a row says is checked by the validator of the operation that would set it.
 */
import { type FieldFailure, operations, validateInput } from '@landfall/api';
import { type CsvProblem, type CsvRow, parseCsv } from './csv.ts';
import { failuresOf } from './field-failures.ts';
import { type Column, launchColumn, readColumn, tagColumn } from './inventory-columns.ts';
import { columnsWithoutEffect, launchProblems } from './launch-columns.ts';

type Tags = Readonly<Record<string, string>>;

export interface GroupFacts {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly tags: Tags;
}

export interface ServerFacts {
  readonly id?: string | undefined;
  readonly userProvidedId?: string | undefined;
  readonly platform?: string | undefined;
  readonly fqdn?: string | undefined;
  readonly tags: Tags;
  /** By the name of the column behind `mgn:launch:`. */
  readonly launch: Readonly<Record<string, string>>;
}

export interface InventoryRow {
  readonly rowNumber: number;
  readonly wave?: GroupFacts;
  readonly application?: GroupFacts;
  readonly server?: ServerFacts;
}

export interface Home {
  readonly accountId: string;
  readonly region: string;
}

export interface ReadInventory {
  readonly rows: readonly InventoryRow[];
  /** With one, nothing of the file is imported. */
  readonly problems: readonly CsvProblem[];
}

const ROWS_MAX = 10_000;

/** Of each row that has one, in their order. */
export function warningsOf(rows: readonly InventoryRow[]): readonly CsvProblem[] {
  return rows.flatMap(({ rowNumber, server }) => {
    const columns = columnsWithoutEffect(server?.launch ?? {}).map(launchColumn);
    const message = `warning: kept, without effect on a launch: ${columns.join(', ')}`;
    return columns.length === 0 ? [] : [{ rowNumber, message }];
  });
}

export function readInventory(text: string, home: Home): ReadInventory {
  const parsed = parseCsv(text);
  if (!parsed.ok) return { rows: [], problems: [parsed.problem] };
  const [header, ...records] = parsed.rows;
  if (header === undefined) return refusal(1, 'the file is empty');
  if (records.length > ROWS_MAX) return refusal(ROWS_MAX + 2, `the file has more than ${ROWS_MAX} rows`);
  const columns = header.cells.map((name) => readColumn(name.trim()));
  const wrong = headerProblem(header, columns);
  if (wrong !== undefined) return refusal(1, wrong);
  const read = records.map((record) => readRecord(record, columns, home));
  return { rows: read.map(({ row }) => row), problems: read.flatMap(({ problems }) => problems) };
}

function refusal(rowNumber: number, message: string): ReadInventory {
  return { rows: [], problems: [{ rowNumber, message }] };
}

function headerProblem(
  { cells }: CsvRow,
  columns: readonly (Column | 'ignored' | undefined)[],
): string | undefined {
  const unknown = cells.findIndex((_, index) => columns[index] === undefined);
  if (unknown >= 0) return `column ${unknown + 1} is ${cells[unknown]}, and there is none of that name`;
  const names = cells.filter((_, index) => columns[index] !== 'ignored').map((name) => name.trim());
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) return `the column ${twice} is there twice`;
  return names.length === 0 ? 'there is no column that begins with mgn:' : undefined;
}

type Cell = readonly [Column, string];

function readRecord(
  record: CsvRow,
  columns: readonly (Column | 'ignored' | undefined)[],
  home: Home,
): { readonly row: InventoryRow; readonly problems: readonly CsvProblem[] } {
  const { rowNumber, cells } = record;
  const told = cells.flatMap((text, index): readonly Cell[] => {
    const column = columns[index];
    return column === undefined || column === 'ignored' || text.trim() === '' ? [] : [[column, text.trim()]];
  });
  const row = { rowNumber, ...groupsOf(told), ...serverOf(told) };
  const tooMany =
    cells.length > columns.length ? [`it has ${cells.length} values; the header has ${columns.length}`] : [];
  const messages = [...tooMany, ...homeProblems(told, home), ...rowProblems(row)];
  return { row, problems: messages.map((message) => ({ rowNumber, message })) };
}

function homeProblems(told: readonly Cell[], { accountId, region }: Home): readonly string[] {
  const here = { 'account-id': accountId, region };
  return told.flatMap(([column, text]) =>
    column.about === 'row' && text !== here[column.property]
      ? [`mgn:${column.property} is ${text}; this is ${here[column.property]}`]
      : [],
  );
}

function groupsOf(told: readonly Cell[]): Pick<InventoryRow, 'wave' | 'application'> {
  const [wave, application] = (['wave', 'app'] as const).map((about) => groupOf(told, about));
  return { ...(wave === undefined ? {} : { wave }), ...(application === undefined ? {} : { application }) };
}

function groupOf(told: readonly Cell[], about: 'wave' | 'app'): GroupFacts | undefined {
  if (!told.some(([column]) => column.about === about)) return undefined;
  const text = textsOf(told, about);
  return { id: text('id'), name: text('name'), description: text('description'), tags: tagsOf(told, about) };
}

function serverOf(told: readonly Cell[]): Pick<InventoryRow, 'server'> {
  if (!told.some(([{ about }]) => about === 'server' || about === 'launch')) return {};
  const text = textsOf(told, 'server');
  const launch = told.flatMap(([column, value]) =>
    column.about === 'launch' ? [[column.property, value] as const] : [],
  );
  return {
    server: {
      id: text('id'),
      userProvidedId: text('user-provided-id'),
      platform: text('platform')?.toLowerCase(),
      fqdn: text('fqdn-for-action-framework'),
      tags: tagsOf(told, 'server'),
      launch: Object.fromEntries(launch),
    },
  };
}

function textsOf(told: readonly Cell[], about: Column['about']): (property: string) => string | undefined {
  return (property) => told.find(([column]) => column.about === about && column.property === property)?.[1];
}

function tagsOf(told: readonly Cell[], about: 'wave' | 'app' | 'server'): Tags {
  const tags = told.flatMap(([column, value]) =>
    column.about === about && column.property === 'tag' && 'key' in column
      ? [[column.key, value] as const]
      : [],
  );
  return Object.fromEntries(tags);
}

function rowProblems({ wave, application, server }: InventoryRow): readonly string[] {
  return [
    ...(wave === undefined ? [] : groupProblems('wave', wave)),
    ...(application === undefined ? [] : groupProblems('app', application)),
    ...(server === undefined ? [] : serverProblems(server)),
  ];
}

function groupProblems(
  about: 'wave' | 'app',
  { id, name, description, tags }: GroupFacts,
): readonly string[] {
  if (id === undefined && name === undefined) return [`it says something of a mgn:${about} and not of which`];
  const group = { name: name ?? 'unnamed', description, tags };
  const create = about === 'wave' ? operations.mgn.CreateWave : operations.mgn.CreateApplication;
  const idProblems =
    about === 'wave'
      ? problemsOf(operations.mgn.DeleteWave, id, (waveID) => ({ waveID }))
      : problemsOf(operations.mgn.DeleteApplication, id, (applicationID) => ({ applicationID }));
  const problems = [...idProblems, ...failuresOf(() => validateInput(create, group))];
  return problems.map(({ name: member, message }) => `${columnOf(about, member)} ${message}`);
}

function serverProblems(server: ServerFacts): readonly string[] {
  const { id, userProvidedId, platform, fqdn, tags, launch } = server;
  if (id === undefined && userProvidedId === undefined) {
    return ['it says something of a server and has neither mgn:server:id nor mgn:server:user-provided-id'];
  }
  const update = {
    sourceServerID: id ?? 's-00000000000000000',
    userProvidedID: userProvidedId,
    platform,
    fqdnForActionFramework: fqdn,
  };
  const tagged = { resourceArn: 'arn:aws:mgn:us-east-1:000000000000:source-server/s-1', tags };
  const failures = [
    ...failuresOf(() => validateInput(operations.mgn.UpdateSourceServer, update)),
    ...failuresOf(() => validateInput(operations.mgn.TagResource, tagged)),
  ];
  const problems = failures.map(({ name, message }) => `${columnOf('server', name)} ${message}`);
  return [...problems, ...launchProblems(launch)];
}

/** Members of operations that go by another name in a file. */
const PROPERTIES: Readonly<Record<string, string>> = {
  waveID: 'id',
  applicationID: 'id',
  sourceServerID: 'id',
  userProvidedID: 'user-provided-id',
  fqdnForActionFramework: 'fqdn-for-action-framework',
};

/** The column that the member of an operation was filled from; `tags.Env` is that of a tag. */
function columnOf(about: 'wave' | 'app' | 'server', member: string): string {
  if (member === 'tags') return `mgn:${about}:tag`;
  if (member.startsWith('tags.')) return tagColumn(about, member.slice('tags.'.length));
  return `mgn:${about}:${PROPERTIES[member] ?? member}`;
}

function problemsOf(
  operation: (typeof operations.mgn)['DeleteWave' | 'DeleteApplication'],
  id: string | undefined,
  inputOf: (id: string) => object,
): readonly FieldFailure[] {
  return id === undefined ? [] : failuresOf(() => validateInput(operation, inputOf(id)));
}
