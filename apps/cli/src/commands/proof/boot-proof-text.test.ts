import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSigns, signText } from './boot-proof-text.ts';

test('signs of life are read as they are written', () => {
  const text = 'login,agent,tcp:22,http:8080/health?full=1,script:landfall-check-http';
  assert.deepEqual(parseSigns(text), [
    { kind: 'LOGIN_PROMPT' },
    { kind: 'GUEST_AGENT' },
    { kind: 'TCP', port: 22 },
    { kind: 'HTTP', port: 8080, path: '/health?full=1' },
    { kind: 'SCRIPT', script: 'landfall-check-http' },
  ]);
  assert.equal(parseSigns(text).map(signText).join(','), text);
  assert.deepEqual(parseSigns(' http:80 '), [{ kind: 'HTTP', port: 80, path: '/' }]);
});

test('what is no sign of life is refused', () => {
  for (const text of [
    '',
    'ssh',
    'tcp',
    'tcp:0',
    'tcp:70000',
    'tcp:22/x',
    'http:80path',
    'script:',
    'script:a b',
    'login,,agent',
  ]) {
    assert.throws(() => parseSigns(text), { code: 'OPTION_INVALID' }, text);
  }
});
