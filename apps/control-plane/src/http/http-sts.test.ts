import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { request } from 'node:https';
import test, { type TestContext } from 'node:test';
import { type Credentials, signRequest } from '@landfall/api';
import { run } from '@landfall/runtime';
import { type ShiftedClock, shiftedClock } from '../testing/shifted-clock.ts';
import { startTestControlPlane, type TestControlPlane } from '../testing/test-control-plane.ts';
import { addTestUser, clientOf, policyDocument } from '../testing/test-users.ts';

const AWS = '/usr/bin/aws';
const skip = existsSync(AWS) ? false : 'awscli is not installed; install it with apt-get install awscli';
const ROLE = 'arn:aws:iam::000000000000:role/mover';

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
}

interface Caller {
  readonly plane: TestControlPlane;
  readonly clock: ShiftedClock;
}

function sts(
  { plane, clock }: Caller,
  credentials: Credentials,
  form: Record<string, string>,
): Promise<Answer> {
  const body = new URLSearchParams({ Version: '2011-06-15', ...form }).toString();
  const type = 'application/x-www-form-urlencoded; charset=utf-8';
  const headers = { host: `127.0.0.1:${plane.port}`, 'content-type': type };
  const parts = { method: 'POST', rawPath: '/', rawQuery: '', headers, body };
  const scope = { service: 'sts', region: 'us-east-1', nowMs: clock.nowMs() };
  const signed = { ...headers, ...signRequest(parts, credentials, scope) };
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port: plane.port,
      ca: plane.caPem,
      method: 'POST',
      path: '/',
      agent: false,
    };
    const outgoing = request({ ...options, headers: signed }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      incoming.on('end', () => resolve({ status: incoming.statusCode, text }));
    });
    outgoing.on('error', reject).end(body);
  });
}

function element({ text }: Answer, name: string): string {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? '';
}

function credentialsIn(answer: Answer): Required<Credentials> & { readonly sessionToken: string } {
  assert.equal(answer.status, 200, answer.text);
  return {
    accessKeyId: element(answer, 'AccessKeyId'),
    secretAccessKey: element(answer, 'SecretAccessKey'),
    sessionToken: element(answer, 'SessionToken'),
  };
}

async function start(t: TestContext): Promise<Caller> {
  const clock = shiftedClock();
  return { plane: await startTestControlPlane(t, { clock }), clock };
}

test('I8: a session does what its user may, and ends with time, key and user', async (t) => {
  const site = await start(t);
  const { plane, clock } = site;
  const ann = await addTestUser(plane, {
    userName: 'ann',
    policies: ['AWSApplicationMigrationReadOnlyAccess'],
  });
  const who = await sts(site, ann, { Action: 'GetCallerIdentity' });
  assert.equal(element(who, 'Arn'), 'arn:aws:iam::000000000000:user/ann');
  assert.equal(element(who, 'Account'), '000000000000');
  const open = async () =>
    credentialsIn(await sts(site, ann, { Action: 'GetSessionToken', DurationSeconds: '900' }));
  const session = await open();
  assert.match(session.accessKeyId, /^ASIA/);
  const call = (credentials: Credentials) =>
    clientOf(plane, credentials, clock).landfall('DescribeService', {});
  await call(session);
  assert.equal(
    element(await sts(site, session, { Action: 'GetCallerIdentity' }), 'Arn'),
    element(who, 'Arn'),
  );
  const again = await sts(site, session, { Action: 'GetSessionToken' });
  assert.equal(again.status, 403);
  const { sessionToken } = session;
  const middle = Math.floor(sessionToken.length / 2);
  const other = sessionToken[middle] === 'A' ? 'B' : 'A';
  const changed = sessionToken.slice(0, middle) + other + sessionToken.slice(middle + 1);
  const unknown = { name: 'UnrecognizedClientException' };
  await assert.rejects(call({ ...session, sessionToken: changed }), unknown);
  await assert.rejects(call({ ...session, sessionToken: (await open()).sessionToken }), unknown);
  const key = { userName: 'ann', accessKeyID: ann.accessKeyId };
  const admin = clientOf(plane, plane.admin, clock);
  await admin.landfall('UpdateAccessKey', { ...key, status: 'INACTIVE' });
  await assert.rejects(call(session), unknown);
  await admin.landfall('UpdateAccessKey', { ...key, status: 'ACTIVE' });
  await call(session);
  clock.shiftMs += 901_000;
  await assert.rejects(call(session), { name: 'ExpiredTokenException' });
  const last = await open();
  await admin.landfall('DeleteUser', { userName: 'ann' });
  await assert.rejects(call(last), unknown);
});

test('a role is assumed by whom it trusts, and then does what it may', async (t) => {
  const site = await start(t);
  const { plane, clock } = site;
  const { api } = plane;
  const trust = (principal: string) =>
    policyDocument([{ Effect: 'Allow', Principal: { AWS: principal }, Action: 'sts:AssumeRole' }]);
  await api.landfall('CreateRole', {
    roleName: 'mover',
    trustPolicy: trust('arn:aws:iam::000000000000:user/ann'),
  });
  await api.landfall('AttachPolicy', { roleName: 'mover', policyName: 'AWSApplicationMigrationFullAccess' });
  const ann = await addTestUser(plane, { userName: 'ann' });
  const bob = await addTestUser(plane, { userName: 'bob' });
  const assume = { Action: 'AssumeRole', RoleArn: ROLE, RoleSessionName: 'night-shift' };
  const refused = await sts(site, bob, assume);
  assert.equal(refused.status, 403);
  assert.equal(element(refused, 'Code'), 'AccessDenied');
  assert.match(
    element(refused, 'Message'),
    /user\/bob is not authorized to perform: sts:AssumeRole on resource/,
  );
  const answer = await sts(site, ann, assume);
  const session = credentialsIn(answer);
  const arn = 'arn:aws:sts::000000000000:assumed-role/mover/night-shift';
  assert.ok(answer.text.includes(`<Arn>${arn}</Arn>`));
  const role = clientOf(plane, session, clock);
  await role.mgn('InitializeService', {});
  await assert.rejects(role.landfall('ListUsers', {}), {
    message: new RegExp(`^User: ${arn} is not authorized`),
  });
  const { items } = await api.landfall('ListAuditEvents', { principal: arn });
  assert.deepEqual(
    items.map(({ action }) => action),
    ['landfall:ListUsers', 'mgn:InitializeService'],
  );

  await api.landfall('DeleteRole', { roleName: 'mover' });
  await api.landfall('CreateRole', { roleName: 'mover', trustPolicy: trust('000000000000') });
  await assert.rejects(role.mgn('DescribeJobs', {}), { name: 'UnrecognizedClientException' });
  assert.equal((await sts(site, ann, assume)).status, 403, 'who trusts the account leaves it to policies');
  const document = policyDocument([{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: ROLE }]);
  await api.landfall('PutPolicy', { policyName: 'may-move', document });
  await api.landfall('AttachPolicy', { policyName: 'may-move', userName: 'ann' });
  credentialsIn(await sts(site, ann, assume));
});

test('GetSessionToken needs no policy, and is refused by one that denies it', async (t) => {
  const site = await start(t);
  const { plane } = site;
  const free = await addTestUser(plane, { userName: 'free' });
  credentialsIn(await sts(site, free, { Action: 'GetSessionToken' }));
  const statements = [{ Effect: 'Deny', Action: 'sts:*', Resource: '*' }];
  const bound = await addTestUser(plane, { userName: 'bound', statements });
  const refused = await sts(site, bound, { Action: 'GetSessionToken' });
  assert.equal(element(refused, 'Code'), 'AccessDenied');
  assert.match(element(refused, 'Message'), /sts:GetSessionToken on resource: \* with an explicit deny/);
  assert.equal((await sts(site, bound, { Action: 'GetCallerIdentity' })).status, 200);
  const trustPolicy = policyDocument([{ Effect: 'Allow', Principal: '*', Action: 'mgn:StartTest' }]);
  await assert.rejects(plane.api.landfall('CreateRole', { roleName: 'odd', trustPolicy }), {
    message: /trustPolicy: Statement\[0\]\.Action: no action/,
  });
});

test('what is not served is refused, in XML', async (t) => {
  const site = await start(t);
  const { admin } = site.plane;
  const cases: readonly [Record<string, string>, string][] = [
    [{ Action: 'GetFederationToken', Name: 'a' }, 'ValidationError'],
    [{ Action: 'GetSessionToken', SerialNumber: 'm', TokenCode: '123456' }, 'ValidationError'],
    [{ Action: 'GetSessionToken', DurationSeconds: '1' }, 'ValidationError'],
    [{ Action: 'AssumeRole', RoleArn: ROLE, RoleSessionName: 'x y' }, 'ValidationError'],
    [{ Action: 'AssumeRole', RoleArn: ROLE, RoleSessionName: 'ab' }, 'AccessDenied'],
  ];
  for (const [form, code] of cases) {
    const answer = await sts(site, admin, form);
    assert.equal(element(answer, 'Code'), code, answer.text);
  }
  const wrong = await sts(site, { ...admin, secretAccessKey: 'wrong' }, { Action: 'GetCallerIdentity' });
  assert.deepEqual([wrong.status, element(wrong, 'Code')], [403, 'SignatureDoesNotMatch']);
});

test('Debian’s aws sts says who calls, and aws mgn uses its session', { skip }, async (t) => {
  const { plane } = await start(t);
  const { endpoint, accessKeyId, secretAccessKey, region, caFile } = plane.admin;
  const aws = (parameters: readonly string[], credentials: Credentials) =>
    run([AWS, ...parameters, '--endpoint-url', endpoint, '--output', 'json'], {
      env: {
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        ...(credentials.sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: credentials.sessionToken }),
        AWS_DEFAULT_REGION: region,
        AWS_CA_BUNDLE: caFile,
        AWS_MAX_ATTEMPTS: '1',
      },
    });
  const opened = await aws(['sts', 'get-session-token'], { accessKeyId, secretAccessKey });
  assert.equal(opened.exitCode, 0, opened.stderr);
  const { Credentials: found } = JSON.parse(opened.stdout);
  const session = {
    accessKeyId: found.AccessKeyId,
    secretAccessKey: found.SecretAccessKey,
    sessionToken: found.SessionToken,
  };
  const who = await aws(['sts', 'get-caller-identity'], session);
  assert.equal(JSON.parse(who.stdout).Arn, 'arn:aws:iam::000000000000:user/administrator', who.stderr);
  const initialized = await aws(['mgn', 'initialize-service'], session);
  assert.equal(initialized.exitCode, 0, initialized.stderr);
});
