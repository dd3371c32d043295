import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { readJsonObject } from '../json-option.ts';
import { operationNames, unknownOperation } from './api.ts';

test('every operation of every service is reached by its name, and a wrong one says what is close', () => {
  assert.ok(operationNames('mgn').includes('CreateWave'));
  assert.ok(operationNames('landfall').includes('DescribeService'));
  assert.ok(operationNames('ec2').includes('DescribeInstances'));
  assert.ok(operationNames('sts').includes('GetCallerIdentity'));
  assert.throws(() => operationNames('s3'), {
    code: 'OPERATION_UNKNOWN',
    hint: /mgn, landfall, ec2 and sts/,
  });
  assert.match(unknownOperation('mgn', 'createwave').hint ?? '', /is it CreateWave\?/);
  assert.match(unknownOperation('mgn', 'Nothing').hint ?? '', /landfall api mgn/);
  assert.throws(() => operationNames('constructor'), { code: 'OPERATION_UNKNOWN' });
});

test('input is an object, given or in a file', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-api-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'input.json');
  await writeFile(path, '{"name":"first"}');
  assert.deepEqual(await readJsonObject(`@${path}`, '--input'), { name: 'first' });
  assert.deepEqual(await readJsonObject('{}', '--input'), {});
  for (const wrong of ['[]', '7', 'null', '{', '', `@${path}.missing`]) {
    await assert.rejects(readJsonObject(wrong, '--input'), { code: 'OPTION_INVALID', hint: /@FILE/ });
  }
});
