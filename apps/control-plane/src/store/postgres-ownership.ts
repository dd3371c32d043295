/** Whose the database is: a lock that lives with the session, and a mark that is new at every start. */
import { type Clock, OperationError } from '@landfall/runtime';
import type { Client } from 'pg';

/** 'land', 'fall' as numbers: of advisory locks each application chooses its own. */
const LOCK = [0x6c616e64, 0x66616c6c] as const;
const MARK_KEY = 'store-owner';
/** A process that was just killed is noticed by then. */
const LOCK_ATTEMPTS_MAX = 30;
const LOCK_PAUSE_MS = 100;

/** Errors: STORE_UNSUPPORTED. */
export async function prepareSession(client: Client): Promise<void> {
  const { rows } = await client.query<{ encoding: string; commit: string }>(
    `select current_setting('server_encoding') as encoding, current_setting('synchronous_commit') as commit`,
  );
  const { encoding, commit } = rows[0] ?? {};
  if (encoding !== 'UTF8') {
    throw new OperationError('STORE_UNSUPPORTED', `the database keeps text as ${encoding}, not as UTF8`, {
      hint: "create another one: createdb --encoding UTF8 --template template0 'landfall'",
    });
  }
  // S5: stricter is fine, laxer is not.
  if (commit === 'off') await client.query('set synchronous_commit = on');
  // The lock of a machine that is gone is given back within half a minute.
  await client.query('set tcp_keepalives_idle = 15');
  await client.query('set tcp_keepalives_interval = 5');
  await client.query('set tcp_keepalives_count = 3');
}

/** P1, P4. Errors: STATE_IN_USE. */
export async function lockDatabase(
  client: Client,
  { name, clock }: { readonly name: string; readonly clock: Clock },
): Promise<void> {
  for (let attempt = 1; attempt <= LOCK_ATTEMPTS_MAX; attempt += 1) {
    const { rows } = await client.query<{ locked: boolean }>(
      'select pg_try_advisory_lock($1, $2) as locked',
      [...LOCK],
    );
    if (rows[0]?.locked === true) return;
    await endOwnSession(client, name);
    await clock.sleep(LOCK_PAUSE_MS);
  }
  throw new OperationError('STATE_IN_USE', 'another control plane is using the database', {
    hint: 'stop it first, or name another database with --store',
  });
}

async function endOwnSession(client: Client, name: string): Promise<void> {
  await client.query(
    `select pg_terminate_backend(activity.pid)
       from pg_locks held join pg_stat_activity activity on activity.pid = held.pid
      where held.locktype = 'advisory' and held.classid = $1 and held.objid = $2 and held.granted
        and activity.datname = current_database() and activity.application_name = $3
        and activity.pid <> pg_backend_pid()`,
    [...LOCK, name],
  );
}

export async function readMark(client: Client): Promise<string | undefined> {
  const { rows } = await client.query<{ value: string }>('select value from setting where key = $1', [
    MARK_KEY,
  ]);
  return rows[0]?.value;
}

export async function writeMark(client: Client, mark: string): Promise<void> {
  await client.query(
    `insert into setting (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value`,
    [MARK_KEY, mark],
  );
}
