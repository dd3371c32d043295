import assert from 'node:assert/strict';
import test from 'node:test';
import { enrolProgram, newIdentity } from '../testing/simulated-programs.ts';
import { SOURCE_DISKS, SOURCE_PROPERTIES } from '../testing/source-fixtures.ts';
import { startTestControlPlane } from '../testing/test-control-plane.ts';
import { waitFor } from '../testing/wait-for.ts';

const CSV =
  'mgn:app:name,mgn:server:user-provided-id,mgn:server:fqdn-for-action-framework,mgn:server:tag:Env\n' +
  'shop,rack 7,web-1.example.org,prod\n';

test('E4: an agent that enrols by the id of an inventory joins that server, and no second one does', async (t) => {
  const { api, current } = await startTestControlPlane(t);
  await api.mgn('InitializeService', {});
  const csv = async function* () {
    yield CSV;
  };
  await current().service.objects.write({ bucket: 'b', key: 'in.csv' }, csv());
  await api.mgn('StartImport', { s3BucketSource: { s3Bucket: 'b', s3Key: 'in.csv' } });
  const servers = async () => (await api.mgn('DescribeSourceServers', {})).items ?? [];
  const [pending] = await waitFor('the import', servers, ({ length }) => length === 1);
  const enrol = async (userProvidedId: string) => {
    const { token } = await api.landfall('CreateEnrolmentToken', {});
    const described = { sourceProperties: SOURCE_PROPERTIES, disks: SOURCE_DISKS, tags: { by: 'agent' } };
    return enrolProgram('agent', token, newIdentity(), { ...described, userProvidedId });
  };
  const { programId } = await enrol('rack 7');
  assert.equal(programId, pending?.sourceServerID);
  const [joined, ...others] = await servers();
  assert.deepEqual(others, []);
  assert.deepEqual(
    [joined?.lifeCycle?.state, joined?.applicationID, joined?.tags],
    ['NOT_READY', pending?.applicationID, { Env: 'prod', by: 'agent' }],
  );
  assert.equal(joined?.sourceProperties?.identificationHints?.hostname, 'web-1');
  await assert.rejects(enrol('rack 7'), { code: 'IDENTITY_IN_USE', message: /rack 7/ });
  const fresh = await enrol('rack 8');
  const named = (await servers()).find(({ sourceServerID }) => sourceServerID === fresh.programId);
  assert.equal(named?.userProvidedID, 'rack 8');
  await assert.rejects(enrol(' '), { code: 'REQUEST_INVALID' });
});
