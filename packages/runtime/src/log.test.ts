import assert from 'node:assert/strict';
import test from 'node:test';
import { createLogger } from './log.ts';
import { OperationError } from './operation-error.ts';

test('a line is one JSON object with its fields, errors with code and cause', () => {
  const lines: string[] = [];
  const logger = createLogger({ program: 'test', write: (line) => lines.push(line), nowMs: () => 0 });
  const error = new OperationError('TOOL_FAILED', 'it failed', { cause: new Error('because') });
  logger.with({ disk: 'sda' }).warn('read-failed', { error, offset: 12n });
  logger.debug('not-shown');
  assert.equal(lines.length, 1);
  assert.deepEqual(JSON.parse(lines[0] ?? ''), {
    time: '1970-01-01T00:00:00.000Z',
    level: 'warn',
    program: 'test',
    event: 'read-failed',
    disk: 'sda',
    error: { message: 'it failed', code: 'TOOL_FAILED', cause: { message: 'because' } },
    offset: '12',
  });
});
