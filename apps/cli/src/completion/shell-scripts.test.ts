import assert from 'node:assert/strict';
import test from 'node:test';
import { run } from '@landfall/runtime';
import { FILES, FOLDERS } from './candidates.ts';
import { SHELLS, shellScript } from './shell-scripts.ts';

for (const shell of SHELLS) {
  test(`the script of ${shell} calls the hidden command in silence, and knows what is the shell's`, () => {
    const script = shellScript(shell);
    assert.match(script, /__complete -- .*2>\/dev\/null/);
    for (const directive of [FILES, FOLDERS]) assert.ok(script.includes(directive), directive);
    assert.doesNotMatch(script, /\$\{?undefined|\[object/);
    assert.match(script, new RegExp(`landfall completion ${shell}`), 'it says how it is used');
  });
}

test('the script of bash has no fault of syntax', async () => {
  const { exitCode, stderr } = await run(['bash', '-n', '-c', shellScript('bash')]);
  assert.deepEqual([exitCode, stderr], [0, '']);
});

test('the scripts of zsh and fish register the function they define', () => {
  assert.match(shellScript('zsh'), /^#compdef landfall\n/);
  assert.match(shellScript('zsh'), /_landfall\(\) \{\n[\s\S]*compdef _landfall landfall/);
  assert.match(
    shellScript('fish'),
    /function __landfall_complete\n[\s\S]*\nend\ncomplete -c landfall -f -a '\(__landfall_complete\)'/,
  );
});
