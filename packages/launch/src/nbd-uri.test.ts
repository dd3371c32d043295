import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseNbdUri } from './nbd-uri.ts';

test('views on a socket and on a port are understood', () => {
  assert.deepEqual(parseNbdUri('nbd+unix:///disk-0?socket=/run/view.sock'), {
    server: { type: 'unix', path: '/run/view.sock' },
    export: 'disk-0',
  });
  assert.deepEqual(parseNbdUri('nbd://[::1]/a%20b'), {
    server: { type: 'inet', host: '::1', port: '10809' },
    export: 'a b',
  });
  assert.equal(parseNbdUri('nbd://staging.example:1234/x').server.type, 'inet');
});

test('anything else is NBD_URI_INVALID', () => {
  for (const uri of ['', '/dev/sda', 'http://host/x', 'nbd+unix:///x', 'nbd+unix:///x?socket=relative']) {
    assert.throws(() => parseNbdUri(uri), { code: 'NBD_URI_INVALID' }, uri);
  }
});

test('any export name comes back as it was', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z0-9_-][A-Za-z0-9_ /:%-]*$/), (name) => {
      assert.equal(parseNbdUri(`nbd://127.0.0.1:1/${encodeURIComponent(name)}`).export, name);
    }),
  );
});
