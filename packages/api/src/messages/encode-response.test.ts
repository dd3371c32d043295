import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OperationError } from '@landfall/runtime';
import { ApiError } from '../api-error.ts';
import { dispatch } from '../dispatch.ts';
import { type Handlers, operations } from '../operations.ts';
import { matchRoute } from '../route.ts';
import { encodeError, encodeOutput } from './encode-response.ts';

const ID = 's-0123456789abcdefA';

describe('outputs', () => {
  test('carry what the model names and nothing else', () => {
    const server = {
      sourceServerID: ID,
      isArchived: false,
      tags: { Name: 'web', ['__proto__']: 'x' },
      launchedInstance: undefined,
      secret: 'never',
      dataReplicationInfo: { replicatedDisks: [{ deviceName: '/dev/vda', path: '/staging' }] },
    };
    const response = encodeOutput(operations.mgn.DescribeSourceServers, { items: [server] }, 'request-1');
    assert.equal(response.status, 200);
    assert.deepEqual(response.headers, {
      'content-type': 'application/json',
      'x-amzn-requestid': 'request-1',
    });
    assert.equal(
      response.body,
      `{"items":[{"sourceServerID":"${ID}","isArchived":false,"tags":{"Name":"web","__proto__":"x"},` +
        `"dataReplicationInfo":{"replicatedDisks":[{"deviceName":"/dev/vda"}]}}]}`,
    );
  });

  test('have the statuses of the model, and no body at 204', () => {
    const job = { jobID: 'mgnjob-0123456789abcdefA' };
    assert.equal(encodeOutput(operations.mgn.StartTest, { job }).status, 202);
    assert.equal(
      encodeOutput(operations.mgn.CreateLaunchConfigurationTemplate, {
        launchConfigurationTemplateID: 'lct-0123456789abcdefA',
      }).status,
      201,
    );
    assert.deepEqual(encodeOutput(operations.mgn.InitializeService, {}), {
      status: 204,
      headers: {},
      body: '',
    });
    assert.equal(encodeOutput(operations.mgn.TagResource, {}).body, '{}');
  });
});

describe('errors', () => {
  test('name the exception in header and body and carry its members', () => {
    const text =
      'One or more of the Source Servers included in API call are currently being processed by a Job';
    const response = encodeError(
      ApiError.conflict(text, { resourceId: ID, resourceType: 'SourceServer' }),
      'request-2',
    );
    assert.equal(response.status, 409);
    assert.equal(response.headers['x-amzn-errortype'], 'ConflictException');
    assert.equal(response.headers['x-amzn-requestid'], 'request-2');
    assert.deepEqual(JSON.parse(response.body), {
      resourceId: ID,
      resourceType: 'SourceServer',
      message: text,
      code: 'ConflictException',
    });
  });

  test('have the statuses of the fact page', () => {
    const statuses = [
      ApiError.validation('x'),
      ApiError.uninitializedAccount(),
      ApiError.quotaExceeded('x'),
      ApiError.accessDenied(),
      ApiError.notFound(ID, 'SourceServer'),
      ApiError.conflict('x'),
      ApiError.throttled(),
      ApiError.internal(),
      ApiError.unknownOperation(),
    ].map((error) => `${error.name} ${encodeError(error, 'r').status}`);
    assert.deepEqual(statuses, [
      'ValidationException 400',
      'UninitializedAccountException 400',
      'ServiceQuotaExceededException 402',
      'AccessDeniedException 403',
      'ResourceNotFoundException 404',
      'ConflictException 409',
      'ThrottlingException 429',
      'InternalServerException 500',
      'ValidationException 400',
    ]);
    assert.equal(encodeError(ApiError.throttled('x', 7), 'r').headers['retry-after'], '7');
  });

  test('of any other kind become an InternalServerException that tells nothing', () => {
    for (const error of [
      new OperationError('STAGING_FULL', '/secret/path'),
      new Error('secret'),
      'secret',
      undefined,
    ]) {
      const response = encodeError(error, 'r');
      assert.equal(response.status, 500);
      assert.equal(response.headers['x-amzn-errortype'], 'InternalServerException');
      assert.doesNotMatch(response.body, /secret|STAGING/);
    }
  });
});

describe('routes', () => {
  test('tell the services apart and unknown paths from known ones', () => {
    assert.equal(matchRoute('mgn', 'POST', '/StartTest')?.operation.name, 'StartTest');
    assert.equal(matchRoute('landfall', 'POST', '/landfall/StartLaunch')?.operation.name, 'StartLaunch');
    for (const [method, path] of [
      ['GET', '/StartTest'],
      ['POST', '/starttest'],
      ['POST', '/StartTest/'],
      ['POST', '/tags/'],
      ['POST', '/'],
      ['POST', ''],
    ] as const) {
      assert.equal(matchRoute('mgn', method, path), undefined, path);
    }
    assert.equal(matchRoute('landfall', 'POST', '/StartTest'), undefined);
  });

  test('give the label decoded, also after a proxy decoded it, and refuse what is not UTF-8', () => {
    const arn = 'arn:aws:mgn:eu-west-1:123456789012:source-server/s-0123456789abcdefA';
    for (const path of [`/tags/${encodeURIComponent(arn)}`, `/tags/${arn}`]) {
      assert.deepEqual(matchRoute('mgn', 'DELETE', path)?.labels, { resourceArn: arn });
    }
    assert.throws(() => matchRoute('mgn', 'GET', '/tags/%ff'), { name: 'ValidationException' });
  });
});

test('dispatch validates, calls the handler of the operation with its context, and encodes', async () => {
  const calls: unknown[] = [];
  const handlers = {
    DescribeSourceServers: async (input: unknown, context: string) => {
      calls.push(input, context);
      return { items: [] };
    },
  } as unknown as Handlers<'mgn', string>;
  const options = { handlers, context: 'the caller', requestId: 'r' };
  const input = { filters: { isArchived: false, unknown: 1 }, maxResults: 5, unknown: 2 };
  const response = await dispatch(operations.mgn.DescribeSourceServers, input, options);
  assert.deepEqual(calls, [{ filters: { isArchived: false }, maxResults: 5 }, 'the caller']);
  assert.equal(response.body, '{"items":[]}');
  const route = matchRoute('mgn', 'POST', '/DescribeSourceServers');
  assert.ok(route?.operation.service === 'mgn');
  await assert.rejects(dispatch(route.operation, { maxResults: 0 }, options), {
    name: 'ValidationException',
  });
});
