import assert from 'node:assert/strict';
import test from 'node:test';
import { ApiError } from '../api-error.ts';
import { readQueryForm } from '../query/query-form.ts';
import { encodeEc2Error } from './ec2-error.ts';
import { decodeEc2Input, EC2_OPERATION_NAMES, ec2Operation, readEc2Call } from './ec2-operations.ts';

test('what changes something names what it is about, and every operation can be tried dry', () => {
  const identifying = {
    instance: 'InstanceId',
    'launch-template': 'LaunchTemplateId',
    'new-launch-template': 'LaunchTemplateName',
  } as const;
  for (const name of EC2_OPERATION_NAMES) {
    const { input, resource, readonly: isRead } = ec2Operation(name);
    assert.ok(isRead === true || resource !== undefined, name);
    assert.ok(resource === undefined || Object.hasOwn(input.members, identifying[resource]), name);
    assert.equal(input.members.DryRun?.type, 'flag', name);
    assert.ok(
      input.required.every((member) => Object.hasOwn(input.members, member)),
      name,
    );
    if (name.startsWith('Describe')) assert.equal(isRead, true, name);
  }
});

test('a call is read from its form', () => {
  const form = 'Action=StopInstances&Version=2016-11-15&InstanceId.1=i-0123456789abcdef0&Force=true';
  const call = readEc2Call(readQueryForm(form));
  assert.equal(call.name, 'StopInstances');
  assert.deepEqual(decodeEc2Input(call), { InstanceId: ['i-0123456789abcdef0'], Force: true });
  for (const [wrong, name] of [
    ['Version=2016-11-15', 'MissingAction'],
    ['Action=toString&Version=2016-11-15', 'InvalidAction'],
    ['Action=StopInstances', 'NoSuchVersion'],
  ] as const) {
    assert.throws(() => readEc2Call(readQueryForm(wrong)), { name });
  }
});

test('errors of the rest of the API have EC2’s codes and statuses', () => {
  const codes = [
    ApiError.accessDenied(),
    ApiError.throttled(),
    ApiError.internal(),
    ApiError.of('InvalidSignatureException', 'x'),
    new ApiError('InvalidInstanceID.NotFound', 400, '<&>'),
  ].map((error) => {
    const { status, body, headers } = encodeEc2Error(error, 'r');
    return [status, /<Code>(.*)<\/Code>/.exec(body)?.[1], headers['retry-after']];
  });
  assert.deepEqual(codes, [
    [403, 'UnauthorizedOperation', undefined],
    [503, 'RequestLimitExceeded', '1'],
    [500, 'InternalError', undefined],
    [403, 'SignatureDoesNotMatch', undefined],
    [400, 'InvalidInstanceID.NotFound', undefined],
  ]);
});
