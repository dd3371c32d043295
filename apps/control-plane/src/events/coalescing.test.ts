import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Coalescing } from './coalescing.ts';
import type { NewEvent } from './event-log.ts';

const GAP_MS = 1000;
const TICK_MS = 100;

function lagOf(server: number, summary: string): NewEvent {
  return { type: 'ReplicationChanged', resourceId: `s-${server}`, summary };
}

test('C1: of one server at most one is told in a second, and its last is always told', () => {
  const step = fc.record({ server: fc.nat({ max: 2 }), waitMs: fc.nat({ max: 700 }) });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 80 }), (steps) => {
      const coalescing = new Coalescing();
      const told: { readonly atMs: number; readonly event: NewEvent }[] = [];
      const tell = (atMs: number, events: readonly NewEvent[]) =>
        told.push(...events.map((event) => ({ atMs, event })));
      let nowMs = 0;
      const pass = (untilMs: number) => {
        for (; nowMs < untilMs; nowMs += 1) if (nowMs % TICK_MS === 0) tell(nowMs, coalescing.due(nowMs));
      };
      const last = new Map<number, string>();
      steps.forEach(({ server, waitMs }, index) => {
        pass(nowMs + waitMs);
        last.set(server, `${index}`);
        tell(nowMs, coalescing.offer(lagOf(server, `${index}`), nowMs));
      });
      pass(nowMs + 2 * GAP_MS + TICK_MS);
      for (const [server, summary] of last) {
        const ofServer = told.filter(({ event }) => event.resourceId === `s-${server}`);
        assert.equal(ofServer.at(-1)?.event.summary, summary);
        ofServer.slice(1).forEach(({ atMs }, index) => {
          assert.ok(atMs - (ofServer[index]?.atMs ?? 0) >= GAP_MS);
        });
      }
    }),
  );
});
