import assert from 'node:assert/strict';
import test from 'node:test';
import { keptValues, newReplicationTemplate, parseBandwidth, templateName } from './template-values.ts';

test('a bandwidth limit is told from what is none', () => {
  assert.equal(parseBandwidth(' 0 '), 0);
  assert.equal(parseBandwidth('10000'), 10_000);
  for (const text of ['', '10001', '-1', '1.5', '1e3', 'all'])
    assert.equal(parseBandwidth(text), undefined, text);
});

test('a template is called by its people first', () => {
  assert.deepEqual(newReplicationTemplate(' branch ', 50).tags, { Name: 'branch' });
  assert.equal('tags' in newReplicationTemplate('  ', 50), false);
  assert.equal(templateName('rct-1', { tags: { Name: 'branch' } }), 'branch');
  assert.equal(templateName('rct-1', {}), 'rct-1');
});

test('what has no effect is listed, and nothing else', () => {
  const kept = keptValues({
    replicationConfigurationTemplateID: 'rct-1',
    arn: 'arn',
    bandwidthThrottling: 5,
    tags: {},
    stagingAreaSubnetId: 'subnet-1',
    createPublicIP: false,
    ebsEncryptionKeyArn: undefined,
  });
  assert.deepEqual(kept, [
    { name: 'createPublicIP', value: 'false' },
    { name: 'stagingAreaSubnetId', value: 'subnet-1' },
  ]);
});
