import assert from 'node:assert/strict';
import test from 'node:test';
import { OperationError } from './operation-error.ts';
import { run, runChecked } from './run.ts';

test('a tool is run without a shell and its outcome reported as facts', async () => {
  const result = await run(['printf', '%s', '$HOME; echo no'], {});
  assert.equal(result.stdout, '$HOME; echo no');
  assert.equal(result.exitCode, 0);
  assert.equal(result.timedOut, false);
});

test('standard input reaches the tool', async () => {
  assert.equal((await run(['cat'], { input: 'hello' })).stdout, 'hello');
});

test('a tool that hangs is killed with its children', async () => {
  const result = await run(['sh', '-c', 'sleep 60 & sleep 60'], { timeoutMs: 200 });
  assert.equal(result.timedOut, true);
  assert.equal(result.exitCode, null);
  assert.equal(result.killedBy, 'SIGKILL');
  assert.ok(result.durationMs < 5000);
});

test('a failed tool is an error with the end of its output', async () => {
  await assert.rejects(runChecked(['sh', '-c', 'echo broken >&2; exit 3']), (error: unknown) => {
    assert.ok(error instanceof OperationError);
    assert.equal(error.code, 'TOOL_FAILED');
    assert.match(error.message, /exited with 3: broken/);
    return true;
  });
});

test('a missing tool is named', async () => {
  await assert.rejects(run(['no-such-tool-anywhere']), { code: 'TOOL_MISSING' });
});
