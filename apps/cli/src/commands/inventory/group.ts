/** `landfall application …` and `landfall wave …`: what is moved together, and in which order. */
import type { ApiClient, Mgn } from '@landfall/api';
import { OperationError } from '@landfall/runtime';
import type { Command } from 'commander';
import { showFacts, showRows } from '../../terminal/output.ts';
import type { Column } from '../../terminal/table.ts';
import { contextOf, findServerId } from '../context.ts';
import { addListing, type ListOptions, listItems } from '../listing.ts';

const APPLICATION_COLUMNS: readonly Column<Mgn.Application>[] = [
  { title: 'ID', value: (application) => application.applicationID },
  { title: 'NAME', value: (application) => application.name },
  { title: 'WAVE', value: (application) => application.waveID },
  { title: 'SERVERS', value: (application) => application.applicationAggregatedStatus?.totalSourceServers },
  { title: 'HEALTH', value: (application) => application.applicationAggregatedStatus?.healthStatus },
  { title: 'PROGRESS', value: (application) => application.applicationAggregatedStatus?.progressStatus },
];

const WAVE_COLUMNS: readonly Column<Mgn.Wave>[] = [
  { title: 'ID', value: (wave) => wave.waveID },
  { title: 'NAME', value: (wave) => wave.name },
  { title: 'APPLICATIONS', value: (wave) => wave.waveAggregatedStatus?.totalApplications },
  { title: 'HEALTH', value: (wave) => wave.waveAggregatedStatus?.healthStatus },
  { title: 'PROGRESS', value: (wave) => wave.waveAggregatedStatus?.progressStatus },
];

/** What the commands of a kind of group call. */
interface Kind<Group> {
  readonly word: 'application' | 'wave';
  readonly description: string;
  readonly member: 'server' | 'application';
  readonly columns: readonly Column<Group>[];
  idOf(group: Group): string;
  nameOf(group: Group): string | undefined;
  readonly listing: 'ListApplications' | 'ListWaves';
  list(client: ApiClient, filters: object, options: ListOptions): Promise<readonly Group[]>;
  create(client: ApiClient, input: { name: string; description?: string | undefined }): Promise<Group>;
  update(client: ApiClient, id: string, input: { name?: string; description?: string }): Promise<Group>;
  archive(client: ApiClient, id: string, isArchived: boolean): Promise<Group>;
  remove(client: ApiClient, id: string): Promise<unknown>;
  join(client: ApiClient, id: string, member: string, joins: boolean): Promise<unknown>;
}

const APPLICATIONS: Kind<Mgn.Application> = {
  word: 'application',
  description: 'applications: servers that are moved together',
  member: 'server',
  columns: APPLICATION_COLUMNS,
  idOf: ({ applicationID = '' }) => applicationID,
  nameOf: ({ name }) => name,
  listing: 'ListApplications',
  list: (client, filters, options) => listItems(client, 'ListApplications', { filters }, options),
  create: (client, input) => client.mgn('CreateApplication', input),
  update: (client, applicationID, input) => client.mgn('UpdateApplication', { applicationID, ...input }),
  archive: (client, applicationID, isArchived) =>
    client.mgn(isArchived ? 'ArchiveApplication' : 'UnarchiveApplication', { applicationID }),
  remove: (client, applicationID) => client.mgn('DeleteApplication', { applicationID }),
  join: async (client, applicationID, member, joins) => {
    const sourceServerIDs = [await findServerId(client, member)];
    const operation = joins ? 'AssociateSourceServers' : 'DisassociateSourceServers';
    return client.mgn(operation, { applicationID, sourceServerIDs });
  },
};

const WAVES: Kind<Mgn.Wave> = {
  word: 'wave',
  description: 'waves: applications that are moved one after another',
  member: 'application',
  columns: WAVE_COLUMNS,
  idOf: ({ waveID = '' }) => waveID,
  nameOf: ({ name }) => name,
  listing: 'ListWaves',
  list: (client, filters, options) => listItems(client, 'ListWaves', { filters }, options),
  create: (client, input) => client.mgn('CreateWave', input),
  update: (client, waveID, input) => client.mgn('UpdateWave', { waveID, ...input }),
  archive: (client, waveID, isArchived) =>
    client.mgn(isArchived ? 'ArchiveWave' : 'UnarchiveWave', { waveID }),
  remove: (client, waveID) => client.mgn('DeleteWave', { waveID }),
  join: async (client, waveID, member, joins) => {
    const applicationIDs = [await findGroup(APPLICATIONS, client, member)];
    return client.mgn(joins ? 'AssociateApplications' : 'DisassociateApplications', {
      waveID,
      applicationIDs,
    });
  },
};

export function addGroupCommands(program: Command): void {
  addKind(program, APPLICATIONS);
  addKind(program, WAVES);
}

function addKind<Group>(program: Command, kind: Kind<Group>): void {
  const { word, member } = kind;
  const command = program.command(word).description(kind.description);
  addListAndCreate(command, kind);
  command
    .command(`update <${word}>`)
    .description('give it another name or description')
    .option('--name <name>')
    .option('--description <text>')
    .action(async (name: string, options: { name?: string; description?: string }, self: Command) => {
      const { client, output } = await contextOf(self);
      showRows(
        output,
        [await kind.update(client, await findGroup(kind, client, name), options)],
        kind.columns,
        '',
      );
    });
  for (const [verb, joins, does] of [
    ['add', true, `put a ${member} into it`],
    ['remove', false, `take a ${member} out of it`],
  ] as const) {
    command
      .command(`${verb} <${word}> <${member}>`)
      .description(does)
      .action(async (name: string, memberName: string, _options: unknown, self: Command) => {
        const { client, output } = await contextOf(self);
        const id = await findGroup(kind, client, name);
        await kind.join(client, id, memberName, joins);
        showFacts(output, { id, member: memberName, joined: joins }, [
          [joins ? 'added' : 'removed', memberName],
        ]);
      });
  }
  addEndings(command, kind);
}

function addListAndCreate<Group>(command: Command, kind: Kind<Group>): void {
  const { word } = kind;
  const list = command
    .command('list')
    .description(`list ${word}s with their health and progress`)
    .option('--all', 'archived ones too');
  addListing(list, kind.listing).action(
    async ({ all, ...options }: ListOptions & { all?: boolean }, self: Command) => {
      const { client, output } = await contextOf(self);
      const groups = await kind.list(client, all === true ? {} : { isArchived: false }, options);
      showRows(output, groups, kind.columns, `No ${word}s yet. \`landfall ${word} create NAME\` makes one.`);
    },
  );
  command
    .command('create <name>')
    .description(`make a ${word}`.replace('a a', 'an a'))
    .option('--description <text>')
    .action(async (name: string, { description }: { description?: string }, self: Command) => {
      const { client, output } = await contextOf(self);
      showRows(output, [await kind.create(client, { name, description })], kind.columns, '');
    });
}

function addEndings<Group>(command: Command, kind: Kind<Group>): void {
  const { word } = kind;
  for (const [verb, isArchived, does] of [
    ['archive', true, 'put it away; everything in it must be finished'],
    ['unarchive', false, 'bring it back'],
  ] as const) {
    command
      .command(`${verb} <${word}>`)
      .description(does)
      .action(async (name: string, _options: unknown, self: Command) => {
        const { client, output } = await contextOf(self);
        const id = await findGroup(kind, client, name);
        showRows(output, [await kind.archive(client, id, isArchived)], kind.columns, '');
      });
  }
  command
    .command(`delete <${word}>`)
    .description('remove it; nothing may be in it')
    .action(async (name: string, _options: unknown, self: Command) => {
      const { client, output } = await contextOf(self);
      const id = await findGroup(kind, client, name);
      await kind.remove(client, id);
      showFacts(output, { id, deleted: true }, [['deleted', id]]);
    });
}

/** The id of a group by its id or its name. Errors: GROUP_NOT_FOUND. */
async function findGroup<Group>(kind: Kind<Group>, client: ApiClient, idOrName: string): Promise<string> {
  const groups = await kind.list(client, {}, {});
  const wanted = idOrName.toLowerCase();
  const found = groups.find(
    (group) => kind.idOf(group) === idOrName || kind.nameOf(group)?.toLowerCase() === wanted,
  );
  if (found !== undefined) return kind.idOf(found);
  throw new OperationError('GROUP_NOT_FOUND', `no ${kind.word} has the id or name ${idOrName}`, {
    hint: `\`landfall ${kind.word} list --all\` shows the ${kind.word}s there are`,
  });
}
