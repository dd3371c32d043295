import assert from 'node:assert/strict';
import test from 'node:test';
import { apiFailure } from '../api/failure.ts';
import { ManualClock, settle } from '../browser-clock.testing.ts';
import { Session, type SessionStorage, type TemporaryCredentials } from './session.ts';
import { readCredentials } from './session-token.ts';

const HOUR_MS = 3_600_000;
const SECRET = 'the-long-term-secret';

class MemoryStorage implements SessionStorage {
  readonly items = new Map<string, string>();
  getItem(name: string): string | null {
    return this.items.get(name) ?? null;
  }
  setItem(name: string, value: string): void {
    this.items.set(name, value);
  }
  removeItem(name: string): void {
    this.items.delete(name);
  }
}

function world(storage = new MemoryStorage(), clock = new ManualClock()) {
  let calls = 0;
  let refusal: unknown;
  const requestToken = async (): Promise<TemporaryCredentials> => {
    calls += 1;
    if (refusal !== undefined) throw refusal;
    const expiresAtMs = clock.nowMs() + HOUR_MS;
    return { accessKeyId: 'ASIA1', secretAccessKey: 'temporary', sessionToken: `t${calls}`, expiresAtMs };
  };
  const session = new Session({ storage, clock, requestToken });
  const refuse = (error: unknown) => {
    refusal = error;
  };
  return { session, storage, clock, refuse, calls: () => calls };
}

test('storage never holds the secret that was signed in with, and is empty after signing out', async () => {
  const { session, storage } = world();
  await session.signIn('AKIA1', SECRET);
  assert.equal(session.state.kind, 'SIGNED_IN');
  assert.ok([...storage.items.values()].join().includes('temporary'));
  assert.ok(![...storage.items.values()].join().includes(SECRET));
  session.signOut();
  assert.equal(storage.items.size, 0);
  assert.equal(session.state.kind, 'SIGNED_OUT');
});

test('credentials are renewed before they end as long as the page is open', async () => {
  const { session, clock, calls } = world();
  await session.signIn('AKIA1', SECRET);
  await clock.pass(10 * HOUR_MS);
  assert.equal(session.state.kind, 'SIGNED_IN');
  assert.ok(calls() >= 13, `${calls()} calls`);
  assert.ok(session.state.kind === 'SIGNED_IN' && session.state.credentials.expiresAtMs > clock.nowMs());
});

test('a renewal that fails is tried again until the credentials end', async () => {
  const { session, clock, refuse } = world();
  await session.signIn('AKIA1', SECRET);
  refuse(apiFailure({ name: 'InternalServerException', status: 500, message: 'down' }));
  await clock.pass(HOUR_MS - 60_000);
  assert.equal(session.state.kind, 'SIGNED_IN');
  refuse(undefined);
  await clock.pass(HOUR_MS);
  assert.equal(session.state.kind, 'SIGNED_IN');
  refuse(apiFailure({ name: 'InternalServerException', status: 500, message: 'down' }));
  await clock.pass(2 * HOUR_MS);
  assert.equal(session.state.kind, 'EXPIRED');
  assert.equal(clock.waiting, 0);
});

test('a key that was taken away ends the session at its renewal', async () => {
  const { session, clock, refuse, storage } = world();
  await session.signIn('AKIA1', SECRET);
  refuse(apiFailure({ name: 'UnrecognizedClientException', status: 403, message: 'gone' }));
  await clock.pass(HOUR_MS / 4 + HOUR_MS / 2 + 1000);
  assert.deepEqual(session.state, { kind: 'EXPIRED', keyId: 'AKIA1' });
  assert.equal(storage.items.size, 0);
});

test('after a reload the temporary credentials go on until they end, then the session is expired', async () => {
  const first = world();
  await first.session.signIn('AKIA1', SECRET);
  const { session, clock, calls } = world(first.storage, first.clock);
  assert.equal(session.state.kind, 'SIGNED_IN');
  let told = 0;
  session.subscribe(() => {
    told += 1;
  });
  await clock.pass(HOUR_MS);
  assert.deepEqual(session.state, { kind: 'EXPIRED', keyId: 'AKIA1' });
  assert.equal(calls(), 0);
  assert.equal(told, 1);
});

test('a sign-in that is refused changes nothing', async () => {
  const { session, refuse } = world();
  refuse(apiFailure({ name: 'InvalidSignatureException', status: 403, message: 'wrong' }));
  await assert.rejects(session.signIn('AKIA1', SECRET), { name: 'InvalidSignatureException' });
  await settle();
  assert.equal(session.state.kind, 'SIGNED_OUT');
});

test('whatever else is in storage is nobody signed in', () => {
  for (const text of ['', '{', 'null', '[]', '{"keyId":"A"}', '{"keyId":1,"credentials":{}}']) {
    const storage = new MemoryStorage();
    storage.setItem('landfall-session', text);
    assert.equal(world(storage).session.state.kind, 'SIGNED_OUT', text);
  }
});

test('credentials are read from what STS answers, and half an answer is none', () => {
  const xml =
    '<GetSessionTokenResponse><GetSessionTokenResult><Credentials><AccessKeyId>ASIA1</AccessKeyId>' +
    '<SecretAccessKey>a/b+c&amp;d</SecretAccessKey><SessionToken>t</SessionToken>' +
    '<Expiration>2026-01-31T12:00:00.000Z</Expiration></Credentials></GetSessionTokenResult>' +
    '</GetSessionTokenResponse>';
  assert.deepEqual(readCredentials(xml), {
    accessKeyId: 'ASIA1',
    secretAccessKey: 'a/b+c&d',
    sessionToken: 't',
    expiresAtMs: Date.UTC(2026, 0, 31, 12),
  });
  assert.throws(() => readCredentials(xml.replace('<SessionToken>t</SessionToken>', '')), {
    name: 'ApiResponseInvalid',
  });
});
