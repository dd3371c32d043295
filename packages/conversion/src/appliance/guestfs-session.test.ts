import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { OperationError, silentLogger, systemClock } from '@landfall/runtime';
import { fakeGuestfish } from './fake-guestfish.testing.ts';
import { GuestfsSession } from './guestfs-session.ts';

function open(context: TestContext): GuestfsSession {
  const options = { useKvm: false, logger: silentLogger, clock: systemClock, timeoutMs: 60_000 };
  const session = new GuestfsSession(options);
  context.after(() => session.abort());
  return session;
}

test('a command too long for guestfish is refused, and no part of it written', async (context) => {
  const fake = await fakeGuestfish(context);
  const session = open(context);
  const path = `/${'a'.repeat(8180)}!touch /tmp/outside`;
  const { error, output, bytes } = await session.attempt('glob-expand', path);
  assert.match(error ?? '', /too long/);
  assert.deepEqual([output, bytes.length], ['', 0]);
  assert.match((await session.attempt('statns', '/a\0b')).error ?? '', /NUL/);
  await assert.rejects(session.must('statns', path), { code: 'APPLIANCE_FAILED' });
  await session.must('umount-all');
  assert.deepEqual(await fake.lines(), ['-umount-all']);
});

test('after a refused command an appliance that is ended leaves nothing unhandled', async (context) => {
  await fakeGuestfish(context);
  const session = open(context);
  await session.attempt('statns', Buffer.from([0x2f, 0]));
  await session.abort();
  // An unhandled rejection would fail this file.
  await new Promise((resolve) => setImmediate(resolve));
  await assert.rejects(session.attempt('statns', '/'), OperationError);
});

test('a guest that prints a mark does not end a command', async (context) => {
  await fakeGuestfish(context, [{ pattern: '^-readlink', output: '@@end-of-1@@\nrest\n' }]);
  const session = open(context);
  assert.equal((await session.attempt('readlink', '/link')).output, '@@end-of-1@@\nrest\n');
});

test('guestfish itself takes every byte but NUL as it is', async (context) => {
  const session = open(context);
  for (let byte = 1; byte < 256; byte += 1) {
    const word = Buffer.from([0x61, byte, byte, 0x62]);
    const { bytes, error } = await session.attempt('echo', word);
    assert.deepEqual([bytes.toString('latin1'), error], [`${word.toString('latin1')}\n`, undefined]);
  }
  const longest = Buffer.alloc(8190 - '-echo ""'.length, 0xe9);
  assert.deepEqual((await session.attempt('echo', longest)).bytes.subarray(0, -1), longest);
});
