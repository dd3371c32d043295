import assert from 'node:assert/strict';
import { test } from 'node:test';
import packageDescription from '../package.json' with { type: 'json' };
import { describeFailure } from './failure.ts';
import { buildProgram } from './program.ts';

test('it tells its release', () => {
  let written = '';
  const program = buildProgram({ writeOut: (text) => (written += text) });
  assert.throws(
    () => program.parse(['--version'], { from: 'user' }),
    (error) => describeFailure(error).exitCode === 0,
  );
  assert.equal(written, `${packageDescription.version}\n`);
});
