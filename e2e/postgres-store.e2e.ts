/**
 * The store of the control plane on a real PostgreSQL: its contract, two control planes on one database, the
 * database going away and coming back, and then every test of the control plane with its tables in there.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { freePorts } from '../apps/cli/src/demo/free-ports.ts';
import { storeLocation } from '../apps/control-plane/src/store/file-store-location.ts';
import { openPostgresStore } from '../apps/control-plane/src/store/postgres-store.ts';
import { readSetting, writeSetting } from '../apps/control-plane/src/store/settings.ts';
import { testStore } from '../apps/control-plane/src/store/store.conformance.ts';
import type { Store, StoreLocation } from '../apps/control-plane/src/store/store.ts';
import { ask, createDatabase, POSTGRES_VARIABLE } from '../apps/control-plane/src/testing/test-store.ts';
import { run, silentLogger, systemClock, systemRandom } from '../packages/runtime/src/index.ts';
import { PostgresServer } from './postgres-server.ts';

const ROOT = join(import.meta.dirname, '..');
const PASSWORD = 'as secret as can be';
const CONTROL_PLANE_TESTS = 'apps/control-plane/src/**/*.test.ts';
const CONTROL_PLANE_TIMEOUT_MS = 20 * 60_000;
/** Sorts by language, not by bytes: the store must do as on any other. */
const BY_LANGUAGE = `template template0 encoding 'UTF8' locale_provider icu icu_locale 'en-US' locale 'C.UTF-8'`;

let server: PostgresServer;

before(async () => {
  const [port = 0] = await freePorts(1);
  server = await PostgresServer.create({ password: PASSWORD, port });
});

after(() => server.remove());

function openAt(location: StoreLocation): Promise<Store> {
  const world = { clock: systemClock, random: systemRandom, log: silentLogger };
  return openPostgresStore({ location, ...world });
}

const newDatabase = (t: TestContext, how?: string) => createDatabase(t, server.url(), how);

testStore('PostgreSQL', async (t) => {
  const location = await newDatabase(t, BY_LANGUAGE);
  return () => openAt(location);
});

const endSessions = (name: string) => `select pg_terminate_backend(pid) from pg_stat_activity
  where datname = '${name}' and pid <> pg_backend_pid()`;

const nameOf = ({ url }: StoreLocation) => new URL(url).pathname.slice(1);

test('P2: a session that is ended is opened anew, and what was under way is undone and told', async (t) => {
  const location = await newDatabase(t);
  const store = await openAt(location);
  await writeSetting(store.db, 'initialized', 'before');
  await ask(server.url(), endSessions(nameOf(location)));
  assert.equal(await readSetting(store.db, 'initialized'), 'before');
  const cutOff = store.transaction(async (tx) => {
    await writeSetting(tx, 'initialized', 'during');
    await ask(server.url(), endSessions(nameOf(location)));
    await writeSetting(tx, 'initialized', 'after');
  });
  await assert.rejects(cutOff, { code: 'STORE_UNAVAILABLE', retryable: true });
  assert.equal(await readSetting(store.db, 'initialized'), 'before');
  await store.close();
});

test('P3: who has lost the database to another control plane never writes again', async (t) => {
  const location = await newDatabase(t);
  const first = await openAt(location);
  await assert.rejects(openAt(location), { code: 'STATE_IN_USE' });
  await ask(server.url(), endSessions(nameOf(location)));
  const second = await openAt(location);
  await assert.rejects(writeSetting(first.db, 'initialized', 'first'), { code: 'STATE_IN_USE' });
  assert.equal((await first.lost).code, 'STATE_IN_USE');
  await second.close();
  // Also when nobody holds it any more: it was somebody else's in between.
  await assert.rejects(writeSetting(first.db, 'initialized', 'first'), { code: 'STATE_IN_USE' });
  await first.close();
  const third = await openAt(location);
  assert.equal(await readSetting(third.db, 'initialized'), undefined);
  await third.close();
});

test('P3: a short absence in which another one came and went is noticed', async (t) => {
  const location = await newDatabase(t);
  const first = await openAt(location);
  await ask(server.url(), endSessions(nameOf(location)));
  await (await openAt(location)).close();
  await assert.rejects(readSetting(first.db, 'initialized'), { code: 'STATE_IN_USE' });
  await first.close();
});

for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
  test(`a database that is restarted (${signal}) is waited for, and has all that was answered`, async (t) => {
    const location = await newDatabase(t);
    const store = await openAt(location);
    await writeSetting(store.db, 'initialized', 'answered');
    await server.stop(signal);
    const asked = readSetting(store.db, 'initialized');
    await server.start();
    assert.equal(await asked, 'answered');
    await store.close();
  });
}

test('a database that stays away is told, and comes back', async (t) => {
  const location = await newDatabase(t);
  const store = await openAt(location);
  await server.stop('SIGINT');
  const reads = Array.from({ length: 50 }, () => readSetting(store.db, 'initialized'));
  for (const outcome of await Promise.allSettled(reads)) {
    assert.ok(outcome.status === 'rejected');
    assert.equal(outcome.reason.code, 'STORE_UNAVAILABLE');
  }
  await server.start();
  await systemClock.sleep(1000);
  assert.equal(await readSetting(store.db, 'initialized'), undefined);
  await store.close();
});

test('wrong password, no such database, and text that is not UTF-8 are told apart', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-password-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'password');
  const location = await newDatabase(t);
  const url = server.tcpUrl(nameOf(location));
  const openWith = async (password: string) => {
    await writeFile(file, `${password}\n`);
    const named = await storeLocation(url, `file:${file}`);
    assert.ok(named !== undefined);
    return openAt(named);
  };
  await (await openWith(PASSWORD)).close();
  await assert.rejects(openWith('guessed'), (error: { code: string; message: string }) => {
    assert.equal(error.code, 'STORE_REFUSED');
    assert.ok(!JSON.stringify(error).includes('guessed'));
    return true;
  });
  await assert.rejects(openAt({ url, password: undefined }), { code: 'STORE_REFUSED' });
  await assert.rejects(openAt({ url: server.url('nowhere'), password: undefined }), {
    code: 'STORE_REFUSED',
  });
  const ascii = await newDatabase(t, `template template0 encoding 'SQL_ASCII' locale 'C'`);
  await assert.rejects(openAt(ascii), { code: 'STORE_UNSUPPORTED' });
});

test('every test of the control plane holds with its tables in PostgreSQL', async () => {
  const argv = [process.execPath, '--disable-warning=ExperimentalWarning', '--test', '--test-concurrency=2'];
  const env = { [POSTGRES_VARIABLE]: server.url(), NODE_TEST_CONTEXT: undefined };
  const result = await run([...argv, '--test-reporter=tap', CONTROL_PLANE_TESTS], {
    ...{ cwd: ROOT, env, timeoutMs: CONTROL_PLANE_TIMEOUT_MS },
  });
  const [, passed = '0'] = /^# pass (\d+)$/m.exec(result.stdout) ?? [];
  assert.equal(result.exitCode, 0, failuresIn(result.stdout));
  assert.ok(Number(passed) > 100, `${passed} tests passed`);
});

function failuresIn(tap: string): string {
  const lines = tap.split('\n');
  return lines
    .flatMap((line, index) => (/^\s*not ok/.test(line) ? lines.slice(index, index + 30) : []))
    .join('\n')
    .slice(0, 10_000);
}
