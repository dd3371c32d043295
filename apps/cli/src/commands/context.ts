/** What every command that talks to the control plane begins with. */
import { type ApiClient, createApiClient, type Mgn } from '@landfall/api';
import { OperationError } from '@landfall/runtime';
import type { Command } from 'commander';
import { DEFAULT_STATE_DIR, findAccess } from '../credentials.ts';
import { type Output, processOutput } from '../terminal/output.ts';

export interface Context {
  readonly client: ApiClient;
  readonly output: Output;
}

interface GlobalOptions {
  readonly stateDir?: string;
  readonly json?: boolean;
}

export function outputOf(command: Command): Output {
  return processOutput(command.optsWithGlobals<GlobalOptions>().json === true);
}

export function stateDirOf(command: Command): string {
  return (
    command.optsWithGlobals<GlobalOptions>().stateDir ?? process.env.LANDFALL_STATE_DIR ?? DEFAULT_STATE_DIR
  );
}

export async function contextOf(command: Command): Promise<Context> {
  return { client: createApiClient(await findAccess(stateDirOf(command))), output: outputOf(command) };
}

export async function listServers(client: ApiClient, includeArchived: boolean): Promise<Mgn.SourceServer[]> {
  const filters = includeArchived ? {} : { isArchived: false };
  const servers: Mgn.SourceServer[] = [];
  for await (const page of client.mgnPages('DescribeSourceServers', { filters }))
    servers.push(...(page.items ?? []));
  return servers;
}

/**
 * A server by its id or by its host name, when only one has it. Errors: SERVER_NOT_FOUND, SERVER_AMBIGUOUS.
 */
export async function findServer(client: ApiClient, idOrName: string): Promise<Mgn.SourceServer> {
  const servers = await listServers(client, true);
  const named = (server: Mgn.SourceServer) =>
    server.sourceProperties?.identificationHints?.hostname === idOrName;
  const byId = servers.filter((server) => server.sourceServerID === idOrName);
  const byName = servers.filter((server) => named(server) && server.isArchived !== true);
  const found = byId.length > 0 ? byId : byName;
  const [server] = found;
  if (server === undefined) {
    const hint = '`landfall server list` shows the servers there are';
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

export function idOf(server: Mgn.SourceServer): string {
  if (server.sourceServerID === undefined)
    throw new OperationError('API_ANSWER_INVALID', 'a source server without an id');
  return server.sourceServerID;
}
