import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import test from 'node:test';
import { run } from '@landfall/runtime';
import { startTestSite } from '../testing/test-site.ts';

const AWS = '/usr/bin/aws';
const skip = existsSync(AWS) ? false : 'awscli is not installed; install it with apt-get install awscli';

test('Debian’s aws mgn lists, tests and tags a server, and shows our refusals', { skip }, async (t) => {
  const site = await startTestSite(t);
  const { sourceServerId } = await site.addAgent();
  const { admin } = site.plane;
  const mgn = (...parameters: string[]) =>
    run([AWS, 'mgn', ...parameters, '--endpoint-url', admin.endpoint, '--output', 'json'], {
      env: {
        AWS_ACCESS_KEY_ID: admin.accessKeyId,
        AWS_SECRET_ACCESS_KEY: admin.secretAccessKey,
        AWS_DEFAULT_REGION: admin.region,
        AWS_CA_BUNDLE: admin.caFile,
        AWS_MAX_ATTEMPTS: '1',
      },
    });
  const [described, tagged, refused] = await Promise.all([
    mgn('describe-source-servers', '--filters', `sourceServerIDs=${sourceServerId}`),
    mgn(
      'tag-resource',
      '--resource-arn',
      (await site.server(sourceServerId)).arn ?? '',
      '--tags',
      'wave=one',
    ),
    mgn('finalize-cutover', '--source-server-id', sourceServerId),
  ]);
  assert.equal(described.exitCode, 0, described.stderr);
  const [server] = JSON.parse(described.stdout).items;
  assert.equal(server.lifeCycle.state, 'READY_FOR_TEST');
  assert.equal(server.sourceProperties.identificationHints.hostname, 'web-1');
  assert.equal(tagged.exitCode, 0, tagged.stderr);
  assert.match(
    refused.stderr,
    /ConflictException\) when calling the FinalizeCutover.*: s-\w+ is READY_FOR_TEST: a cutover is/,
  );
  const started = await mgn('start-test', '--source-server-ids', sourceServerId);
  assert.equal(started.exitCode, 0, started.stderr);
  const { jobID } = JSON.parse(started.stdout).job;
  assert.equal((await site.untilJobEnds(jobID)).participatingServers?.[0]?.launchStatus, 'LAUNCHED');
  assert.deepEqual((await site.server(sourceServerId)).tags, { wave: 'one' });
});
