/**
 * One PostgreSQL server of the campaign: Debian's binaries, an unprivileged user, a cluster in a folder of
 * its own, reached by a unix socket of the abstract namespace and by nothing else.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { OperationError, type RunResult, systemClock } from '../../packages/runtime/src/index.ts';
import { OwnProcess } from './own-process.ts';
import { runTool, runToolChecked } from './patient-tool.ts';

const BINARIES = '/usr/lib/postgresql';
/** Made by Debian's package; the server refuses to run as root. */
const USER = 'postgres';
const READY_ATTEMPTS_MAX = 6000;
const READY_PAUSE_MS = 50;

/** Small, and often at a checkpoint, so that recovery begins at many places. Durability as by default. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '',
  unix_socket_permissions: '0777',
  // In the cluster's folder: what a killed server leaves elsewhere would stay.
  dynamic_shared_memory_type: 'mmap',
  shared_buffers: '16MB',
  max_connections: '20',
  max_wal_size: '8MB',
  min_wal_size: '4MB',
  checkpoint_timeout: '30s',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_worker_processes: '0',
  jit: 'off',
  autovacuum_naptime: '1s',
  log_checkpoints: 'on',
};

/** The newest version that is installed. Errors: TOOL_MISSING. */
export async function postgresBinary(name: string): Promise<string> {
  const versions = (await readdir(BINARIES)).map(Number).filter((version) => version > 0);
  if (versions.length > 0) return join(BINARIES, String(Math.max(...versions)), 'bin', name);
  throw new OperationError('TOOL_MISSING', `${BINARIES} is empty`, {
    hint: 'install the package postgresql',
  });
}

/** A new cluster whose pages carry checksums. `folder` must be reachable by every user. */
export async function createCluster(folder: string): Promise<void> {
  await runToolChecked(['install', '-d', '-o', USER, '-g', USER, '-m', '0700', folder]);
  const initdb = [await postgresBinary('initdb'), '-D', folder, '-A', 'trust', '-U', USER, '-E', 'UTF8'];
  const how = ['--locale=C.UTF-8', '--data-checksums', '--wal-segsize=1', '--no-sync'];
  await runToolChecked(asUser([...initdb, ...how]), { cwd: '/' });
}

export class PostgresCluster {
  readonly #folder: string;
  readonly #socket: string;
  readonly #logFile: string;
  #server: OwnProcess | undefined;

  /** `name` tells its socket from those of all other running clusters. */
  constructor(options: { readonly folder: string; readonly name: string; readonly logFile: string }) {
    this.#folder = options.folder;
    this.#socket = `@landfall-crash-${process.pid}-${options.name}`;
    this.#logFile = options.logFile;
  }

  get connection(): readonly string[] {
    return ['-h', this.#socket, '-U', USER, 'postgres'];
  }

  /**
   * Starts the server, which recovers the cluster first, and waits until it answers. `recovered` after a cut:
   * the lock file names a process of the source; on a machine of its own that would not be running.
   */
  async start({ recovered = false } = {}): Promise<void> {
    if (recovered) await rm(join(this.#folder, 'postmaster.pid'), { force: true });
    const settings = Object.entries({ ...SETTINGS, unix_socket_directories: this.#socket });
    const flags = settings.flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const argv = [await postgresBinary('postgres'), '-D', this.#folder, ...flags];
    this.#server = new OwnProcess({ argv, user: USER, logFile: this.#logFile });
    this.#server.start();
    for (let attempt = 1; (await this.#ask('SELECT 1')).exitCode !== 0; attempt += 1) {
      if (!this.isRunning || attempt === READY_ATTEMPTS_MAX) throw await this.#notReady();
      await systemClock.sleep(READY_PAUSE_MS);
    }
  }

  get isRunning(): boolean {
    return this.#server?.isRunning === true;
  }

  /** One line a row, columns separated by `|`. Errors: TOOL_FAILED. */
  async query(sql: string): Promise<readonly string[]> {
    const result = await this.#ask(sql);
    if (result.exitCode === 0) return result.stdout.split('\n').filter((line) => line !== '');
    throw new OperationError('TOOL_FAILED', `psql: ${result.stderr.trim().slice(-1000)}`);
  }

  /** `SIGINT`: in order; `SIGQUIT`: at once, to be recovered at the next start. */
  async stop(signal: 'SIGINT' | 'SIGQUIT'): Promise<void> {
    await this.#server?.end(signal);
  }

  #ask(sql: string): Promise<RunResult> {
    const how = ['psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-c', sql];
    return runTool([...how, ...this.connection]);
  }

  async #notReady(): Promise<OperationError> {
    const log = await runTool(['tail', '-n', '20', this.#logFile]);
    return new OperationError('TOOL_FAILED', `PostgreSQL did not start: ${log.stdout.trim()}`);
  }
}

function asUser(argv: readonly string[]): readonly string[] {
  return ['setpriv', '--reuid', USER, '--regid', USER, '--init-groups', '--', ...argv];
}
