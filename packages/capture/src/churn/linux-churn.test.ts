import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { runChecked, silentLogger } from '@landfall/runtime';
import { createLoopDisks, whyNoLoopDevices } from '../disks/linux-loop.testing.ts';
import { measureChurn } from './linux-churn.ts';

const INSTANCES = '/sys/kernel/tracing/instances';

function whyNot(): string | false {
  return whyNoLoopDevices() || (existsSync(INSTANCES) ? false : 'needs tracefs');
}

test('what a real disk changes by is measured beside a replicating agent', { skip: whyNot() }, async () => {
  const loops = await createLoopDisks([64 * 1024 * 1024]);
  try {
    const [disk] = loops.disks;
    assert.ok(disk !== undefined);
    const ended = new AbortController();
    const tracing = Promise.withResolvers<void>();
    const measuring = measureChurn({
      ...{ devices: [disk.devicePath], durationMs: 60_000, logger: silentLogger, signal: ended.signal },
      onProgress: () => tracing.resolve(),
    });
    await tracing.promise;
    const write = ['dd', 'if=/dev/zero', `of=${disk.devicePath}`, 'bs=64k', 'count=16', 'oflag=direct'];
    for (let round = 0; round < 4; round += 1) await runChecked([...write, 'conv=notrunc']);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    ended.abort();
    const { windows, places } = await measuring;
    const total = (windowMs: number) => {
      const rates = windows.find((window) => window.windowMs === windowMs)?.bytesPerSecond ?? [];
      return rates.reduce((sum, rate) => sum + rate, 0) * (Math.max(1000, windowMs) / 1000);
    };
    assert.equal(total(0), 4 * 1024 * 1024);
    assert.ok(total(1000) >= 1024 * 1024 && total(1000) <= total(0), `${total(1000)} distinct bytes`);
    assert.equal(places[0], 1);
    assert.deepEqual(
      readdirSync(INSTANCES).filter((name) => name.includes(`landfall-forecast-1-${process.pid}-`)),
      [],
    );
  } finally {
    loops.remove();
  }
});
