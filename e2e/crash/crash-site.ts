/**
 * Landfall as the campaign runs it: the real control plane, in this process so that its commands can be sent
 * without a launch, on HTTPS as ever; the real replication server as a process of its own, killed and started
 * again.
 */
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from '../../apps/cli/src/demo/free-ports.ts';
import { type ControlPlane, startControlPlane } from '../../apps/control-plane/src/control-plane.ts';
import { type ApiClient, createApiClient } from '../../packages/api/src/index.ts';
import type {
  CommandInput,
  CommandName,
  CommandOutput,
  ProgramRole,
} from '../../packages/channel/src/index.ts';
import type { JournalTaskFacts } from '../../packages/model/src/index.ts';
import { createLogger, ensureFolder, OperationError, systemClock } from '../../packages/runtime/src/index.ts';
import { SEGMENT_MIB, writeCampaignRetention } from './campaign-retention.ts';
import { OwnProcess } from './own-process.ts';

const APPS = join(import.meta.dirname, '../../apps');
export const AGENT = join(APPS, 'agent/src/main.ts');
const REPLICATION_SERVER = join(APPS, 'replication-server/src/main.ts');
/** What a program that was just killed may take to answer, on a machine of any speed. */
const COMMAND_ATTEMPTS_MAX = 600;
const COMMAND_TIMEOUT_MS = 60_000;
const PAUSE_MS = 100;

export class CrashSite {
  readonly #plane: ControlPlane;
  readonly api: ApiClient;
  readonly stagingFolder: string;
  readonly replicationServer: OwnProcess;
  #replicationServerId = '';

  private constructor(plane: ControlPlane, api: ApiClient, folder: string, server: OwnProcess) {
    this.#plane = plane;
    this.api = api;
    this.stagingFolder = join(folder, 'staging');
    this.replicationServer = server;
  }

  static async start(folder: string): Promise<CrashSite> {
    await ensureFolder(folder);
    const stateDir = join(folder, 'control-plane');
    const log = createWriteStream(join(folder, 'control-plane.log'), { flags: 'a' });
    const plane = await startControlPlane({
      ...{ stateDir, listen: '127.0.0.1', port: 0, addresses: ['127.0.0.1'], region: 'us-east-1' },
      log: createLogger({ program: 'control-plane', write: (line) => log.write(line) }),
    });
    const api = createApiClient(await readAccess(stateDir));
    await api.mgn('InitializeService', {});
    await writeCampaignRetention(join(folder, 'replication-server'));
    const server = new OwnProcess({
      argv: await replicationServerCommand(folder),
      logFile: join(folder, 'replication-server.log'),
    });
    const site = new CrashSite(plane, api, folder, server);
    server.start();
    await site.#waitForReplicationServer();
    return site;
  }

  async #waitForReplicationServer(): Promise<void> {
    for (;;) {
      const [server] = (await this.api.landfall('DescribeService', {})).replicationServers;
      if (server?.connected === true) {
        this.#replicationServerId = server.replicationServerID;
        return;
      }
      if (!this.replicationServer.isRunning)
        throw new Error('the replication server did not start: see its log');
      await systemClock.sleep(PAUSE_MS);
    }
  }

  async createToken(): Promise<string> {
    return (await this.api.landfall('CreateEnrolmentToken', {})).token;
  }

  askReplicationServer<Name extends CommandName<'replication-server'>>(
    name: Name,
    input: CommandInput<'replication-server', Name>,
  ): Promise<CommandOutput<'replication-server', Name>> {
    return this.#ask({ role: 'replication-server', programId: this.#replicationServerId }, name, input);
  }

  askAgent<Name extends CommandName<'agent'>>(
    programId: string,
    name: Name,
    input: CommandInput<'agent', Name>,
  ): Promise<CommandOutput<'agent', Name>> {
    return this.#ask({ role: 'agent', programId }, name, input);
  }

  /** Drops what the tiers do not keep, and removes what nobody sees; resolves when nothing is left to do. */
  async compact(sourceServerId: string): Promise<JournalTaskFacts> {
    const input = { sourceServerId, task: 'COMPACT' as const };
    let task: JournalTaskFacts | undefined = await this.askReplicationServer('startJournalTask', input);
    while (task?.state === 'RUNNING') {
      await systemClock.sleep(PAUSE_MS);
      ({ task } = await this.askReplicationServer('describeJournalTask', input));
    }
    if (task?.state !== 'COMPLETE')
      throw new Error(`compaction failed: ${task?.reason ?? 'it is not known'}`);
    return task;
  }

  /** Ends replication of the server; its staging is given back while other things go on. */
  async retire(sourceServerId: string): Promise<void> {
    await this.api.mgn('DisconnectFromService', { sourceServerID: sourceServerId });
  }

  async close(): Promise<void> {
    await this.replicationServer.end('SIGTERM');
    await this.#plane.close();
  }

  /** Commands may come twice, so one that found its program killed is sent again. */
  async #ask<Role extends ProgramRole, Name extends CommandName<Role>>(
    to: { readonly role: Role; readonly programId: string },
    name: Name,
    input: CommandInput<Role, Name>,
  ): Promise<CommandOutput<Role, Name>> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#plane.service.commands.send(to, name, input, { timeoutMs: COMMAND_TIMEOUT_MS });
      } catch (error) {
        const again = error instanceof OperationError && error.retryable && attempt < COMMAND_ATTEMPTS_MAX;
        if (!again) throw error;
        await systemClock.sleep(PAUSE_MS);
      }
    }
  }
}

async function readAccess(stateDir: string): Promise<Parameters<typeof createApiClient>[0]> {
  const admin = JSON.parse(await readFile(join(stateDir, 'admin-credentials.json'), 'utf8')) as {
    readonly endpoint: string;
    readonly region: string;
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly caFile: string;
  };
  const { endpoint, region } = admin;
  return { endpoint, region, caPem: await readFile(admin.caFile, 'utf8'), credentials: admin };
}

async function replicationServerCommand(folder: string): Promise<readonly string[]> {
  const [port = 0] = await freePorts(1);
  return [
    ...[process.execPath, REPLICATION_SERVER, '--state-dir', join(folder, 'replication-server')],
    ...['--staging-dir', join(folder, 'staging'), '--listen', '127.0.0.1', '--port', String(port)],
    ...['--segment-size', String(SEGMENT_MIB)],
    ...['--address', '127.0.0.1', '--token-file', join(folder, 'control-plane/tokens/replication-server')],
  ];
}
