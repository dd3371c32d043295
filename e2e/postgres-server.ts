/**
 * A PostgreSQL of a story: Debian's binaries, an unprivileged user, a cluster in a temporary folder with its
 * socket in it. The kernel ends it with the story; the folder of one that was killed is removed by the next.
 */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OperationError, run, runChecked, systemClock } from '../packages/runtime/src/index.ts';
import { OwnProcess } from './crash/own-process.ts';
import { postgresBinary } from './crash/postgres-cluster.ts';

/** Made by Debian's package; the server refuses to run as root. */
const USER = 'postgres';
const PREFIX = 'landfall-postgres-';
const READY_ATTEMPTS_MAX = 1200;
const READY_PAUSE_MS = 50;

export interface PostgresServerOptions {
  /** Of its superuser, asked for over TCP; the socket asks for none. */
  readonly password: string;
  readonly port: number;
}

export class PostgresServer {
  readonly #folder: string;
  readonly #port: number;
  #server: OwnProcess | undefined;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
  }

  static async create({ password, port }: PostgresServerOptions): Promise<PostgresServer> {
    await removeLeftovers();
    const folder = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
    const cluster = join(folder, 'cluster');
    const passwordFile = join(folder, 'password');
    await writeFile(passwordFile, password, { mode: 0o600 });
    await runChecked(['chown', '-R', USER, folder]);
    const initdb = [await postgresBinary('initdb'), '-D', cluster, '-U', USER, '-E', 'UTF8'];
    const access = ['--auth-local=trust', '--auth-host=scram-sha-256', `--pwfile=${passwordFile}`];
    await runChecked(asUser([...initdb, ...access, '--locale=C.UTF-8', '--no-sync']), { cwd: '/' });
    const server = new PostgresServer(folder, port);
    await server.start();
    return server;
  }

  /** Of the database `name`, over the socket. */
  url(name = 'postgres'): string {
    return `postgres://${USER}@localhost:${this.#port}/${name}?host=${encodeURIComponent(this.#folder)}`;
  }

  /** Of the database `name`, over TCP. */
  tcpUrl(name = 'postgres'): string {
    return `postgres://${USER}@127.0.0.1:${this.#port}/${name}`;
  }

  async start(): Promise<void> {
    const settings = {
      listen_addresses: '127.0.0.1',
      port: String(this.#port),
      unix_socket_directories: this.#folder,
      dynamic_shared_memory_type: 'mmap',
      shared_buffers: '32MB',
      // Processes are killed here, not machines: what the kernel has is not lost.
      fsync: 'off',
      // Dropping a database would wait for its next round.
      autovacuum: 'off',
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const argv = [await postgresBinary('postgres'), '-D', join(this.#folder, 'cluster'), ...flags];
    this.#server = new OwnProcess({ argv, user: USER, logFile: join(this.#folder, 'postgres.log') });
    this.#server.start();
    const ask = [await postgresBinary('pg_isready'), '-h', this.#folder, '-p', String(this.#port)];
    for (let attempt = 1; (await run(ask)).exitCode !== 0; attempt += 1) {
      if (!this.#server.isRunning || attempt === READY_ATTEMPTS_MAX) throw await this.#notReady();
      await systemClock.sleep(READY_PAUSE_MS);
    }
  }

  /** `SIGINT`: in order, whoever is connected; `SIGQUIT`: at once, to be recovered at the next start. */
  async stop(signal: 'SIGINT' | 'SIGQUIT'): Promise<void> {
    await this.#server?.end(signal);
  }

  async remove(): Promise<void> {
    await this.stop('SIGQUIT');
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #notReady(): Promise<OperationError> {
    const log = await run(['tail', '-n', '20', join(this.#folder, 'postgres.log')]);
    return new OperationError('TOOL_FAILED', `PostgreSQL did not start: ${log.stdout.trim()}`);
  }
}

function asUser(argv: readonly string[]): readonly string[] {
  return ['setpriv', '--reuid', USER, '--regid', USER, '--init-groups', '--', ...argv];
}

async function removeLeftovers(): Promise<void> {
  const running = new Set(await readdir('/proc'));
  for (const name of await readdir(tmpdir())) {
    const [, pid] = /^landfall-postgres-(\d+)-/.exec(name) ?? [];
    if (pid === undefined || running.has(pid)) continue;
    await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
}
