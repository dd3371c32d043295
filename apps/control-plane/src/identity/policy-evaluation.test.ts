import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { KNOWN_ACTIONS, MANAGED_POLICIES } from './managed-policies.ts';
import type { RequestContext } from './policy-conditions.ts';
import { type PolicyDocument, parsePolicy } from './policy-document.ts';
import { type AccessRequest, evaluatePolicies } from './policy-evaluation.ts';
import { matchesPattern, matchesResource } from './policy-pattern.ts';
import { referenceDecision, type WrittenStatement } from './reference-evaluator.testing.ts';

const RUNS = Number(process.env.LANDFALL_PROPERTY_RUNS ?? 2000);
const SEED = Number(process.env.LANDFALL_PROPERTY_SEED ?? 20_260_101);

const CONTEXT: RequestContext = {
  nowMs: Date.UTC(2026, 5, 1),
  sourceIp: '10.1.2.3',
  secureTransport: true,
  principalArn: 'arn:aws:iam::000000000000:user/ann',
  userName: 'ann',
};
const SERVER = 'arn:aws:mgn:us-east-1:000000000000:source-server/s-0123456789abcdefg';

function policy(...statements: readonly object[]): PolicyDocument {
  const text = JSON.stringify({ Version: '2012-10-17', Statement: statements });
  return parsePolicy(text, { kind: 'identity', knownActions: KNOWN_ACTIONS });
}

function decide(statements: readonly object[], request: Partial<AccessRequest> = {}) {
  const asked = { action: 'mgn:StartTest', resource: SERVER, context: CONTEXT, ...request };
  return evaluatePolicies([policy(...statements)], asked);
}

test('I5: a deny wins, and what nothing allows is refused', () => {
  const allow = { Effect: 'Allow', Action: 'mgn:*', Resource: '*' };
  assert.equal(
    evaluatePolicies([], { action: 'mgn:StartTest', resource: '*', context: CONTEXT }),
    'IMPLICIT_DENY',
  );
  assert.equal(decide([allow]), 'ALLOW');
  assert.equal(decide([allow], { action: 'landfall:ListUsers' }), 'IMPLICIT_DENY');
  const deny = { Effect: 'Deny', Action: 'MGN:starttest'.toLowerCase(), Resource: SERVER };
  assert.equal(decide([allow, deny]), 'EXPLICIT_DENY', 'actions are compared without regard to case');
  assert.equal(decide([allow, deny], { action: 'mgn:StartCutover' }), 'ALLOW');
});

test('NotAction and NotResource mean everything else', () => {
  const notAction = { Effect: 'Allow', NotAction: ['landfall:*', 'mgn:Start*'], Resource: '*' };
  assert.equal(decide([notAction]), 'IMPLICIT_DENY');
  assert.equal(decide([notAction], { action: 'mgn:DescribeJobs' }), 'ALLOW');
  const notResource = { Effect: 'Deny', Action: '*', NotResource: 'arn:aws:mgn:*:*:source-server/s-0*' };
  const all = { Effect: 'Allow', Action: '*', Resource: '*' };
  assert.equal(decide([all, notResource]), 'ALLOW');
  assert.equal(decide([all, notResource], { resource: `${SERVER.slice(0, -17)}9` }), 'EXPLICIT_DENY');
});

test('a call about no resource is allowed by * only', () => {
  const one = { Effect: 'Allow', Action: 'mgn:*', Resource: 'arn:aws:mgn:*:*:*' };
  assert.equal(decide([one]), 'ALLOW');
  assert.equal(decide([one], { resource: '*' }), 'IMPLICIT_DENY');
});

test('a wildcard stays in its part of the ARN', () => {
  assert.ok(matchesResource('arn:aws:mgn:us-*:*:job/*', 'arn:aws:mgn:us-east-1:000000000000:job/mgnjob-1'));
  assert.ok(!matchesResource('arn:aws:mgn:*:job/*', 'arn:aws:mgn:us-east-1:000000000000:job/mgnjob-1'));
  assert.ok(!matchesResource('arn:aws:m*:job/x', SERVER));
});

test('conditions: addresses, dates, tags, and how a missing key counts', () => {
  const when = (Condition: object) => [{ Effect: 'Allow', Action: '*', Resource: '*', Condition }];
  const cases: readonly [object, Partial<RequestContext>, boolean][] = [
    [{ IpAddress: { 'aws:SourceIp': ['10.1.0.0/16', '192.168.0.1'] } }, {}, true],
    [{ IpAddress: { 'aws:SourceIp': '10.2.0.0/16' } }, {}, false],
    [{ IpAddress: { 'aws:sourceip': '10.1.2.3' } }, { sourceIp: '::ffff:10.1.2.3' }, true],
    [{ NotIpAddress: { 'aws:SourceIp': 'fd00::/8' } }, { sourceIp: 'fd12::1' }, false],
    [{ DateLessThan: { 'aws:CurrentTime': '2026-06-02' } }, {}, true],
    [{ DateLessThan: { 'aws:CurrentTime': '2026-06-01T00:00:00Z' } }, {}, false],
    [{ DateGreaterThanEquals: { 'aws:CurrentTime': String(Date.UTC(2026, 5, 1) / 1000) } }, {}, true],
    [{ StringEquals: { 'aws:ResourceTag/team': ['a', 'b'] } }, { resourceTags: { Team: 'b' } }, true],
    [{ StringEquals: { 'aws:ResourceTag/team': 'a' } }, {}, false],
    [{ StringNotEquals: { 'aws:ResourceTag/team': 'a' } }, {}, true],
    [{ StringEqualsIfExists: { 'aws:ResourceTag/team': 'a' } }, {}, true],
    [{ StringLike: { 'aws:RequestTag/wave': 'w-*' } }, { requestTags: { wave: 'w-1' } }, true],
    [{ StringNotLike: { 'aws:RequestTag/wave': ['w-*', 'x'] } }, { requestTags: { wave: 'x' } }, false],
    [{ Null: { 'aws:RequestTag/wave': 'true' } }, {}, true],
    [{ Null: { 'aws:RequestTag/wave': false } }, {}, false],
    [{ Bool: { 'aws:SecureTransport': true } }, {}, true],
    [{ StringEquals: { 'aws:username': 'ann' }, Bool: { 'aws:SecureTransport': 'false' } }, {}, false],
  ];
  for (const [condition, context, expected] of cases) {
    const decision = decide(when(condition), { context: { ...CONTEXT, ...context } });
    assert.equal(decision === 'ALLOW', expected, JSON.stringify(condition));
  }
});

test('what is not understood is refused, with its place', () => {
  const good = { Effect: 'Allow', Action: 'mgn:StartTest', Resource: '*' };
  const wrong: readonly [object | string, RegExp][] = [
    ['{', /not valid JSON/],
    ['[]', /must be an object/],
    [{ Statement: [good] }, /Version/],
    [{ Version: '2008-10-17', Statement: [good] }, /Version/],
    [{ Version: '2012-10-17', Statement: [] }, /empty/],
    [{ Version: '2012-10-17', Statement: good, Extra: 1 }, /Extra/],
    [
      `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Effect":"Deny","Action":"*","Resource":"*"}}`,
      /twice/,
    ],
  ];
  const statements: readonly [object, RegExp][] = [
    [{ ...good, Effect: 'allow' }, /Statement\[0\]\.Effect/],
    [{ ...good, NotAction: 'mgn:*' }, /either Action or NotAction/],
    [{ Effect: 'Allow', Action: '*' }, /either Resource or NotResource/],
    [{ ...good, Action: [] }, /empty/],
    [{ ...good, Action: 'mgn:StartTst' }, /no action of this service.*mgn:StartTst/],
    [{ ...good, Action: 's3:GetObject' }, /no action/],
    [{ ...good, Action: 'StartTest' }, /of the form/],
    [{ ...good, Resource: 's-1' }, /neither "\*" nor an ARN/],
    [{ ...good, Resource: 'arn:aws:s3:::bucket' }, /no resources of s3/],
    [{ ...good, Resource: 'arn:aws:iam::0:user/${aws:username}' }, /variables/],
    [{ ...good, Principal: '*' }, /Principal/],
    [{ ...good, Condition: { StringEqual: { 'aws:username': 'a' } } }, /StringEqual is not known/],
    [{ ...good, Condition: { 'ForAllValues:StringEquals': { 'aws:username': 'a' } } }, /not known/],
    [{ ...good, Condition: { StringEquals: { 'aws:UserAgent': 'a' } } }, /aws:UserAgent is not known/],
    [{ ...good, Condition: { StringEquals: { 'aws:SourceIp': '10.0.0.1' } } }, /does not fit/],
    [{ ...good, Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.1/33' } } }, /no value/],
    [{ ...good, Condition: { DateLessThan: { 'aws:CurrentTime': '2026-02-30' } } }, /no value/],
    [{ ...good, Condition: { Bool: { 'aws:SecureTransport': 'yes' } } }, /no value/],
    [{ ...good, Condition: { StringEquals: { 'aws:ResourceTag/': 'a' } } }, /not known/],
  ];
  const written = statements.map(([one, fault]): [object, RegExp] => [
    { Version: '2012-10-17', Statement: [one] },
    fault,
  ]);
  for (const [document, fault] of [...wrong, ...written]) {
    const text = typeof document === 'string' ? document : JSON.stringify(document);
    const parse = () => parsePolicy(text, { kind: 'identity', knownActions: KNOWN_ACTIONS });
    assert.throws(parse, { name: 'PolicyError', message: fault }, text);
  }
});

test('every managed policy is one that could be put', () => {
  for (const [name, text] of MANAGED_POLICIES) {
    assert.ok(
      parsePolicy(text, { kind: 'identity', knownActions: KNOWN_ACTIONS }).statements.length > 0,
      name,
    );
  }
});

test(`wildcards agree with regular expressions (seed ${SEED})`, () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', ':', '.'), maxLength: 12 });
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', ':', '.', '*', '?'), maxLength: 12 });
  const agrees = (one: string, other: string) => {
    const expression = one.replace(/[.]/g, '\\.').replaceAll('*', '.*').replaceAll('?', '.');
    assert.equal(matchesPattern(one, other), new RegExp(`^${expression}$`).test(other));
  };
  fc.assert(fc.property(pattern, text, agrees), { seed: SEED, numRuns: RUNS });
});

const arbitraryStatement: fc.Arbitrary<WrittenStatement> = fc
  .record({
    Effect: fc.constantFrom('Allow', 'Allow', 'Deny'),
    isNotAction: fc.boolean(),
    actions: fc.array(
      fc.constantFrom(
        '*',
        'mgn:*',
        'mgn:Start*',
        'mgn:StartTest',
        'landfall:*',
        'mgn:??artTest',
        'mgn:*Jobs',
      ),
      { minLength: 1, maxLength: 2 },
    ),
    isNotResource: fc.boolean(),
    resources: fc.array(
      fc.constantFrom(
        '*',
        SERVER,
        'arn:aws:mgn:*:*:source-server/*',
        'arn:aws:mgn:*:*:job/*',
        'arn:*:*:*:*:*',
      ),
      { minLength: 1, maxLength: 2 },
    ),
    condition: fc.constantFrom(
      undefined,
      { StringEquals: { 'aws:ResourceTag/team': ['a', 'b'] } },
      { StringNotEquals: { 'aws:ResourceTag/team': ['a', 'b'] } },
      { StringLikeIfExists: { 'aws:RequestTag/wave': ['w*'] } },
      { IpAddress: { 'aws:SourceIp': ['10.0.0.0/9', '11.0.0.1'] } },
      { NotIpAddress: { 'aws:SourceIp': ['10.0.0.0/9'] }, Bool: { 'aws:SecureTransport': ['true'] } },
      { Null: { 'aws:ResourceTag/team': ['true'] } },
      { DateLessThan: { 'aws:CurrentTime': ['2026-06-01T00:00:00Z'] } },
    ),
  })
  .map(({ Effect, isNotAction, actions, isNotResource, resources, condition }) => ({
    Effect: Effect as 'Allow' | 'Deny',
    [isNotAction ? 'NotAction' : 'Action']: actions,
    [isNotResource ? 'NotResource' : 'Resource']: resources,
    ...(condition === undefined ? {} : { Condition: condition }),
  }));

const arbitraryRequest: fc.Arbitrary<AccessRequest> = fc.record({
  action: fc.constantFrom('mgn:StartTest', 'mgn:StartCutover', 'mgn:DescribeJobs', 'landfall:ListUsers'),
  resource: fc.constantFrom('*', SERVER, 'arn:aws:mgn:us-east-1:000000000000:job/mgnjob-1'),
  context: fc.record({
    nowMs: fc.constantFrom(Date.UTC(2026, 4, 1), Date.UTC(2026, 6, 1)),
    sourceIp: fc.constantFrom('10.1.2.3', '10.200.0.1', '11.0.0.1'),
    secureTransport: fc.boolean(),
    principalArn: fc.constant(CONTEXT.principalArn),
    resourceTags: fc.constantFrom(undefined, {}, { team: 'a' }, { team: 'c' }),
    requestTags: fc.constantFrom(undefined, { wave: 'w1' }, { wave: 'x' }),
  }),
});

test(`the decision is that of a reference evaluator (seed ${SEED})`, () => {
  const agrees = (statements: readonly WrittenStatement[], request: AccessRequest) => {
    assert.equal(evaluatePolicies([policy(...statements)], request), referenceDecision(statements, request));
  };
  const statements = fc.array(arbitraryStatement, { minLength: 1, maxLength: 4 });
  fc.assert(fc.property(statements, arbitraryRequest, agrees), { seed: SEED, numRuns: RUNS });
});
