import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { silentLogger } from '@landfall/runtime';
import { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { startControlPlane } from '../control-plane.ts';
import { MIGRATIONS } from '../store/migrations.ts';
import type { Database } from '../store/schema.ts';
import { openSqliteFile, sqliteDialect } from '../store/sqlite-dialect.ts';
import { cleanUpAfter } from '../testing/clean-up.ts';
import { startTestControlPlane, temporaryFolder } from '../testing/test-control-plane.ts';
import { addTestUser } from '../testing/test-users.ts';

const UNKNOWN = { name: 'UnrecognizedClientException' };

test('a key works at once, not while it is switched off, and never after its user', async (t) => {
  const plane = await startTestControlPlane(t);
  const admin = plane.api;
  const user = await addTestUser(plane, { userName: 'ann', policies: ['AdministratorAccess'] });
  const call = () => user.api.landfall('DescribeService', {});
  await call();
  const key = { userName: 'ann', accessKeyID: user.accessKeyId };
  await admin.landfall('UpdateAccessKey', { ...key, status: 'INACTIVE' });
  await assert.rejects(call(), UNKNOWN);
  await admin.landfall('UpdateAccessKey', { ...key, status: 'ACTIVE' });
  await call();
  await admin.landfall('CreateAccessKey', { userName: 'ann' });
  await assert.rejects(admin.landfall('CreateAccessKey', { userName: 'ann' }), {
    name: 'ServiceQuotaExceededException',
  });
  const listed = await admin.landfall('ListAccessKeys', { userName: 'ann' });
  assert.equal(listed.items.length, 2);
  assert.ok(!JSON.stringify(listed).includes(user.secretAccessKey));
  await assert.rejects(admin.landfall('DeleteAccessKey', { ...key, userName: 'administrator' }), {
    name: 'ResourceNotFoundException',
  });
  await admin.landfall('DeleteUser', { userName: 'ann' });
  await assert.rejects(call(), UNKNOWN);
  await admin.landfall('CreateUser', { userName: 'ann' });
  await assert.rejects(call(), UNKNOWN);
  assert.deepEqual(
    (await admin.landfall('ListUsers', {})).items.map(({ userName, policies }) => [userName, policies]),
    [
      ['administrator', ['AdministratorAccess']],
      ['ann', []],
    ],
  );
  const refusals = [
    admin.landfall('DeleteUser', { userName: 'administrator' }),
    admin.landfall('DetachPolicy', { userName: 'administrator', policyName: 'AdministratorAccess' }),
    admin.landfall('CreateUser', { userName: 'ann' }),
  ];
  await Promise.all(refusals.map((refused) => assert.rejects(refused, { name: 'ConflictException' })));
});

test('I6: credentials of an earlier version keep working, and no secret stays readable', async (t) => {
  const stateDir = await temporaryFolder(t);
  const secret = 'an/earlier/version/wrote/this/secret+key';
  const path = join(stateDir, 'control-plane.sqlite');
  const db = new Kysely<Database>({ dialect: sqliteDialect(openSqliteFile({ path, busyTimeoutMs: 1000 })) });
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...MIGRATIONS }) } });
  const { error } = await migrator.migrateTo('0004-preflights');
  assert.equal(error, undefined);
  const row = {
    access_key_id: 'AKIAEARLIERVERSION00',
    secret_access_key: secret,
    principal: 'administrator',
  };
  await db
    .insertInto('access_key')
    .values({ ...row, created_at_ms: 1, revoked_at_ms: null } as never)
    .execute();
  await db.destroy();
  const options = { stateDir, listen: '127.0.0.1', port: 0, addresses: ['127.0.0.1'], region: 'us-east-1' };
  const plane = await startControlPlane({ ...options, log: silentLogger });
  cleanUpAfter(t, () => plane.close());
  const admin = JSON.parse(await readFile(join(stateDir, 'admin-credentials.json'), 'utf8'));
  assert.deepEqual([admin.accessKeyId, admin.secretAccessKey], [row.access_key_id, secret]);
  await plane.close();
  assert.ok(!(await readFile(path)).includes(secret), 'it is in no page of the database');
  await rm(join(stateDir, 'identity-key'));
  await assert.rejects(startControlPlane({ ...options, log: silentLogger }), {
    code: 'STATE_UNREADABLE',
    message: /identity-key.*is missing/,
  });
});
