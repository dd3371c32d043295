import assert from 'node:assert/strict';
import test from 'node:test';
import { EventStream } from '../api/event-stream.ts';
import { ManualClock, settle } from '../browser-clock.testing.ts';
import { HIDDEN_MS_MAX, keepStreamWhileVisible } from './stream-upkeep.ts';

class Page extends EventTarget {
  visibilityState: DocumentVisibilityState;

  constructor(visibilityState: DocumentVisibilityState) {
    super();
    this.visibilityState = visibilityState;
  }

  turn(visibilityState: DocumentVisibilityState): void {
    this.visibilityState = visibilityState;
    this.dispatchEvent(new Event('visibilitychange'));
  }
}

function world(visibilityState: DocumentVisibilityState = 'visible') {
  const clock = new ManualClock();
  const page = new Page(visibilityState);
  const openings: string[] = [];
  const lines = new Set<ReadableStreamDefaultController<Uint8Array>>();
  let looks = 0;
  const stream = new EventStream({
    clock,
    open: async (lastEventId, signal) => {
      openings.push(lastEventId);
      return new ReadableStream<Uint8Array>({
        start: (controller) => {
          lines.add(controller);
          signal.addEventListener('abort', () => {
            lines.delete(controller);
            controller.error(signal.reason);
          });
        },
      });
    },
    onEvent: () => assert.fail('no event was told'),
    onAnything: () => {
      looks += 1;
    },
  });
  const end = keepStreamWhileVisible({ stream, page, clock });
  const say = (text: string) => {
    for (const line of lines) line.enqueue(new TextEncoder().encode(text));
  };
  return { clock, page, openings, lines, stream, end, say, looks: () => looks };
}

test('a page that is hidden holds no line, and goes on after the last event when it is shown again', async () => {
  const { clock, page, openings, lines, end, say, looks } = world();
  await settle();
  say('id: 7\nevent: ready\ndata: {}\n\n');
  await settle();
  page.turn('hidden');
  await clock.pass(HIDDEN_MS_MAX - 1);
  assert.equal(lines.size, 1);
  await clock.pass(1);
  assert.equal(lines.size, 0);
  assert.equal(clock.waiting, 0);
  await clock.pass(3_600_000);
  assert.deepEqual(openings, ['']);
  page.turn('visible');
  await settle();
  assert.deepEqual(openings, ['', '7']);
  assert.equal(lines.size, 1);
  assert.equal(looks(), 2);
  end();
});

test('a page that is soon shown again keeps its line', async () => {
  const { clock, page, openings, lines, end } = world();
  await settle();
  for (let turns = 0; turns < 5; turns += 1) {
    page.turn('hidden');
    await clock.pass(HIDDEN_MS_MAX - 1000);
    page.turn('visible');
    await clock.pass(1000);
  }
  assert.deepEqual(openings, ['']);
  assert.equal(lines.size, 1);
  end();
});

test('a page that was opened behind others opens its line when it is first shown', async () => {
  const { page, openings, end } = world('hidden');
  await settle();
  assert.deepEqual(openings, []);
  page.turn('visible');
  page.turn('visible');
  await settle();
  assert.deepEqual(openings, ['']);
  end();
});

test('once it has ended, the page tells it nothing and nothing waits', async () => {
  for (const last of ['visible', 'hidden'] as const) {
    const { clock, page, openings, lines, end } = world();
    await settle();
    page.turn(last);
    end();
    await settle();
    assert.equal(lines.size, 0);
    assert.equal(clock.waiting, 0);
    page.turn('hidden');
    page.turn('visible');
    await clock.pass(HIDDEN_MS_MAX);
    assert.deepEqual(openings, ['']);
  }
});
