/**
 * PostgreSQL under test: pgbench with several clients that move amounts between accounts and write each move
 * into a ledger. At a cut the server must recover by itself, its indexes and heaps must be sound, the
 * accounts must agree with the ledger, and of each client exactly the transactions up to one must be there
 * that fits the time of the cut.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError, systemClock } from '../../packages/runtime/src/index.ts';
import { OwnProcess } from './own-process.ts';
import { runTool, runToolChecked } from './patient-tool.ts';
import { PostgresCluster, postgresBinary } from './postgres-cluster.ts';
import { addProofs, type CutTime, check, type Proof } from './proof.ts';
import { proveSequence, type SequenceHistory, type Transaction } from './sequence-history.ts';
import type { ProvedPlace, Workload } from './workload.ts';

const CLIENTS = 4;
/** Of all clients together. What matters is the order of writes, not how many there are. */
const TRANSACTIONS_A_SECOND = 400;
const ACCOUNTS = 100;
const CLUSTER = 'pg';
const LOG_PREFIX = 'pgbench-history';
const POLL_MS = 50;
/** pgbench wants an end; it is told earlier. */
const SECONDS_MAX = 24 * 3600;

/** Accounts up to the half come first, so that no two clients wait for each other. */
const SCRIPT = `\\set n :n + 1
\\set payer random(1, ${ACCOUNTS / 2})
\\set payee random(${ACCOUNTS / 2 + 1}, ${ACCOUNTS})
\\set amount random(1, 1000)
BEGIN;
UPDATE account SET balance = balance - :amount WHERE id = :payer;
UPDATE account SET balance = balance + :amount WHERE id = :payee;
INSERT INTO ledger VALUES (:client_id, :n, :payer, :payee, :amount);
COMMIT;
`;

export const POSTGRES_SCHEMA = `
CREATE EXTENSION amcheck;
CREATE TABLE account (id int PRIMARY KEY, balance bigint NOT NULL);
CREATE TABLE ledger (client int, n int, payer int, payee int, amount int, PRIMARY KEY (client, n));
INSERT INTO account SELECT id, 0 FROM generate_series(1, ${ACCOUNTS}) id;
`;

/** A query, what its answer must be, and what is wrong otherwise. */
const INVARIANTS: readonly { readonly sql: string; readonly answer: string; readonly broken: string }[] = [
  { sql: 'SELECT sum(balance) FROM account', answer: '0', broken: 'the balances do not add up to nothing' },
  {
    sql: `SELECT count(*) FROM account a WHERE balance <>
      coalesce((SELECT sum(amount) FROM ledger WHERE payee = a.id), 0) -
      coalesce((SELECT sum(amount) FROM ledger WHERE payer = a.id), 0)`,
    answer: '0',
    broken: 'accounts disagree with the ledger',
  },
  {
    sql: 'SELECT count(*) FROM (SELECT client FROM ledger GROUP BY client HAVING count(*) <> max(n)) gaps',
    answer: '0',
    broken: 'clients have gaps in their transactions',
  },
  {
    sql: `SELECT count(*) FROM (SELECT * FROM verify_heapam('ledger') UNION ALL SELECT * FROM verify_heapam('account')) found`,
    answer: '0',
    broken: 'verify_heapam finds corruption',
  },
  {
    sql: `SELECT count(bt_index_check(indexrelid, true)) FROM pg_index
      WHERE indrelid IN ('ledger'::regclass, 'account'::regclass)`,
    answer: '2',
    broken: 'the indexes do not fit their tables',
  },
];

export interface PostgresOptions {
  readonly mountPoint: string;
  /** For logs; not on the disk under test. */
  readonly folder: string;
  /** A cluster with the schema, as `createPostgresTemplate` leaves it. */
  readonly template: string;
}

export class PostgresWorkload implements Workload {
  readonly #options: PostgresOptions;
  readonly #cluster: PostgresCluster;
  #clients: OwnProcess | undefined;
  #proofs = 0;

  constructor(options: PostgresOptions) {
    this.#options = options;
    const { mountPoint, folder } = options;
    const logFile = join(folder, 'postgres.log');
    this.#cluster = new PostgresCluster({ folder: join(mountPoint, CLUSTER), name: 'source', logFile });
  }

  async start(): Promise<void> {
    const { mountPoint, folder, template } = this.#options;
    await runToolChecked(['chmod', '755', mountPoint]);
    await runToolChecked(['cp', '-a', template, join(mountPoint, CLUSTER)]);
    // PostgreSQL syncs what it writes, and takes for granted what was there before it.
    await runToolChecked(['sync', '--file-system', mountPoint]);
    await this.#cluster.start();
    const script = join(folder, 'pgbench.sql');
    await writeFile(script, SCRIPT);
    const load = ['-n', '-c', String(CLIENTS), '-j', '1', '-T', String(SECONDS_MAX), '-D', 'n=0'];
    const pace = ['-R', String(TRANSACTIONS_A_SECOND)];
    const log = ['-l', '--log-prefix', join(folder, LOG_PREFIX), '-f', script];
    const argv = [await postgresBinary('pgbench'), ...load, ...pace, ...log, ...this.#cluster.connection];
    this.#clients = new OwnProcess({ argv, logFile: join(folder, 'pgbench.log') });
    this.#clients.start();
    while ((await this.#cluster.query('SELECT count(*) FROM ledger'))[0] === '0') {
      this.assertRunning();
      await systemClock.sleep(POLL_MS);
    }
  }

  /** SIGALRM is what pgbench's own time limit sends: it ends after the transactions under way. */
  async stop(): Promise<void> {
    await this.#clients?.end('SIGALRM');
    await this.#cluster.stop('SIGINT');
  }

  async pause(): Promise<void> {
    await this.#clients?.pause();
  }

  resume(): void {
    this.#clients?.resume();
  }

  assertRunning(): void {
    const names = { postgres: this.#cluster.isRunning, pgbench: this.#clients?.isRunning === true };
    for (const [name, runs] of Object.entries(names)) {
      if (!runs) throw new Error(`${name} has ended by itself: see ${name}.log`);
    }
  }

  async prove({ mountPoint }: ProvedPlace, cut: CutTime): Promise<Proof> {
    const folder = join(mountPoint, CLUSTER);
    const histories = await this.#histories();
    // The cut is later than the cluster: replication begins after the first transactions.
    const exists = await runTool(['test', '-e', join(folder, 'PG_VERSION')]);
    if (exists.exitCode !== 0) return check(false, () => 'postgres: the cluster is missing');
    this.#proofs += 1;
    const logFile = join(this.#options.folder, `postgres-recovery-${this.#proofs}.log`);
    const cluster = new PostgresCluster({ folder, name: `proof-${this.#proofs}`, logFile });
    try {
      await cluster.start({ recovered: true });
      const invariants = await proveInvariants(cluster);
      return addProofs(invariants, await proveClients(cluster, histories, cut));
    } catch (error) {
      return check(false, () => `postgres: ${describeError(error)}`);
    } finally {
      await cluster.stop('SIGQUIT');
    }
  }

  /**
   * By client. A line of pgbench's log: client, number, microseconds since it was due, script, end (s), end
   * (µs), microseconds it was begun after it was due.
   */
  async #histories(): Promise<ReadonlyMap<number, SequenceHistory>> {
    const { folder } = this.#options;
    const names = (await readdir(folder)).filter((name) => name.startsWith(LOG_PREFIX));
    const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
    const histories = new Map<number, Transaction[]>(
      Array.from({ length: CLIENTS }, (_, client) => [client, []]),
    );
    for (const line of texts.join('').trim().split('\n')) {
      const [client = 0, , sinceDueUs = 0, , endSeconds = 0, endUs = 0, lateUs = 0] = line
        .split(' ')
        .map(Number);
      const acknowledgedMs = endSeconds * 1000 + endUs / 1000;
      const beginMs = acknowledgedMs - (sinceDueUs - lateUs) / 1000;
      histories.get(client)?.push({ beginMs, acknowledgedMs });
    }
    return histories;
  }
}

async function proveInvariants(cluster: PostgresCluster): Promise<Proof> {
  const proofs: Proof[] = [];
  for (const { sql, answer, broken } of INVARIANTS) {
    const [said] = await cluster.query(sql);
    proofs.push(check(said === answer, () => `postgres: ${broken} (${said})`));
  }
  return addProofs(...proofs);
}

async function proveClients(
  cluster: PostgresCluster,
  histories: ReadonlyMap<number, SequenceHistory>,
  cut: CutTime,
): Promise<Proof> {
  const lines = await cluster.query('SELECT client, max(n) FROM ledger GROUP BY client');
  const present = new Map(lines.map((line) => line.split('|').map(Number) as [number, number]));
  const proofs = [...histories].map(([client, history]) => {
    return proveSequence({
      who: `pgbench client ${client}`,
      history,
      present: present.get(client) ?? 0,
      cut,
    });
  });
  return addProofs(...proofs);
}
