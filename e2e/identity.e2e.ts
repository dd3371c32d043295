/** Users, keys, policies, roles and audit as an operator types them, and `aws` with what they make. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import type { Landfall } from '../packages/api/src/index.ts';
import { run } from '../packages/runtime/src/index.ts';
import { Site } from './site.ts';

let site: Site;

before(async () => {
  site = await Site.create();
});

after(() => site?.close());

function aws(parameters: readonly string[], credentials: Readonly<Record<string, string>>) {
  return run(['/usr/bin/aws', ...parameters, '--endpoint-url', site.services.url, '--output', 'json'], {
    env: {
      ...credentials,
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_CA_BUNDLE: join(site.stateDir, 'control-plane/ca.pem'),
      AWS_MAX_ATTEMPTS: '1',
    },
  });
}

test('a user may do what the policy says, becomes a role, and all of it is in the audit log', async () => {
  await site.landfallJson('user', 'create', 'ann');
  const key = await site.landfallJson<Landfall.CreateAccessKeyResponse>('access-key', 'create', 'ann');
  const ann = { AWS_ACCESS_KEY_ID: key.accessKey.accessKeyID, AWS_SECRET_ACCESS_KEY: key.secretAccessKey };
  const refused = await aws(['mgn', 'describe-jobs'], ann);
  assert.match(
    refused.stderr,
    /AccessDeniedException.*user\/ann is not authorized to perform: mgn:DescribeJobs/,
  );
  await site.landfallJson('policy', 'attach', 'AWSApplicationMigrationReadOnlyAccess', '--user', 'ann');
  assert.equal((await aws(['mgn', 'describe-jobs'], ann)).exitCode, 0);

  const file = join(site.folder, 'trust.json');
  const statement = { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::000000000000:user/ann' } };
  const trust = { Version: '2012-10-17', Statement: { ...statement, Action: 'sts:AssumeRole' } };
  await writeFile(file, JSON.stringify(trust));
  const role = await site.landfallJson<Landfall.IdentityRole>('role', 'create', 'mover', file);
  const session = ['--role-arn', role.arn, '--role-session-name', 'night'];
  const assumed = await aws(['sts', 'assume-role', ...session], ann);
  assert.equal(assumed.exitCode, 0, assumed.stderr);
  const { Credentials: made } = JSON.parse(assumed.stdout);
  const who = await aws(['sts', 'get-caller-identity'], {
    AWS_ACCESS_KEY_ID: made.AccessKeyId,
    AWS_SECRET_ACCESS_KEY: made.SecretAccessKey,
    AWS_SESSION_TOKEN: made.SessionToken,
  });
  assert.match(who.stdout, /assumed-role\/mover\/night/);

  const wrong = await site.landfall('policy', 'put', 'testers', file);
  assert.match(wrong.stderr, /Statement\[0\] has a member that is not known: Principal/);
  await site.landfallJson('access-key', 'deactivate', 'ann', key.accessKey.accessKeyID);
  assert.match((await aws(['mgn', 'describe-jobs'], ann)).stderr, /UnrecognizedClientException/);
  await site.landfallJson('user', 'delete', 'ann');

  const events = await site.landfallJson<Landfall.AuditEvent[]>('audit', '--limit', '1000');
  const told = events.map(({ principal, action, outcome }) =>
    [principal?.split(':')[5], action, outcome].join(' '),
  );
  for (const expected of [
    'user/ann mgn:DescribeJobs AccessDeniedException',
    'user/ann mgn:DescribeJobs SUCCESS',
    'user/ann sts:AssumeRole SUCCESS',
    'assumed-role/mover/night sts:GetCallerIdentity SUCCESS',
    'user/administrator landfall:PutPolicy ValidationException',
    'user/administrator landfall:DeleteUser SUCCESS',
  ])
    assert.ok(told.includes(expected), `${expected}\n${told.join('\n')}`);
});
