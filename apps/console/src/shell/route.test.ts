import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { hrefOf, matchPath, parseLocation, serverHref } from './route.ts';

test('a path gives the parameters of its pattern, and no other pattern matches', () => {
  assert.deepEqual(matchPath('/servers/:serverId', '/servers/s-1'), { serverId: 's-1' });
  assert.deepEqual(matchPath('/servers/:serverId', '/servers/s-1/'), { serverId: 's-1' });
  assert.equal(matchPath('/servers/:serverId', '/servers'), undefined);
  assert.equal(matchPath('/servers', '/jobs'), undefined);
  assert.equal(matchPath('/servers/:serverId', '/servers/%E0%A4%A'), undefined);
  assert.deepEqual(matchPath('/', '/'), {});
});

test('any name and any query survive the address', () => {
  const property = fc.property(fc.string({ minLength: 1 }), fc.string(), (name, value) => {
    fc.pre(name.isWellFormed() && value.isWellFormed() && name !== '.' && name !== '..');
    const { pathname, search } = new URL(serverHref(name, { at: value }), 'https://h');
    const { path, query } = parseLocation(pathname, search);
    assert.deepEqual(matchPath('/servers/:serverId', path), { serverId: name });
    assert.deepEqual(query, { at: value });
  });
  fc.assert(property);
});

test('what is left out of a query is not in the address', () => {
  assert.equal(hrefOf('/servers', { tab: undefined }), '/console/servers');
  assert.deepEqual(parseLocation('/somewhere/else', ''), { path: '/', query: {} });
});
