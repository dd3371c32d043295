import assert from 'node:assert/strict';
import test from 'node:test';
import { ApiError } from '@landfall/api';
import { OperationError } from '@landfall/runtime';
import { CommanderError } from 'commander';
import { describeFailure } from './failure.ts';
import { WaitInterrupted } from './terminal/interruption.ts';

test('an exception of the API says what happened and what to do next', () => {
  const expired = new ApiError('ExpiredTokenException', 403, 'The security token has expired.');
  assert.deepEqual(describeFailure(expired), {
    exitCode: 1,
    text:
      'landfall: ExpiredTokenException: The security token has expired.\n' +
      '  what to do: get new temporary credentials, and put them into the environment\n',
  });
  const busy = describeFailure(ApiError.conflict('s-1 is in a job'));
  assert.match(busy.text, /ConflictException: s-1 is in a job\n {2}what to do: .*landfall job list/);
  const newer = describeFailure(new ApiError('SomethingNewer', 400, 'said by a newer server'));
  assert.equal(newer.text, 'landfall: SomethingNewer: said by a newer server\n');
});

test('every exception there is has an advice', () => {
  for (const name of [
    'ValidationException',
    'UninitializedAccountException',
    'ServiceQuotaExceededException',
    'AccessDeniedException',
    'ResourceNotFoundException',
    'ConflictException',
    'ThrottlingException',
    'InternalServerException',
    'MissingAuthenticationTokenException',
    'IncompleteSignatureException',
    'UnrecognizedClientException',
    'InvalidSignatureException',
    'ExpiredTokenException',
  ] as const) {
    assert.match(describeFailure(ApiError.of(name, 'so it is')).text, /what to do/, name);
  }
});

test('an internal error names the request whose log entry tells more', () => {
  const error = new ApiError('InternalServerException', 500, 'An internal error occurred.', {
    requestId: 'r-1',
  });
  assert.match(describeFailure(error).text, /\(request r-1\)/);
});

test('an operating error has its code and hint, an interruption the command that follows', () => {
  const error = new OperationError('JOB_NOT_FOUND', 'there is no job j-1', { hint: 'look' });
  assert.equal(
    describeFailure(error).text,
    'landfall: JOB_NOT_FOUND: there is no job j-1\n  what to do: look\n',
  );
  assert.deepEqual(describeFailure(new WaitInterrupted('SIGINT', 'job j-1', 'landfall job watch j-1')), {
    exitCode: 130,
    text:
      'landfall: no longer waiting: job j-1 goes on\n' +
      '  what to do: `landfall job watch j-1` follows it\n',
  });
});

test('wrong usage is 2, help is none, and nothing is said twice', () => {
  assert.deepEqual(describeFailure(new CommanderError(1, 'commander.unknownOption', 'unknown')), {
    exitCode: 2,
    text: '',
  });
  assert.equal(describeFailure(new CommanderError(0, 'commander.helpDisplayed', '')).exitCode, 0);
});
