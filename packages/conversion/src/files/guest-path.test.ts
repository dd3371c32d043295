import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { baseNameOf, joinGuestPath, normalizeGuestPath } from './guest-path.ts';

function normalized(path: string): string {
  return normalizeGuestPath(Buffer.from(path, 'latin1')).toString('latin1');
}

test('a path loses what is empty, and never leads above the root', () => {
  assert.equal(normalized('/'), '/');
  assert.equal(normalized('//etc/./hosts/'), '/etc/hosts');
  assert.equal(normalized('/a/../../../etc'), '/etc');
  assert.equal(normalized('/..'), '/');
  assert.equal(normalized('/\xff\xfe/...'), '/\xff\xfe/...');
});

test('what is no path in a guest is refused', () => {
  for (const path of ['', 'etc', '/a\0b', `/${'x'.repeat(5000)}`])
    assert.throws(() => normalized(path), { code: 'FILES_PATH_INVALID' });
});

test('any bytes make a path that is normal already, without a part that is empty or leads up', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const path = Buffer.concat([Buffer.from('/'), Buffer.from(bytes.filter((byte) => byte !== 0))]);
      const once = normalizeGuestPath(path);
      assert.ok(normalizeGuestPath(once).equals(once));
      const parts = once.toString('latin1').slice(1).split('/');
      assert.ok(once.length === 1 || parts.every((part) => !['', '.', '..'].includes(part)));
    }),
  );
});

test('a name joined to a folder is its last part', () => {
  for (const folder of ['/', '/a/b']) {
    const name = Buffer.from([0xff, 0x20]);
    const joined = joinGuestPath(Buffer.from(folder), name);
    assert.ok(baseNameOf(joined).equals(name));
    assert.ok(!joined.toString('latin1').includes('//'));
  }
  assert.equal(baseNameOf(Buffer.from('/')).toString(), '/');
});
