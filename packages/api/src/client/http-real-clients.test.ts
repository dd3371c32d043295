import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  ConflictException,
  DescribeJobsCommand,
  DescribeSourceServersCommand,
  InitializeServiceCommand,
  ListTagsForResourceCommand,
  ListWavesCommand,
  MgnClient,
  paginateDescribeJobs,
  ServiceQuotaExceededException,
  StartReplicationCommand,
  StartTestCommand,
  TagResourceCommand,
  UntagResourceCommand,
  ValidationException,
} from '@aws-sdk/client-mgn';
import { type RunResult, run } from '@landfall/runtime';
import { ApiError } from '../api-error.ts';
import { paginate } from '../messages/paginate.ts';
import type { SourceServer } from '../mgn-types.generated.ts';
import {
  type ReceivedCall,
  startTestServer,
  TEST_CREDENTIALS,
  TEST_REGION,
  type TestServer,
} from './http-test-server.ts';

const SERVER_ID = 's-0123456789abcdefA';
const ARN = `arn:aws:mgn:${TEST_REGION}:123456789012:source-server/${SERVER_ID}`;
const BUSY = 'One or more of the Source Servers included in API call are currently being processed by a Job';

/** A server as it looks while it replicates: every kind of shape an answer has. */
const SERVER: SourceServer = {
  sourceServerID: SERVER_ID,
  arn: ARN,
  isArchived: false,
  tags: { Name: 'web 1' },
  launchedInstance: {
    ec2InstanceID: 'i-0123456789abcdef0',
    lastKnownChecks: [{ type: 'EC2', name: 'reachable', status: 'PASSED', checkedAt: 1_767_225_600.5 }],
  },
  dataReplicationInfo: {
    lagDuration: 'P0DT1S',
    dataReplicationState: 'CONTINUOUS',
    replicatedDisks: [
      { deviceName: '/dev/vda', totalStorageBytes: 2 ** 40, replicatedStorageBytes: 2 ** 40 },
    ],
    dataReplicationInitiation: { steps: [{ name: 'WAIT', status: 'SUCCEEDED' }] },
  },
  lifeCycle: { state: 'READY_FOR_TEST', addedToServiceDateTime: '2026-01-01T00:00:00.000Z' },
};

const JOBS = Array.from({ length: 5 }, (_, index) => ({ jobID: `mgnjob-0123456789abcdef${index}` }));

function answer({ operation, input }: ReceivedCall): unknown {
  switch (operation.name) {
    case 'DescribeSourceServers':
      return { items: [SERVER] };
    case 'DescribeJobs':
      return paginate(JOBS, input as object, { listing: 'DescribeJobs', sortKeyOf: ({ jobID }) => jobID });
    case 'ListTagsForResource':
      return { tags: { Name: 'web 1', 'a b': 'ü' } };
    case 'StartTest':
      throw ApiError.conflict(BUSY, { errors: [{ resourceId: SERVER_ID, message: 'in a job' }] });
    case 'StartReplication':
      throw ApiError.quotaExceeded('150 servers replicate', { quotaCode: 'L-1', quotaValue: 150 });
    default:
      return {};
  }
}

async function withServer(
  sessionToken: string | undefined,
  action: (server: TestServer) => Promise<void>,
): Promise<void> {
  const server = await startTestServer({ answer, ...(sessionToken === undefined ? {} : { sessionToken }) });
  try {
    await action(server);
    for (const { region } of server.calls) assert.equal(region, TEST_REGION);
  } finally {
    await server.close();
  }
}

function sdkClient(
  server: TestServer,
  changes: { sessionToken?: string; secretAccessKey?: string } = {},
): MgnClient {
  const credentials = { ...TEST_CREDENTIALS, ...changes };
  return new MgnClient({ endpoint: server.endpoint, region: TEST_REGION, credentials, maxAttempts: 1 });
}

describe('@aws-sdk/client-mgn', () => {
  test('calls, reads and pages through what it is answered', () =>
    withServer(undefined, async (server) => {
      const client = sdkClient(server);
      const { items } = await client.send(
        new DescribeSourceServersCommand({ filters: { isArchived: false } }),
      );
      assert.equal(items?.[0]?.dataReplicationInfo?.replicatedDisks?.[0]?.totalStorageBytes, 2 ** 40);
      assert.equal(items?.[0]?.lifeCycle?.state, 'READY_FOR_TEST');
      const initialized = await client.send(new InitializeServiceCommand({}));
      assert.equal(initialized.$metadata.httpStatusCode, 204);
      assert.equal(initialized.$metadata.requestId, 'request-done');
      const pages: number[] = [];
      for await (const page of paginateDescribeJobs({ client, pageSize: 2 }, {}))
        pages.push(page.items?.length ?? 0);
      assert.deepEqual(pages, [2, 2, 1]);
      client.destroy();
      assert.deepEqual(server.refusals, []);
    }));

  test('has its tags calls verified, whose paths and queries are percent-encoded', () =>
    withServer('session/token+of=tests', async (server) => {
      const client = sdkClient(server, { sessionToken: 'session/token+of=tests' });
      await client.send(new TagResourceCommand({ resourceArn: ARN, tags: { 'a b': 'ü', "it's (*)!": '' } }));
      await client.send(
        new UntagResourceCommand({ resourceArn: ARN, tagKeys: ['a b', 'ü', "it's (*)!", '', 'A'] }),
      );
      const { tags } = await client.send(new ListTagsForResourceCommand({ resourceArn: ARN }));
      assert.deepEqual(tags, { Name: 'web 1', 'a b': 'ü' });
      client.destroy();
      assert.deepEqual(server.refusals, []);
      assert.deepEqual(
        server.calls.map(({ input }) => input),
        [
          { resourceArn: ARN, tags: { 'a b': 'ü', "it's (*)!": '' } },
          { resourceArn: ARN, tagKeys: ['a b', 'ü', "it's (*)!", '', 'A'] },
          { resourceArn: ARN },
        ],
      );
    }));

  test('gets errors as its own exception classes, with their members', () =>
    withServer(undefined, async (server) => {
      const client = sdkClient(server);
      const busy = await rejectionOf(client.send(new StartTestCommand({ sourceServerIDs: [SERVER_ID] })));
      assert.ok(busy instanceof ConflictException);
      assert.equal(busy.message, BUSY);
      assert.equal(busy.errors?.[0]?.resourceId, SERVER_ID);
      assert.equal(busy.$metadata.requestId, 'request-failed');
      const quota = await rejectionOf(
        client.send(new StartReplicationCommand({ sourceServerID: SERVER_ID })),
      );
      assert.ok(quota instanceof ServiceQuotaExceededException);
      assert.equal(quota.quotaValue, 150);
      const invalid = await rejectionOf(client.send(new StartTestCommand({ sourceServerIDs: ['s-1'] })));
      assert.ok(invalid instanceof ValidationException);
      assert.equal(invalid.fieldList?.[0]?.name, 'sourceServerIDs[0]');
      const command = new ListWavesCommand({});
      command.middlewareStack.add(
        (next) => (args) => {
          Object.assign(args.request as object, { path: '/NoSuchOperation' });
          return next(args);
        },
        { step: 'build' },
      );
      const unknown = await rejectionOf(client.send(command));
      assert.ok(unknown instanceof ValidationException);
      assert.equal(unknown.reason, 'unknownOperation');
      client.destroy();
    }));

  test('is refused with a wrong secret, by name', () =>
    withServer(undefined, async (server) => {
      const client = sdkClient(server, { secretAccessKey: 'wrong' });
      const error = await rejectionOf(client.send(new DescribeJobsCommand({})));
      assert.ok(error instanceof Error);
      assert.equal(error.name, 'InvalidSignatureException');
      client.destroy();
      assert.deepEqual(server.calls, []);
    }));
});

async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => assert.fail('it should be refused'),
    (error: unknown) => error,
  );
}

const AWS_CLIS = await findAwsClis();

describe('the aws command', {
  skip: AWS_CLIS.length === 0 ? 'no `aws` is installed (Debian: awscli)' : false,
}, () => {
  for (const path of AWS_CLIS) {
    describe(path, () => {
      let server: TestServer;
      before(async () => {
        server = await startTestServer({ answer });
      });
      after(() => server.close());

      test('calls, reads, pages and tags', async () => {
        const results = await inPairs(
          [
            [
              'describe-source-servers',
              '--filters',
              '{"isArchived": false}',
              '--query',
              'items[0].lifeCycle.state',
            ],
            ['describe-jobs', '--page-size', '2', '--query', 'length(items)'],
            ['list-tags-for-resource', '--resource-arn', ARN, '--query', 'tags.Name'],
            ['untag-resource', '--resource-arn', ARN, '--tag-keys', 'b c', 'a'],
            ['initialize-service'],
          ].map((parameters) => () => aws(path, server, parameters)),
        );
        const [servers, jobs, tags, ...silent] = results.map(({ stdout, stderr }) =>
          (stdout || stderr).trim(),
        );
        assert.equal(servers, '"READY_FOR_TEST"');
        assert.equal(jobs, '5');
        assert.equal(tags, '"web 1"');
        assert.deepEqual(silent, ['', '']);
        assert.deepEqual(server.refusals, []);
        const untag = server.calls.find(({ operation }) => operation.name === 'UntagResource');
        assert.deepEqual(untag?.input, { resourceArn: ARN, tagKeys: ['b c', 'a'] });
      });

      test('shows the exception and its text', async () => {
        const { exitCode, stderr } = await aws(path, server, [
          'start-test',
          '--source-server-ids',
          SERVER_ID,
        ]);
        assert.notEqual(exitCode, 0);
        assert.match(stderr, new RegExp(`\\(ConflictException\\).*${BUSY}`));
      });
    });
  }
});

async function findAwsClis(): Promise<readonly string[]> {
  const { stdout } = await run(['which', '-a', 'aws']);
  const paths = stdout.split('\n').filter((path) => path !== '' && !path.startsWith('/bin/'));
  return process.env.LANDFALL_API_ALL_CLIENTS === undefined ? paths.slice(-1) : paths;
}

function aws(path: string, server: TestServer, parameters: readonly string[]): Promise<RunResult> {
  const env = {
    AWS_ACCESS_KEY_ID: TEST_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: TEST_CREDENTIALS.secretAccessKey,
    AWS_SESSION_TOKEN: undefined,
    AWS_PROFILE: undefined,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_MAX_ATTEMPTS: '1',
    AWS_PAGER: '',
  };
  const options = ['--endpoint-url', server.endpoint, '--region', TEST_REGION, '--output', 'json'];
  return run([path, ...options, 'mgn', ...parameters], { env });
}

/** Two at a time: each is a Python start. */
async function inPairs<Result>(actions: readonly (() => Promise<Result>)[]): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let index = 0; index < actions.length; index += 2) {
    results.push(...(await Promise.all(actions.slice(index, index + 2).map((action) => action()))));
  }
  return results;
}
