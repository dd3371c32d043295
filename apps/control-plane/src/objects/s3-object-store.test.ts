import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { type Clock, describeError, OperationError, systemClock } from '@landfall/runtime';
import { type S3Fault, startS3Server } from '../testing/s3-server.ts';
import { startTestControlPlane } from '../testing/test-control-plane.ts';
import { testObjectStore } from './object-store.conformance.ts';
import { createS3ObjectStore, type S3Location } from './s3-object-store.ts';

/** Waits a hundred times shorter: the deadline of a call is 300 ms. */
const hasty: Clock = {
  ...systemClock,
  sleep: (durationMs, signal) => systemClock.sleep(durationMs / 100, signal),
};
const NAME = { bucket: 'b-1', key: 'in.csv' };
const BYTES_MAX = 1000;

async function open(
  t: TestContext,
  changes: Partial<S3Location> = {},
  clock: Clock = hasty,
  closing: AbortSignal = new AbortController().signal,
) {
  const server = await startS3Server(t, ['b-1']);
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const key = { accessKeyId, secretAccessKey };
  const location = { endpoint, region, ...key, buckets: ['b-1', 'b-2'], pathStyle: true, ...changes };
  return { server, store: await createS3ObjectStore(location, { clock, closing }) };
}

async function* pieces(...texts: string[]) {
  yield* texts;
}

testObjectStore({ name: 'S3', open: async (t) => (await open(t)).store });

async function failureOf(reading: Promise<unknown>): Promise<OperationError> {
  try {
    await reading;
  } catch (error) {
    assert.ok(error instanceof OperationError, `${error} is none of ours`);
    assert.ok(error.hint !== undefined && error.hint !== '', 'it says what to do');
    return error;
  }
  return assert.fail('it did not fail');
}

test('what the endpoint refuses is told with its code, the object, and what to do', async (t) => {
  const { server, store } = await open(t);
  const cases: readonly (readonly [status: number, code: string, expected: string])[] = [
    [404, 'NoSuchBucket', 'OBJECT_BUCKET_MISSING'],
    [403, 'AccessDenied', 'OBJECT_ACCESS_DENIED'],
    [403, 'InvalidAccessKeyId', 'OBJECT_STORE_KEY_REFUSED'],
    [403, 'RequestTimeTooSkewed', 'OBJECT_STORE_KEY_REFUSED'],
    [400, 'EntityTooLarge', 'OBJECT_TOO_LARGE'],
    [301, 'PermanentRedirect', 'OBJECT_STORE_REFUSED'],
    [400, 'InvalidRequest', 'OBJECT_STORE_REFUSED'],
  ];
  for (const [status, code, expected] of cases) {
    const fault: S3Fault = { kind: 'error', status, code };
    for (const call of [() => store.read(NAME, BYTES_MAX), () => store.write(NAME, pieces('x'))]) {
      server.faults.splice(0, Number.POSITIVE_INFINITY, ...Array.from({ length: 3 }, () => fault));
      const failure = await failureOf(call());
      assert.equal(failure.code, expected, `${code}: ${describeError(failure)}`);
      assert.ok(failure.message.includes('b-1/in.csv'), failure.message);
      assert.equal(failure.retryable, false);
    }
  }
});

test('a bucket that is not there, a wrong secret and a wrong region are told apart from a missing file', async (t) => {
  const { store } = await open(t);
  assert.equal(await store.read(NAME, BYTES_MAX), undefined);
  const missing = await failureOf(store.read({ ...NAME, bucket: 'b-2' }, BYTES_MAX));
  assert.equal(missing.code, 'OBJECT_BUCKET_MISSING');
  const secret = 'another-secret';
  for (const changes of [{ secretAccessKey: secret }, { accessKeyId: 'NOBODY' }, { region: 'elsewhere' }]) {
    const failure = await failureOf((await open(t, changes)).store.read(NAME, BYTES_MAX));
    assert.equal(failure.code, 'OBJECT_STORE_KEY_REFUSED', describeError(failure));
    assert.ok(!describeError(failure).includes(secret));
  }
});

test('a passing failure is tried again, and told as one that may pass when it does not', async (t) => {
  const { server, store } = await open(t, {}, systemClock);
  await store.write(NAME, pieces('here'));
  server.faults.push({ kind: 'error', status: 503, code: 'SlowDown' }, { kind: 'reset' });
  assert.equal(String(await store.read(NAME, BYTES_MAX)), 'here');
  const always = Array.from(
    { length: 3 },
    (): S3Fault => ({ kind: 'error', status: 500, code: 'InternalError' }),
  );
  server.faults.push(...always);
  server.requests.length = 0;
  const failure = await failureOf(store.read(NAME, BYTES_MAX));
  assert.deepEqual([failure.code, failure.retryable], ['OBJECT_STORE_UNAVAILABLE', true]);
  assert.equal(server.requests.length, 3, 'it is tried three times');
});

test('S1: an endpoint that is away, silent, or stops in the middle ends by the deadline', async (t) => {
  const { server, store } = await open(t);
  await store.write(NAME, pieces('x'.repeat(500)));
  for (const fault of [{ kind: 'silence' }, { kind: 'stall', afterBytes: 100 }] as const) {
    server.faults.push(fault);
    const failure = await failureOf(store.read(NAME, BYTES_MAX));
    assert.equal(failure.code, 'OBJECT_STORE_UNAVAILABLE');
    assert.match(failure.message, /no answer within 30 s/);
  }
  server.faults.push({ kind: 'silence' });
  assert.equal((await failureOf(store.write(NAME, pieces('y')))).code, 'OBJECT_STORE_UNAVAILABLE');
  const { store: away } = await open(t, { endpoint: 'http://127.0.0.1:9' });
  const failure = await failureOf(away.read(NAME, BYTES_MAX));
  assert.equal(failure.code, 'OBJECT_STORE_UNAVAILABLE');
  assert.ok(!failure.message.includes('127.0.0.1'), 'what callers see has no address in it');
});

test('a certificate of an authority that is not known is told with what to do', async (t) => {
  const { url } = await startTestControlPlane(t);
  const { store } = await open(t, { endpoint: url });
  const failure = await failureOf(store.read(NAME, BYTES_MAX));
  assert.equal(failure.code, 'OBJECT_STORE_UNAVAILABLE');
  assert.match(failure.hint ?? '', /NODE_EXTRA_CA_CERTS/);
});

test('S2: no more is taken of an endpoint than was asked for, nor more than a line of its words', async (t) => {
  const { server, store } = await open(t);
  await store.write(NAME, pieces('x'));
  server.faults.push({ kind: 'endless' });
  await assert.rejects(store.read(NAME, BYTES_MAX), { code: 'OBJECT_TOO_LARGE' });
  server.faults.push({ kind: 'error', status: 403, code: 'AccessDenied', message: 'no\n'.repeat(10_000) });
  const { message } = await failureOf(store.read(NAME, BYTES_MAX));
  assert.ok(message.length < 400 && !message.includes('\n'), message);
});

test('S2: of an answer that is no object no more than a MiB is taken', async (t) => {
  const { server, store } = await open(t, {}, systemClock);
  const read = () => store.read(NAME, BYTES_MAX);
  const write = () => store.write(NAME, pieces('x'));
  const cases = [
    [403, read],
    [500, read],
    [200, write],
    [403, write],
    [500, write],
  ] as const;
  for (const [status, call] of cases) {
    server.faults.splice(0, 10, ...Array.from({ length: 3 }, () => ({ kind: 'endless', status }) as const));
    const startedMs = performance.now();
    const failure = await failureOf(call());
    assert.match(failure.code, /^OBJECT_STORE_/, describeError(failure));
    assert.ok(performance.now() - startedMs < 15_000, 'not by the deadline');
  }
});

test('S3: only buckets of the list are asked for, and it makes no difference whether another is there', async (t) => {
  const { server, store } = await open(t, { buckets: ['b-2'] });
  const said = async (bucket: string) => {
    const name = { ...NAME, bucket };
    const failures = [store.read(name, BYTES_MAX), store.write(name, pieces('x'))].map(failureOf);
    return (await Promise.all(failures)).map(({ code, message }) => [code, message.replace(bucket, 'B')]);
  };
  const there = await said('b-1');
  assert.deepEqual(there, await said('b-3'));
  assert.equal(there[0]?.[0], 'OBJECT_BUCKET_MISSING');
  assert.deepEqual(server.requests, []);
});

test('S4: a call that is under way when the control plane stops ends at once', async (t) => {
  const closing = new AbortController();
  const { server, store } = await open(t, {}, systemClock, closing.signal);
  await store.write(NAME, pieces('x'.repeat(500)));
  server.requests.length = 0;
  const read = () => store.read(NAME, BYTES_MAX);
  const faults = [{ kind: 'silence' }, { kind: 'silence' }, { kind: 'stall', afterBytes: 100 }] as const;
  server.faults.push(...faults);
  const calls: Promise<unknown>[] = [];
  for (const call of [() => store.write(NAME, pieces('y')), read, read]) {
    calls.push(call());
    while (server.requests.length < calls.length) await systemClock.sleep(10);
  }
  const ended = Promise.allSettled(calls);
  const startedMs = performance.now();
  closing.abort();
  for (const outcome of await ended) {
    assert.ok(outcome.status === 'rejected');
    assert.equal(outcome.reason.code, 'SHUTTING_DOWN');
  }
  assert.ok(performance.now() - startedMs < 5000);
  await assert.rejects(store.read(NAME, BYTES_MAX), { code: 'SHUTTING_DOWN' });
});

test('more than 64 MiB are not put, and nothing of them', async (t) => {
  const { server, store } = await open(t);
  const huge = async function* () {
    for (let index = 0; index < 65; index += 1) yield 'x'.repeat(1024 * 1024);
  };
  await assert.rejects(store.write(NAME, huge()), { code: 'OBJECT_TOO_LARGE' });
  assert.deepEqual(server.requests, []);
});
