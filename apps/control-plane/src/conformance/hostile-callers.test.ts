/**
 * Every operation of every service, asked by whom it must not believe, and in what it cannot read: wrong
 * signatures, things of others, broken and giant bodies, paths and methods of nobody, servers in every state.
 * What must hold of every answer: `hostile-answers.testing.ts`.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type AnyOperation,
  allOperations,
  BODY_BYTES_MAX,
  EC2_OPERATION_NAMES,
  EC2_VERSION,
  ec2Operation,
  encodeInput,
  inputMembers,
  STS_OPERATIONS,
} from '@landfall/api';
import { fullInputOf, fullParametersOf } from '@landfall/api/testing';
import {
  type Inject,
  type InjectedAnswer,
  type InjectedRequest,
  injectInto,
  type SignedRequest,
} from '../testing/injected-requests.ts';
import { startTestControlPlane } from '../testing/test-control-plane.ts';
import { startTestSite, type TestSite } from '../testing/test-site.ts';
import { addTestUser } from '../testing/test-users.ts';
import { checkJsonAnswer, checkXmlAnswer } from './hostile-answers.testing.ts';

const JSON_OPERATIONS: readonly AnyOperation[] = [...allOperations('mgn'), ...allOperations('landfall')];

interface Target {
  readonly name: string;
  readonly request: InjectedRequest;
  /** The code of the error, or `ok`. */
  readonly check: (answer: InjectedAnswer) => string;
}

function requestFor(operation: AnyOperation, input: object = fullInputOf(operation)): InjectedRequest {
  const encoded = encodeInput(operation as never, input as never);
  const { service, method } = operation;
  const { rawPath, rawQuery, body, headers } = encoded;
  return { service, method, rawPath, rawQuery, body, headers };
}

function queryTarget(service: 'ec2' | 'sts', name: string, parameters: object): Target {
  const Version = service === 'ec2' ? EC2_VERSION : '2011-06-15';
  const body = new URLSearchParams({ ...parameters, Action: name, Version }).toString();
  const check = (answer: InjectedAnswer) => checkXmlAnswer(name, answer);
  return { name, request: { service, method: 'POST', rawPath: '/', body }, check };
}

const TARGETS: readonly Target[] = [
  ...JSON_OPERATIONS.map((operation): Target => {
    const check = (answer: InjectedAnswer) => checkJsonAnswer(operation, answer, AUTHENTICATION);
    return { name: operation.name, request: requestFor(operation), check };
  }),
  ...EC2_OPERATION_NAMES.map((name) => queryTarget('ec2', name, fullParametersOf(ec2Operation(name).input))),
  ...Object.keys(STS_OPERATIONS).map((name) => queryTarget('sts', name, {})),
];

/** Of the protocol, and what EC2 and STS call them. */
const AUTHENTICATION = [
  'MissingAuthenticationTokenException',
  'IncompleteSignatureException',
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'ExpiredTokenException',
];
const REFUSED_CALLER =
  /^(MissingAuthenticationToken|IncompleteSignature|UnrecognizedClient|InvalidSignature|ExpiredToken|RequestExpired|SignatureDoesNotMatch|AuthFailure|InvalidClientTokenId)(Exception)?$/;

const MINUTE_MS = 60_000;

/** What makes a signature one that must not be believed. */
function forgeries(accessKeyId: string): Readonly<Record<string, Partial<InjectedRequest>>> {
  const headers =
    (more: Readonly<Record<string, string>>) =>
    (signed: SignedRequest): SignedRequest => ({ ...signed, headers: { ...signed.headers, ...more } });
  return {
    'another secret': { credentials: { accessKeyId, secretAccessKey: 'wrong' } },
    'a key of nobody': { credentials: { accessKeyId: 'AKIA0000000000000000', secretAccessKey: 'x' } },
    'an odd key': { credentials: { accessKeyId: "' OR 1=1 --", secretAccessKey: 'x' } },
    'signed long ago': { aheadMs: -10 * MINUTE_MS },
    'signed ahead of time': { aheadMs: 10 * MINUTE_MS },
    'another region': { region: 'eu-west-9' },
    'another body': { tamper: (signed) => ({ ...signed, body: `${signed.body} ` }) },
    'another query': {
      tamper: (signed) => ({ ...signed, url: `${signed.url}${signed.url.includes('?') ? '&' : '?'}x=1` }),
    },
    'a damaged query': { tamper: (signed) => ({ ...signed, url: `${signed.url}?%ff` }) },
    'another host': { tamper: headers({ host: 'elsewhere' }) },
    'a session of nobody': { tamper: headers({ 'x-amz-security-token': 'nonsense' }) },
    'half a signature': {
      tamper: (signed) =>
        headers({ authorization: String(signed.headers.authorization).slice(0, -10) })(signed),
    },
  };
}

test('no operation believes a signature that is wrong', async (t) => {
  const plane = await startTestControlPlane(t);
  const inject = await injectInto(t, plane);
  let sent = 0;
  for (const { name, request, check } of TARGETS) {
    for (const [what, forgery] of Object.entries(forgeries(plane.admin.accessKeyId))) {
      // A request without a body has none that could be another.
      if (what === 'another body' && request.method !== 'POST') continue;
      const answer = await inject({ ...request, ...forgery });
      assert.match(check(answer), REFUSED_CALLER, `${name}, ${what}: ${answer.status} ${answer.text}`);
      sent += 1;
    }
    sent += await callUnsigned(inject, request);
  }
  t.diagnostic(`requests: ${sent}, of ${TARGETS.length} operations`);
});

/** They do not say which service they mean, so the answer is JSON. */
async function callUnsigned(inject: Inject, request: InjectedRequest): Promise<number> {
  const [any] = JSON_OPERATIONS;
  assert.ok(any !== undefined);
  const without = ({ headers: { authorization: _gone, ...headers }, ...signed }: SignedRequest) => {
    return { ...signed, headers };
  };
  const odd = ['', 'Basic YTpi', 'AWS4-HMAC-SHA256', 'AWS4-HMAC-SHA256 Credential=a/b/c/d/e, X=1'];
  const tampers = [
    without,
    ...odd.map((authorization) => (signed: SignedRequest): SignedRequest => {
      return { ...signed, headers: { ...signed.headers, authorization } };
    }),
  ];
  for (const tamper of tampers) {
    const answer = await inject({ ...request, tamper });
    assert.match(checkJsonAnswer(any, answer, AUTHENTICATION), REFUSED_CALLER, answer.text);
  }
  return tampers.length;
}

test('no operation touches what its caller may not', async (t) => {
  const plane = await startTestControlPlane(t);
  await plane.api.mgn('InitializeService', {});
  const Action = ['mgn:*', 'landfall:*', 'ec2:*', 'sts:AssumeRole'];
  const Resource = 'arn:aws:mgn:us-east-1:000000000000:source-server/s-00000000000000000';
  const statements = [{ Effect: 'Allow', Action, Resource }];
  const { accessKeyId, secretAccessKey } = await addTestUser(plane, { userName: 'neighbour', statements });
  const inject = await injectInto(t, plane);
  const open = ['GetCallerIdentity', 'GetSessionToken'];
  for (const { name, request, check } of TARGETS) {
    const answer = await inject({ ...request, credentials: { accessKeyId, secretAccessKey } });
    const code = check(answer);
    if (open.includes(name)) assert.equal(code, 'OK');
    else if (name === 'AssumeRole') assert.equal(code, 'ValidationError', 'it says no role');
    else assert.match(code, /^(AccessDeniedException|UnauthorizedOperation)$/, `${name}: ${answer.text}`);
  }
  t.diagnostic(`requests: ${TARGETS.length}`);
});

const BROKEN_BODIES: readonly (string | Buffer)[] = [
  ...['[', '{"a":', '[]', 'null', '7', '"text"', '{}{}', '\ufeff{}', '<html></html>', 'a=1&b=2', '{"a":1,}'],
  '{'.repeat(2000),
  `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`,
  `${'['.repeat(500_000)}`,
  'x'.repeat(BODY_BYTES_MAX + 1),
  Buffer.from([0x7b, 0xff, 0xfe, 0x7d]),
];

test('no operation fails on a body that is broken or giant', async (t) => {
  const plane = await startTestControlPlane(t);
  await plane.api.mgn('InitializeService', {});
  const inject = await injectInto(t, plane);
  let sent = 0;
  for (const { name, request, check } of TARGETS.filter(({ request: { method } }) => method === 'POST')) {
    for (const body of BROKEN_BODIES) {
      const answer = await inject({ ...request, body });
      const told = `${name} ${String(body).slice(0, 40)}: ${answer.text.slice(0, 300)}`;
      assert.match(
        check(answer),
        /^(ValidationException|MissingAction|ValidationError|MalformedQueryString|InvalidParameterValue)$/,
        told,
      );
      sent += 1;
    }
  }
  t.diagnostic(`requests: ${sent}`);
});

test('paths, queries and methods of nobody are refused, whatever operation they are near', async (t) => {
  const plane = await startTestControlPlane(t);
  await plane.api.mgn('InitializeService', {});
  const inject = await injectInto(t, plane);
  let sent = 0;
  const near = async (operation: AnyOperation, change: Partial<InjectedRequest>) => {
    const answer = await inject({ ...requestFor(operation), ...change });
    checkJsonAnswer(operation, answer, AUTHENTICATION);
    sent += 1;
  };
  for (const operation of JSON_OPERATIONS) {
    const { rawPath } = requestFor(operation);
    for (const changed of [
      `${rawPath}/`,
      `/${rawPath}`,
      `${rawPath}%00`,
      rawPath.toLowerCase(),
      `${rawPath}/..`,
    ])
      await near(operation, { rawPath: changed });
    for (const method of ['PUT', 'PATCH', 'OPTIONS'] as const) await near(operation, { method });
    for (const rawQuery of ['a&a&a', `x=${'x'.repeat(9000)}`, '__proto__=1', 'maxResults=1&maxResults=2'])
      await near(operation, { rawQuery });
  }
  t.diagnostic(`requests: ${sent}`);
});

/** Last: what they leave is nothing to ask anything of. */
const ENDINGS = ['DisconnectFromService', 'MarkAsArchived', 'DeleteSourceServer'];

test('every operation about a server answers as its model says, in every state of the server', async (t) => {
  const site = await startTestSite(t);
  const inject = await injectInto(t, site.plane);
  const asked = JSON_OPERATIONS.filter((operation) =>
    inputMembers(operation).some((member) => /^sourceServerIDs?$/.test(member)),
  );
  const place = ({ name }: AnyOperation) => ENDINGS.indexOf(name);
  const operations = asked.toSorted((left, right) => place(left) - place(right));
  for (const [state, id] of Object.entries(await serversInStates(site))) {
    const outcomes = new Map<string, number>();
    for (const operation of operations) {
      const { accountID: _ours, nextToken: _none, ...input } = fullInputOf(operation);
      const ids = 'sourceServerID' in input ? { sourceServerID: id } : { sourceServerIDs: [id] };
      const outcome = checkJsonAnswer(operation, await inject(requestFor(operation, { ...input, ...ids })));
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    const counts = [...outcomes].map(([outcome, count]) => `${outcome} ${count}`).sort();
    t.diagnostic(`${state}: ${operations.length} operations: ${counts.join(', ')}`);
  }
});

async function serversInStates(site: TestSite): Promise<Readonly<Record<string, string>>> {
  const { mgn } = site.plane.api;
  const ids = await Promise.all(
    Array.from({ length: 6 }, async () => (await site.addAgent()).sourceServerId),
  );
  const [ready = '', testing = '', cuttingOver = '', stopped = '', gone = '', archived = ''] = ids;
  const { job: test } = await mgn('StartTest', { sourceServerIDs: [testing] });
  await site.untilJobEnds(test?.jobID);
  const { job: cutover } = await mgn('StartCutover', { sourceServerIDs: [cuttingOver] });
  await site.untilJobEnds(cutover?.jobID);
  await mgn('StopReplication', { sourceServerID: stopped });
  for (const sourceServerID of [gone, archived]) await mgn('DisconnectFromService', { sourceServerID });
  await mgn('MarkAsArchived', { sourceServerID: archived });
  return {
    READY_FOR_TEST: ready,
    TESTING: testing,
    CUTTING_OVER: cuttingOver,
    STOPPED: stopped,
    DISCONNECTED: gone,
    archived,
    'of nobody': 's-00000000000000000',
  };
}
