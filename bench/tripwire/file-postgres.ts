/** A PostgreSQL whose files lie on the disk that is watched; reached by a socket in its folder only. */
import { chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runChecked } from '../../packages/runtime/src/index.ts';

const BIN = '/usr/lib/postgresql/15/bin';
/** It refuses to be root, and must get through folders that are root's. */
const AS_POSTGRES = [
  ...['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'],
  ...['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search', '--'],
];
const TIMEOUT_MS = 10 * 60_000;

export class Postgres {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async create(folder: string): Promise<Postgres> {
    const { stdout } = await runChecked(['id', '--user', 'postgres']);
    await mkdir(join(folder, 'cluster'), { recursive: true });
    for (const path of [folder, join(folder, 'cluster')]) await chown(path, Number(stdout), 0);
    const postgres = new Postgres(folder);
    await postgres.#run('initdb', '--auth=trust', '--no-locale', '-D', join(folder, 'cluster'));
    return Postgres.start(folder);
  }

  static async start(folder: string): Promise<Postgres> {
    const postgres = new Postgres(folder);
    const options = `-c listen_addresses= -c unix_socket_directories=${folder} -c max_wal_size=512MB`;
    const where = ['-D', join(folder, 'cluster'), '-l', join(folder, 'postgres.log')];
    await postgres.#run('pg_ctl', ...where, '-w', '-o', options, 'start');
    return postgres;
  }

  /** `scale`: some 15 MB each. */
  async fill(database: string, scale: number): Promise<void> {
    await this.#run('createdb', '-h', this.#folder, database);
    await this.#run('pgbench', '-h', this.#folder, '-i', '-q', '-s', String(scale), database);
  }

  async dump(database: string, path: string): Promise<void> {
    await this.#run('pg_dump', '-h', this.#folder, '-Fc', '-f', path, database);
  }

  async restore(path: string, database: string): Promise<void> {
    await this.#run('createdb', '-h', this.#folder, database);
    await this.#run('pg_restore', '-h', this.#folder, '-d', database, path);
  }

  async drop(database: string): Promise<void> {
    await this.#run('dropdb', '-h', this.#folder, database);
  }

  async load(database: string, seconds: number): Promise<void> {
    await this.#run('pgbench', '-h', this.#folder, '-c', '4', '-T', String(seconds), database);
  }

  async stop(): Promise<void> {
    await this.#run('pg_ctl', '-D', join(this.#folder, 'cluster'), '-w', '-m', 'fast', 'stop');
  }

  async #run(program: string, ...parameters: readonly string[]): Promise<void> {
    await runChecked([...AS_POSTGRES, join(BIN, program), ...parameters], { timeoutMs: TIMEOUT_MS });
  }
}
