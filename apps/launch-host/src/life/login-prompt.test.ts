import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loginPromptIn } from './login-prompt.ts';

const ESCAPE = String.fromCharCode(27);

test('the prompt of getty is seen, also with escapes around it and messages behind it', () => {
  const seen: readonly (readonly [console: string, prompt: string])[] = [
    ['Debian GNU/Linux 12 ledger ttyS0\r\n\r\nledger login: ', 'ledger login:'],
    ['ledger login: [   31.2] random: crng init done\n', 'ledger login: [   31.2] random: crng init done'],
    [
      'web-1.example.org login: root (automatic login)\r\n',
      'web-1.example.org login: root (automatic login)',
    ],
    [`${ESCAPE}[2J${ESCAPE}[1;1Hhost login:`, 'host login:'],
    ['[  OK  ] Started Serial Getty.\nhost login: \n[   40.0] foo: bar\n', 'host login:'],
  ];
  for (const [console, prompt] of seen) assert.equal(loginPromptIn(console), prompt);
});

test('what only speaks of a login is none', () => {
  const others = [
    '',
    'Last login: Mon Jan 31 12:00:00 2026\n',
    '[  OK  ] Reached target Login Prompts.\n',
    'systemd-logind: New session\nlogin:\n',
    'Welcome! Please login: see the manual\n',
  ];
  for (const console of others) assert.equal(loginPromptIn(console), undefined, console);
});
