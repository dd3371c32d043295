import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { silentLogger, systemClock } from '@landfall/runtime';
import {
  type FakeGuestfish,
  fakeGuestfish,
} from '../../../../packages/conversion/src/appliance/fake-guestfish.testing.ts';
import { waitFor } from '../../../control-plane/src/testing/wait-for.ts';
import { ReadyAppliances } from './ready-appliances.ts';

const QUIET_MS = 100;

interface Host {
  readonly fake: FakeGuestfish;
  readonly appliances: ReadyAppliances;
  /** How many were begun. */
  starts(): Promise<number>;
}

async function hostWith(context: TestContext, freeMemoryBytesMin = 0): Promise<Host> {
  const fake = await fakeGuestfish(context, [{ pattern: '^-run$', hangs: true }]);
  const appliances = new ReadyAppliances({
    ...{ stateDir: fake.folder, accelerator: 'tcg', logger: silentLogger, clock: systemClock },
    ...{ quietMs: QUIET_MS, freeMemoryBytesMin },
  });
  context.after(() => appliances.close());
  const starts = async () => (await fake.lines()).filter((line) => line === '-run').length;
  return { fake, appliances, starts };
}

test('one is started after a quiet time, and the next one after it was taken', async (context) => {
  const { appliances, starts } = await hostWith(context);
  assert.equal(appliances.take(), undefined, 'not at once');
  await waitFor('the first', starts, (count) => count === 1);
  const taken = appliances.take();
  assert.ok(taken !== undefined);
  context.after(() => taken.close());
  assert.equal(appliances.take(), undefined, 'each is given away once');
  await waitFor('the second', starts, (count) => count === 2);
  await appliances.close();
  await systemClock.sleep(3 * QUIET_MS);
  assert.equal(await starts(), 2, 'none after it was closed');
});

test('one that does not start is given up, and tried again later', async (context) => {
  const fake = await fakeGuestfish(context, [{ pattern: '^-run$', dies: true }]);
  const appliances = new ReadyAppliances({
    ...{ stateDir: fake.folder, accelerator: 'tcg', logger: silentLogger, clock: systemClock },
    ...{ quietMs: QUIET_MS, freeMemoryBytesMin: 0 },
  });
  context.after(() => appliances.close());
  const starts = async () => (await fake.lines()).filter((line) => line === '-run').length;
  await waitFor('the third', starts, (count) => count >= 3);
});

test('without memory to spare none is kept', async (context) => {
  const { starts } = await hostWith(context, 2 ** 60);
  await systemClock.sleep(3 * QUIET_MS);
  assert.equal(await starts(), 0);
});
