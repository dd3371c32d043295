import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApplianceTurns } from './appliance-turns.ts';

const { signal } = new AbortController();

function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: () => resolve() };
}

/** Until its signal. */
function untilAborted(turn: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    turn.addEventListener('abort', () => reject(turn.reason), { once: true });
  });
}

async function settle(): Promise<void> {
  for (let round = 0; round < 10; round += 1) await new Promise(setImmediate);
}

test('the background steps aside for a launch, waits for all of them, and begins again', async () => {
  const turns = createApplianceTurns();
  const log: string[] = [];
  const gates = [gate(), gate()];
  const inBackground = turns.inBackground(signal, async (turn) => {
    log.push('background');
    if (log.filter((each) => each === 'background').length === 1) await untilAborted(turn);
    return 'done';
  });
  await settle();
  const launches = gates.map((each, index) =>
    turns.conversions.run(signal, async () => {
      log.push(`launch ${index}`);
      await each.opened;
    }),
  );
  await settle();
  assert.deepEqual(log, ['background', 'launch 0']);
  gates[0]?.open();
  await settle();
  assert.deepEqual(log, ['background', 'launch 0', 'launch 1']);
  gates[1]?.open();
  assert.equal(await inBackground, 'done');
  await Promise.all(launches);
  assert.deepEqual(log, ['background', 'launch 0', 'launch 1', 'background']);
});

test('a launch that comes while the background waits for another goes first', async () => {
  const turns = createApplianceTurns();
  const log: string[] = [];
  const gates = [gate(), gate()];
  const launch = (index: number) =>
    turns.conversions.run(signal, async () => {
      log.push(`launch ${index}`);
      await gates[index]?.opened;
    });
  const first = launch(0);
  const inBackground = turns.inBackground(signal, async () => {
    log.push('background');
  });
  await settle();
  const second = launch(1);
  gates[0]?.open();
  await settle();
  assert.deepEqual(log, ['launch 0', 'launch 1']);
  gates[1]?.open();
  await Promise.all([first, second, inBackground]);
  assert.deepEqual(log, ['launch 0', 'launch 1', 'background']);
});

test('one in the background at a time, its own failures and the end of its owner are its own', async () => {
  const turns = createApplianceTurns();
  const owner = new AbortController();
  const held = turns.inBackground(owner.signal, (turn) => untilAborted(turn));
  let isBegun = false;
  const next = turns.inBackground(signal, async () => {
    isBegun = true;
    throw new Error('its own');
  });
  const ended = assert.rejects(held, /owner/);
  const failed = assert.rejects(next, /its own/);
  await settle();
  assert.equal(isBegun, false);
  owner.abort(new Error('the owner ended'));
  await Promise.all([ended, failed]);
  assert.equal(await turns.conversions.run(signal, async () => 'free'), 'free');
});

test('a launch that gives up while it waits leaves the way free', async () => {
  const turns = createApplianceTurns();
  const held = gate();
  const first = turns.conversions.run(signal, () => held.opened);
  const impatient = new AbortController();
  const second = assert.rejects(
    turns.conversions.run(impatient.signal, async () => undefined),
    /no more/,
  );
  impatient.abort(new Error('no more'));
  await second;
  const inBackground = turns.inBackground(signal, async () => 'done');
  held.open();
  await first;
  assert.equal(await inBackground, 'done');
});
