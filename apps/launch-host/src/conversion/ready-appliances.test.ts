import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { type FakeGuestfish, fakeGuestfish } from '@landfall/conversion/testing';
import { silentLogger, systemClock } from '@landfall/runtime';
import { ReadyAppliances } from './ready-appliances.ts';

const QUIET_MS = 100;
const TIMEOUT_MS = 20_000;

interface Host {
  readonly fake: FakeGuestfish;
  readonly appliances: ReadyAppliances;
  /** How many were begun. */
  starts(): Promise<number>;
}

/** Its appliances hang while they start, or die. */
async function hostWith(context: TestContext, { dies = false, freeMemoryBytesMin = 0 } = {}): Promise<Host> {
  const fake = await fakeGuestfish(context, [{ pattern: '^-run$', ...(dies ? { dies } : { hangs: true }) }]);
  const appliances = new ReadyAppliances({
    ...{ stateDir: fake.folder, accelerator: 'tcg', logger: silentLogger, clock: systemClock },
    ...{ quietMs: QUIET_MS, freeMemoryBytesMin },
  });
  context.after(() => appliances.close());
  const starts = async () => (await fake.lines()).filter((line) => line === '-run').length;
  return { fake, appliances, starts };
}

async function reach(wanted: number, starts: () => Promise<number>): Promise<void> {
  const deadlineMs = systemClock.nowMs() + TIMEOUT_MS;
  while ((await starts()) < wanted) {
    assert.ok(systemClock.nowMs() < deadlineMs, `${await starts()} of ${wanted} were begun`);
    await systemClock.sleep(10);
  }
}

test('one is started after a quiet time, and the next one after it was taken', async (context) => {
  const { appliances, starts } = await hostWith(context);
  assert.equal(appliances.take(), undefined, 'not at once');
  assert.equal(appliances.describe().readyAppliance, 'NONE');
  await reach(1, starts);
  assert.deepEqual(appliances.describe(), { readyAppliance: 'STARTING' });
  const taken = appliances.take();
  assert.ok(taken !== undefined);
  context.after(() => taken.close());
  assert.equal(appliances.take(), undefined, 'each is given away once');
  await reach(2, starts);
  await appliances.close();
  await systemClock.sleep(3 * QUIET_MS);
  assert.equal(await starts(), 2, 'none after it was closed');
});

test('one that does not start is given up, and tried again later', async (context) => {
  const { starts } = await hostWith(context, { dies: true });
  await reach(3, starts);
});

test('without memory to spare none is kept', async (context) => {
  const { appliances, starts } = await hostWith(context, { freeMemoryBytesMin: 2 ** 60 });
  await systemClock.sleep(3 * QUIET_MS);
  assert.equal(await starts(), 0);
  assert.match(appliances.describe().readyApplianceReason ?? '', /^less than .* of memory are free$/);
});
