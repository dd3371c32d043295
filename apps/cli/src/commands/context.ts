/** What every command that talks to the control plane begins with. */
import { type ApiClient, createApiClient, type Mgn } from '@landfall/api';
import { OperationError } from '@landfall/runtime';
import type { Command } from 'commander';
import { DEFAULT_STATE_DIR, findAccess } from '../credentials.ts';
import { type Output, type OutputPorts, outputTo } from '../terminal/output.ts';

export interface Context {
  readonly client: ApiClient;
  readonly output: Output;
}

interface GlobalOptions {
  readonly stateDir?: string;
  readonly json?: boolean;
}

const SERVER_ID = /^s-[0-9a-zA-Z]{17}$/;

export function outputOf(command: Command): Output {
  const ports: OutputPorts = command.configureOutput();
  return outputTo(ports, command.optsWithGlobals<GlobalOptions>().json === true);
}

export function stateDirOf(command: Command): string {
  return (
    command.optsWithGlobals<GlobalOptions>().stateDir ?? process.env.LANDFALL_STATE_DIR ?? DEFAULT_STATE_DIR
  );
}

export async function clientOf(command: Command): Promise<ApiClient> {
  return createApiClient(await findAccess(stateDirOf(command)));
}

export async function contextOf(command: Command): Promise<Context> {
  return { client: await clientOf(command), output: outputOf(command) };
}

export async function listServers(
  client: ApiClient,
  filters: Mgn.DescribeSourceServersRequestFilters,
): Promise<Mgn.SourceServer[]> {
  const servers: Mgn.SourceServer[] = [];
  for await (const page of client.mgnPages('DescribeSourceServers', { filters }))
    servers.push(...(page.items ?? []));
  return servers;
}

/**
 * A server by its id or by its host name, when only one has it. Errors: SERVER_NOT_FOUND, SERVER_AMBIGUOUS.
 */
export async function findServer(client: ApiClient, idOrName: string): Promise<Mgn.SourceServer> {
  const isNamed = (server: Mgn.SourceServer) =>
    [server.sourceServerID, hostNameOf(server)].includes(idOrName);
  const found = SERVER_ID.test(idOrName)
    ? await listServers(client, { sourceServerIDs: [idOrName] })
    : (await listServers(client, { isArchived: false })).filter(isNamed);
  const [server] = found;
  if (server === undefined) {
    const hint = '`landfall server list --all` shows the servers there are';
    throw new OperationError('SERVER_NOT_FOUND', `no source server has the id or host name ${idOrName}`, {
      hint,
    });
  }
  if (found.length === 1) return server;
  const ids = found.map((one) => one.sourceServerID).join(', ');
  throw new OperationError(
    'SERVER_AMBIGUOUS',
    `${found.length} source servers are named ${idOrName}: ${ids}`,
    {
      hint: 'use the id',
    },
  );
}

export async function findServerId(client: ApiClient, idOrName: string): Promise<string> {
  return idOf(await findServer(client, idOrName));
}

export async function findServerIds(client: ApiClient, idsOrNames: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const idOrName of idsOrNames) ids.push(await findServerId(client, idOrName));
  return ids;
}

export function hostNameOf({ sourceProperties }: Mgn.SourceServer): string | undefined {
  return sourceProperties?.identificationHints?.hostname;
}

export function idOf(server: Mgn.SourceServer): string {
  if (server.sourceServerID === undefined)
    throw new OperationError('API_ANSWER_INVALID', 'a source server without an id');
  return server.sourceServerID;
}
