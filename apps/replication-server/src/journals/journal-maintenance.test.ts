import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { RETENTION_DEFAULT, type RetentionWish } from '@landfall/model';
import { type Clock, OperationError, silentLogger } from '@landfall/runtime';
import { readRetention, retentionBy } from './file-retention.ts';
import { maintainJournals } from './journal-maintenance.ts';

/** Time passes only while somebody sleeps or a step works. */
class SteppedClock implements Clock {
  ms = 0;
  readonly sleeps: number[] = [];
  readonly #abort: AbortController;

  constructor(abort: AbortController) {
    this.#abort = abort;
  }

  nowMs(): number {
    return this.ms;
  }

  monotonicNs(): bigint {
    return BigInt(this.ms) * 1_000_000n;
  }

  async sleep(durationMs: number): Promise<void> {
    this.sleeps.push(durationMs);
    this.ms += durationMs;
    if (this.ms > 200_000) this.#abort.abort();
  }
}

test('a step is followed by a pause three times as long; one failing server does not stop the others', async () => {
  const abort = new AbortController();
  const clock = new SteppedClock(abort);
  const steps: number[] = [];
  const failures: number[] = [];
  const working = {
    maintain: async (held: () => ReadonlySet<number> = () => new Set()) => {
      assert.deepEqual([...held()], [7], 'exported points stay');
      steps.push(clock.ms);
      clock.ms += 100;
      const hasMore = steps.length < 5;
      return { did: hasMore ? 'COPIED' : 'NOTHING', droppedPoints: 0, hasMore } as const;
    },
  };
  const failing = {
    maintain: async () => {
      failures.push(clock.ms);
      throw new OperationError('STAGING_FULL', 'no space');
    },
  };
  await maintainJournals({
    servers: () => [
      { sourceServerId: 'full', group: failing },
      { sourceServerId: 'working', group: working },
    ],
    exportedEpochs: () => [7],
    isUrgent: () => false,
    logger: silentLogger,
    clock,
    signal: abort.signal,
  });
  assert.deepEqual(
    steps.slice(1, 5).map((at, index) => at - (steps[index] ?? 0)),
    [400, 400, 400, 400],
  );
  assert.ok(clock.sleeps.includes(5000), 'with nothing to do it rests');
  const gaps = failures.slice(1).map((at, index) => at - (failures[index] ?? 0));
  assert.ok(gaps.length > 1 && gaps.every((gap) => gap >= 60_000), `it failed at ${failures.join(', ')}`);
});

test('where space runs out there are no pauses, and points go within seconds when their tier says so', async () => {
  const abort = new AbortController();
  const clock = new SteppedClock(abort);
  const thinned: boolean[] = [];
  const maintain = async (_held?: () => ReadonlySet<number>, thinsSoon?: boolean) => {
    thinned.push(thinsSoon === true);
    clock.ms += 1000;
    return { did: 'COPIED', droppedPoints: 0, hasMore: true } as const;
  };
  await maintainJournals({
    servers: () => [{ sourceServerId: 'full', group: { maintain } }],
    exportedEpochs: () => [],
    isUrgent: () => clock.ms >= 100_000,
    logger: silentLogger,
    clock,
    signal: abort.signal,
  });
  const pauses = new Set(clock.sleeps);
  assert.deepEqual([...pauses], [3000, 10]);
  assert.equal(thinned.indexOf(true), 25, 'one step of four seconds after the other before');
});

test('retention.json says which points are kept, by server; without it there are defaults', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-retention-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  assert.deepEqual((await readRetention(folder))('s-1', undefined), {
    ...{ origin: 'BUILT_IN', tiers: RETENTION_DEFAULT },
  });
  const tiers = [{ everyMs: 0, forMs: 1000 }];
  await writeFile(
    join(folder, 'retention.json'),
    JSON.stringify({ servers: { 's-1': tiers }, thinEveryMs: 5 }),
  );
  const retentionOf = await readRetention(folder);
  assert.deepEqual(retentionOf('s-1', undefined), { origin: 'SERVER_FILE', tiers, thinEveryMs: 5 });
  assert.deepEqual(retentionOf('s-2', {}), {
    ...{ origin: 'BUILT_IN', tiers: RETENTION_DEFAULT, thinEveryMs: 5 },
  });
  for (const text of ['{', '{ "default": [] }', '{ "default": 5 }', '{ "thinEveryMs": "soon" }']) {
    await writeFile(join(folder, 'retention.json'), text);
    await assert.rejects(
      readRetention(folder),
      (error) => error instanceof OperationError && error.code === 'STATE_UNREADABLE',
    );
  }
});

test('what was put wins over the file, and what is said of one server over what is said of all', () => {
  const tiers = (hours: number) => [{ everyMs: 0, forMs: hours * 3_600_000 }];
  const wish = { own: tiers(1), default: tiers(3) };
  const file = { servers: { 's-1': tiers(2) }, default: tiers(4) };
  const inForce = (of: typeof file | object, put: RetentionWish | undefined) => {
    const { origin, tiers: found } = retentionBy(of)('s-1', put);
    return [origin, found];
  };
  assert.deepEqual(inForce(file, wish), ['SERVER', tiers(1)]);
  assert.deepEqual(inForce(file, { default: tiers(3) }), ['SERVER_FILE', tiers(2)]);
  assert.deepEqual(inForce({ default: tiers(4) }, { default: tiers(3) }), ['DEFAULT', tiers(3)]);
  assert.deepEqual(inForce({ default: tiers(4) }, undefined), ['DEFAULT_FILE', tiers(4)]);
  assert.deepEqual(inForce({}, undefined), ['BUILT_IN', RETENTION_DEFAULT]);
});
