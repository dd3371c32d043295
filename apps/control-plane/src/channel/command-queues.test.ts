import assert from 'node:assert/strict';
import test from 'node:test';
import { type Clock, systemClock, systemRandom } from '@landfall/runtime';
import { COMMANDS_WAITING_MAX, createCommandQueues } from './command-queues.ts';

const AGENT = { role: 'agent', programId: 's-1' } as const;
const POINT = { epoch: 1, cutTimeMs: 1, consistency: 'CRASH_CONSISTENT' } as const;
const never = new AbortController().signal;

function queuesAt(nowMs: () => number = systemClock.nowMs) {
  const clock: Clock = { ...systemClock, nowMs };
  return createCommandQueues({ clock, random: systemRandom });
}

test('a waiting poll gets the command at once, and the sender its result', async () => {
  const queues = queuesAt();
  const polled = queues.poll('s-1', 5000, never);
  const sent = queues.send(AGENT, 'takeRecoveryPoint', {}, { timeoutMs: 1000 });
  const [command] = await polled;
  assert.equal(command?.name, 'takeRecoveryPoint');
  assert.equal(
    queues.complete('s-1', { commandId: command?.commandId ?? '', ok: true, output: POINT }),
    true,
  );
  assert.deepEqual(await sent, POINT);
});

test('a command without a result is delivered again after a while, not before', async () => {
  let nowMs = 0;
  const queues = queuesAt(() => nowMs);
  const sent = queues.send(AGENT, 'takeRecoveryPoint', {}, { timeoutMs: 1000 });
  const [first] = await queues.poll('s-1', 0, never);
  assert.deepEqual(await queues.poll('s-1', 1, never), []);
  nowMs = 31_000;
  const [again] = await queues.poll('s-1', 0, never);
  assert.deepEqual(again, first);
  queues.complete('s-1', { commandId: first?.commandId ?? '', ok: true, output: POINT });
  await sent;
  assert.equal(queues.complete('s-1', { commandId: first?.commandId ?? '', ok: true, output: POINT }), false);
});

test('a program that does not answer is PROGRAM_AWAY, and the command is withdrawn', async () => {
  const queues = queuesAt();
  const sent = queues.send(AGENT, 'takeRecoveryPoint', {}, { timeoutMs: 10 });
  await assert.rejects(sent, { code: 'PROGRAM_AWAY', retryable: true });
  assert.deepEqual(await queues.poll('s-1', 1, never), []);
});

test('a failure keeps the code and hint of the program', async () => {
  const queues = queuesAt();
  const sent = queues.send(AGENT, 'takeRecoveryPoint', {}, { timeoutMs: 1000 });
  const [command] = await queues.poll('s-1', 0, never);
  const error = { code: 'DISK_GONE', message: 'gone', hint: 'plug it in', retryable: false };
  queues.complete('s-1', { commandId: command?.commandId ?? '', ok: false, error });
  await assert.rejects(sent, { code: 'DISK_GONE', message: 'gone', hint: 'plug it in' });
});

test('a newer poll answers the older with nothing, and an aborted one takes no command', async () => {
  const queues = queuesAt();
  const older = queues.poll('s-1', 5000, never);
  const gone = new AbortController();
  const newer = queues.poll('s-1', 5000, gone.signal);
  assert.deepEqual(await older, []);
  gone.abort();
  assert.deepEqual(await newer, []);
  const sent = queues.send(AGENT, 'takeRecoveryPoint', {}, { timeoutMs: 50 });
  assert.equal((await queues.poll('s-1', 0, never)).length, 1);
  await assert.rejects(sent, { code: 'PROGRAM_AWAY' });
});

test('an absent program cannot fill the memory', async () => {
  const queues = queuesAt();
  const options = { timeoutMs: 100 };
  const sent = Array.from({ length: COMMANDS_WAITING_MAX + 1 }, () =>
    queues.send(AGENT, 'takeRecoveryPoint', {}, options),
  );
  const outcomes = await Promise.allSettled(sent);
  const last = outcomes.at(-1);
  assert.ok(last?.status === 'rejected' && last.reason.code === 'PROGRAM_BUSY');
});
