import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { silentLogger, systemClock, systemRandom } from '@landfall/runtime';
import { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { serverRecord } from '../testing/server-records.ts';
import { temporaryFolder } from '../testing/test-control-plane.ts';
import { encodeDocument } from './document.ts';
import { MIGRATIONS } from './migrations.ts';
import { openStore } from './open-store.ts';
import type { Database } from './schema.ts';
import { countDisksByHome, listServers } from './source-servers.ts';
import { openSqliteFile, sqliteDialect } from './sqlite-dialect.ts';
import { openSqliteStore, SQLITE_FILE } from './sqlite-store.ts';
import { testStore } from './store.conformance.ts';

testStore('SQLite', async (t) => {
  const stateDir = await temporaryFolder(t);
  return () => openSqliteStore(stateDir);
});

const world = { clock: systemClock, random: systemRandom, log: silentLogger };

test('a state folder stays with the database it began with', async (t) => {
  const stateDir = await temporaryFolder(t);
  const location = { url: 'postgres://nobody@127.0.0.1:1/none', password: undefined };
  await (await openStore({ stateDir, location: undefined, ...world })).close();
  await assert.rejects(openStore({ stateDir, location, ...world }), { code: 'STORE_CHANGED' });
  // A folder of an earlier version says nothing.
  await rm(join(stateDir, 'store-kind'));
  await assert.rejects(openStore({ stateDir, location, ...world }), { code: 'STORE_CHANGED' });
  await (await openStore({ stateDir, location: undefined, ...world })).close();
});

test('servers of an earlier version are listed, with their disks counted', async (t) => {
  const stateDir = await temporaryFolder(t);
  const file = openSqliteFile({ path: join(stateDir, SQLITE_FILE), busyTimeoutMs: 0 });
  const old = new Kysely<Database>({ dialect: sqliteDialect(file) });
  const provider = { getMigrations: async () => ({ ...MIGRATIONS }) };
  const { error } = await new Migrator({ db: old, provider }).migrateTo('0010-identity');
  assert.equal(error, undefined);
  const server = serverRecord({ sourceServerId: 's-1', createdAtMs: 7, replicationServerId: 'rs-1' });
  const row = { source_server_id: 's-1', created_at_ms: 7, life_cycle_state: 'NOT_READY', is_archived: 0 };
  const document = encodeDocument(server);
  const older = old as unknown as Kysely<{ source_server: typeof row & Record<string, unknown> }>;
  await older
    .insertInto('source_server')
    .values({ ...row, replication_server_id: 'rs-1', document })
    .execute();
  await old.destroy();
  const store = await openSqliteStore(stateDir);
  assert.deepEqual(await listServers(store.db, {}, { limit: 9 }), [server]);
  assert.equal((await countDisksByHome(store.db)).get('rs-1'), 2);
  await store.close();
});
