import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import test from 'node:test';
import { SUPERVISED_VARIABLE } from './supervisor.ts';

const MODULE = join(import.meta.dirname, 'supervisor.ts');
const PROGRAM = `import { terminationRequest } from '${MODULE}';
const alive = setInterval(() => undefined, 1000);
const asked = terminationRequest();
process.stdout.write('ready\\n');
process.stdout.write(await asked);
clearInterval(alive);`;

async function runUntilReady(environment: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  await once(child.stdout, 'data');
  return { child, output: () => output };
}

test('a supervised program ends when its supervisor’s pipe closes, however that came about', async () => {
  const { child, output } = await runUntilReady({ [SUPERVISED_VARIABLE]: '1' });
  child.stdin.destroy();
  const [exitCode] = await once(child, 'close');
  assert.equal(exitCode, 0);
  assert.equal(output(), 'ready\nsupervisor');
});

test('a program ends at SIGTERM, supervised or not, although its standard input stays open', async () => {
  for (const environment of [{ [SUPERVISED_VARIABLE]: '1' }, { [SUPERVISED_VARIABLE]: undefined }]) {
    const { child, output } = await runUntilReady(environment);
    child.kill('SIGTERM');
    const [exitCode] = await once(child, 'close');
    assert.equal(exitCode, 0);
    assert.equal(output(), 'ready\nSIGTERM');
  }
});
