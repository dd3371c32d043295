/** Forecasts of a sender at work, on virtual time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Churn } from '@landfall/capture';
import type { Bottleneck } from '@landfall/model';
import { VirtualClock } from '@landfall/runtime/virtual-clock';
import { Conversation } from '../testing/conversation.testing.ts';
import { BLOCK_BYTES } from '../testing/stamped-disk.testing.ts';
import { StageMeter } from './stage-meter.ts';

const LIMITS = { bulkBytes: 16 * 1024, cutDirtyBytesMax: 64 * 1024 };

function constantChurn(bytesPerSecond: number): () => Churn {
  return () => ({
    windows: [{ windowMs: 0, bytesPerSecond: Array.from({ length: 20 }, () => bytesPerSecond) }],
    places: [],
  });
}

async function capped(options: { readonly churn: number; readonly blocks: number }) {
  const { churn, blocks } = options;
  const bandwidth = 40_000;
  const sender = { bandwidth, churn: constantChurn(churn), limits: LIMITS };
  const conversation = new Conversation({ blockCounts: [blocks], sender });
  for (let block = 0; block < blocks; block += 1) conversation.source.write(0, block, block + 1);
  conversation.start();
  return conversation;
}

test('at first it is not known and says for how long; then the cap is named, and the time comes true', async () => {
  const conversation = await capped({ churn: 0, blocks: 1500 });
  await conversation.until(() => conversation.sender.status().connected);
  await conversation.pass(500);
  const early = conversation.sender.status();
  assert.equal(early.forecast?.verdict, 'NOT_KNOWN');
  assert.equal(early.etaMs, null);
  assert.ok((early.forecast?.neededSeconds ?? 0) > 0);
  await conversation.until(() => conversation.sender.status().forecast?.verdict === 'CONVERGES');
  const { forecast, etaMs } = conversation.sender.status();
  assert.equal(forecast?.bottleneck, 'BANDWIDTH_CAP');
  assert.equal(etaMs, forecast?.etaP50Ms);
  const beganNs = conversation.clock.monotonicNs();
  await conversation.until(() => conversation.sender.status().state === 'CONTINUOUS');
  const tookMs = Number(conversation.clock.monotonicNs() - beganNs) / 1e6;
  assert.ok(tookMs > 0.7 * (etaMs ?? 0) && tookMs < 1.5 * (etaMs ?? 0), `${tookMs} ms of ${etaMs} ms`);
  assert.equal(conversation.sender.status().forecast?.verdict, 'CAUGHT_UP');
  await conversation.end();
});

test('more churn than the cap lets through will not converge, and no time is told', async () => {
  const conversation = await capped({ churn: 10_000 * BLOCK_BYTES, blocks: 1500 });
  await conversation.until(() => conversation.sender.status().forecast?.verdict === 'DOES_NOT_CONVERGE');
  const { forecast, etaMs } = conversation.sender.status();
  assert.equal(etaMs, null);
  assert.match(forecast?.explanation ?? '', /> bandwidth cap .* will not converge; raise the bandwidth cap/);
  await conversation.end();
});

test('another cap is measured anew', async () => {
  const conversation = await capped({ churn: 0, blocks: 1500 });
  await conversation.until(() => conversation.sender.status().forecast?.verdict === 'CONVERGES');
  conversation.sender.setBandwidth(80_000);
  await conversation.pass(10_100);
  assert.equal(conversation.sender.status().forecast?.verdict, 'NOT_KNOWN');
  await conversation.end();
});

test('while it is paused nothing is forecast', async () => {
  const conversation = await capped({ churn: 0, blocks: 1500 });
  await conversation.until(() => conversation.sender.status().connected);
  conversation.sender.pause();
  assert.equal(conversation.sender.status().forecast, undefined);
  await conversation.end();
});

async function metered(waits: readonly (readonly [Bottleneck, number])[], busyShare: number) {
  const clock = new VirtualClock();
  const meter = new StageMeter(clock);
  meter.begin();
  for (let round = 0; round < 30; round += 1) {
    for (const [stage, ms] of waits) await clock.settle(meter.time(stage, clock.sleep(ms)), 10_000);
    meter.passed(1_000_000);
    const nowMs = Number(clock.monotonicNs()) / 1e6;
    if (round % 10 === 0) meter.onStaging({ storedBytes: 0, storeBusyMs: nowMs * busyShare });
  }
  return meter;
}

test('what is waited for longest is the bottleneck; a link behind a busy store is the store', async () => {
  const meter = await metered(
    [
      ['LINK', 800],
      ['SOURCE_READ', 150],
      ['CPU', 50],
    ],
    0.1,
  );
  assert.equal(meter.bottleneck, 'LINK');
  assert.ok(
    meter.bytesPerSecond.every((rate) => Math.abs(rate - 1_000_000) < 1000),
    `${meter.bytesPerSecond}`,
  );
  assert.equal(
    (
      await metered(
        [
          ['LINK', 800],
          ['SOURCE_READ', 300],
        ],
        0.8,
      )
    ).bottleneck,
    'STAGING_WRITE',
  );
  assert.equal(
    (
      await metered(
        [
          ['LINK', 100],
          ['SOURCE_READ', 900],
        ],
        0.8,
      )
    ).bottleneck,
    'SOURCE_READ',
  );
});
