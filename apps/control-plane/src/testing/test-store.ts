/**
 * Where tests of a whole control plane keep its tables: in SQLite, or, where `LANDFALL_TEST_POSTGRES` names a
 * PostgreSQL that may be used freely, in a database of its own there.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { systemRandom } from '@landfall/runtime';
import { Client } from 'pg';
import { SQLITE_FILE } from '../store/sqlite-store.ts';
import type { StoreLocation } from '../store/store.ts';
import { cleanUpAfter } from './clean-up.ts';

export const POSTGRES_VARIABLE = 'LANDFALL_TEST_POSTGRES';

export async function testStoreLocation(t: TestContext): Promise<StoreLocation | undefined> {
  const server = process.env[POSTGRES_VARIABLE];
  return server === undefined ? undefined : createDatabase(t, server);
}

/** `server`: the URL of any database of it, with the rights to make others. */
export async function createDatabase(t: TestContext, server: string, how = ''): Promise<StoreLocation> {
  const name = `landfall_${systemRandom.uuid().replaceAll('-', '')}`;
  await ask(server, `create database ${name} ${how}`);
  cleanUpAfter(t, () => ask(server, `drop database ${name} with (force)`));
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, password: undefined };
}

/** As it lies on the disk, or as PostgreSQL writes all tables out. */
export async function storedContent(location: StoreLocation | undefined, stateDir: string): Promise<Buffer> {
  if (location === undefined) {
    const files = ['', '-wal'].map((suffix) => readFile(join(stateDir, `${SQLITE_FILE}${suffix}`)));
    return Buffer.concat(await Promise.all(files));
  }
  const [content] = await ask(location.url, `select schema_to_xml(current_schema, false, false, '') as rows`);
  return Buffer.from(JSON.stringify(content));
}

export async function ask(url: string, sql: string): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
