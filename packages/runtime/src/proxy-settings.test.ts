import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bypassesProxy,
  describeProxy,
  parseExceptions,
  parseProxy,
  proxyFromEnvironment,
} from './proxy-settings.ts';

test('a proxy is given as people give it to curl', () => {
  assert.deepEqual(parseProxy('http://proxy.example:3128'), {
    host: 'proxy.example',
    port: 3128,
    exceptions: [],
  });
  assert.equal(parseProxy('proxy:8080').host, 'proxy');
  assert.equal(parseProxy('http://proxy.example/').port, 80);
  assert.equal(parseProxy('http://[::1]:3128').host, '::1');
  const { user, password } = parseProxy('http://j%40x:a%3Ab%2F%20c@proxy:3128');
  assert.deepEqual([user, password], ['j@x', 'a:b/ c']);
});

test('what is not an HTTP proxy is refused, and no refusal shows a password', () => {
  const bad = [
    'https://u:secret@proxy:1',
    'socks5://u:secret@proxy:1',
    'http://u:secret@proxy:1/path',
    'http://u:secret@proxy:99999',
    'http://u:secret%0d%0aX@proxy:1',
    'http://u:secret%zz@proxy:1',
    '',
    'http://',
  ];
  for (const text of bad) {
    assert.throws(
      () => parseProxy(text),
      (error: Error & { code?: string; hint?: string }) => {
        assert.equal(error.code, 'PROXY_INVALID', text);
        assert.ok(!`${error.message}${error.hint}`.includes('secret'), text);
        return true;
      },
    );
  }
  assert.equal(describeProxy(parseProxy('http://u:secret@proxy:1')), 'http://proxy:1 as "u"');
});

test('the environment is read as curl reads it', () => {
  const both = { HTTPS_PROXY: 'http://upper:1', https_proxy: 'http://lower:2', NO_PROXY: 'a, b' };
  assert.equal(proxyFromEnvironment(both)?.host, 'lower');
  assert.deepEqual(proxyFromEnvironment(both)?.exceptions, ['a', 'b']);
  assert.equal(proxyFromEnvironment({ HTTPS_PROXY: '' }), undefined);
  assert.equal(proxyFromEnvironment({}), undefined);
});

test('exceptions: names with what is below them, addresses, blocks, ports', () => {
  const cases: readonly [string, string, number, boolean][] = [
    ['*', 'anything.example', 443, true],
    ['example.org', 'example.org', 443, true],
    ['example.org', 'API.Example.org.', 443, true],
    ['.example.org', 'api.example.org', 443, true],
    ['*.example.org', 'api.example.org', 443, true],
    ['example.org', 'notexample.org', 443, false],
    ['example.org:1500', 'example.org', 1500, true],
    ['example.org:1500', 'example.org', 443, false],
    ['10.0.0.0/8', '10.200.3.4', 443, true],
    ['10.0.0.0/8', '11.0.0.1', 443, false],
    ['10.0.0.0/99', '10.0.0.1', 443, false],
    ['192.168.1.7', '192.168.1.7', 443, true],
    ['192.168.1.7', '192.168.1.70', 443, false],
    ['fd00::/8', 'fd12::1', 443, true],
    ['[fd12::1]:443', 'fd12::1', 443, true],
    ['[fd12::1]:443', 'fd12::1', 1500, false],
    ['1.2.3.4', 'fd12::1', 443, false],
    ['.', 'example.org', 443, false],
  ];
  for (const [entry, host, port, expected] of cases) {
    assert.equal(bypassesProxy(parseExceptions(entry), { host, port }), expected, `${entry} ${host}:${port}`);
  }
  assert.equal(bypassesProxy([], { host: '127.0.0.1', port: 1 }), false);
});
