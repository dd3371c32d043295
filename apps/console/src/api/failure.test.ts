import assert from 'node:assert/strict';
import test from 'node:test';
import { ApiFailure, failureOf, isSessionEnd, unreachable } from './failure.ts';

test('an error of the SDK keeps its name, its words and its status', () => {
  const thrown = Object.assign(new Error('s-1 is busy'), {
    name: 'ConflictException',
    $metadata: { httpStatusCode: 409, requestId: 'r-1' },
  });
  const { name, message, status, requestId } = failureOf(thrown);
  assert.deepEqual(
    { name, message, status, requestId },
    { name: 'ConflictException', message: 's-1 is busy', status: 409, requestId: 'r-1' },
  );
});

test('an error without an answer is one of the network, and a late one says so', () => {
  assert.equal(failureOf(new TypeError('Failed to fetch')).name, 'ApiUnreachable');
  assert.equal(unreachable(new DOMException('late', 'TimeoutError')).name, 'ApiTimeout');
});

test('only refused credentials end a session, not a refused operation', () => {
  const refused = (name: string, status: number) => new ApiFailure({ name, status, message: '' });
  assert.equal(isSessionEnd(refused('ExpiredTokenException', 403)), true);
  assert.equal(isSessionEnd(refused('UnrecognizedClientException', 403)), true);
  assert.equal(isSessionEnd(refused('AccessDeniedException', 403)), false);
  assert.equal(isSessionEnd(refused('InternalServerException', 500)), false);
});
