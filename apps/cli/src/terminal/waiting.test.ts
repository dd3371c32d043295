import assert from 'node:assert/strict';
import test from 'node:test';
import { ApiError } from '@landfall/api';
import { systemClock } from '@landfall/runtime';
import { EXIT_INTERRUPTED, EXIT_TERMINATED } from '../exit-codes.ts';
import type { StopSignal } from './interruption.ts';
import { waitForEnd } from './waiting.ts';

/** A terminal that keeps what it is told, a clock that never waits, and a Ctrl-C for whoever wants one. */
function world() {
  const said: string[] = [];
  const listeners = new Set<(signal: StopSignal) => void>();
  const clock = {
    ...systemClock,
    sleep: async (_ms: number, signal?: AbortSignal) => signal?.throwIfAborted(),
  };
  return {
    said,
    listeners,
    interrupt: (signal: StopSignal) => {
      for (const listener of listeners) listener(signal);
    },
    output: {
      ...{ json: false, interactive: false, out: () => undefined },
      err: (text: string) => void said.push(text),
    },
    world: {
      clock,
      listenForStop: (listener: (signal: StopSignal) => void) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
  };
}

const WHAT = { what: 'job j-1', follow: 'landfall job watch j-1' };

test('it asks until the end, tells what is new and shows how far it is', async () => {
  const { said, output, world: waitingWorld, listeners } = world();
  let asked = 0;
  const ended = await waitForEnd(
    {
      ...WHAT,
      ask: async () => {
        asked += 1;
        return asked;
      },
      isEnded: (state) => state === 3,
      news: (state) => (state === 2 ? ['second'] : []),
      progressOf: (state) => ({ label: `AT ${state}` }),
    },
    output,
    waitingWorld,
  );
  assert.equal(ended, 3);
  assert.deepEqual(said, ['AT 1\n', 'second\n', 'AT 2\n']);
  assert.equal(listeners.size, 0, 'nobody listens for Ctrl-C any more');
});

for (const [signal, exitCode] of [
  ['SIGINT', EXIT_INTERRUPTED],
  ['SIGTERM', EXIT_TERMINATED],
] as const) {
  test(`${signal} ends the waiting, says that the job goes on and how to follow it`, async () => {
    const { output, world: waitingWorld, interrupt } = world();
    const waiting = {
      ...WHAT,
      /** No answer comes any more. */
      ask: () => new Promise<number>(() => undefined),
      isEnded: () => false,
    };
    const waited = waitForEnd(waiting, output, waitingWorld);
    interrupt(signal);
    await assert.rejects(waited, {
      message: 'no longer waiting: job j-1 goes on',
      follow: 'landfall job watch j-1',
      exitCode,
    });
  });
}

test('what asking cannot survive ends the waiting', async () => {
  const { output, world: waitingWorld, listeners } = world();
  const ask = () => Promise.reject(ApiError.notFound('j-1', 'Job'));
  const waited = waitForEnd({ ...WHAT, ask, isEnded: () => false }, output, waitingWorld);
  await assert.rejects(waited, { name: 'ResourceNotFoundException' });
  assert.equal(listeners.size, 0);
});
