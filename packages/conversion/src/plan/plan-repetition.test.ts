/** A conversion of what was converted changes nothing that was done before. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperationError } from '@landfall/runtime';
import fc from 'fast-check';
import { GOLDEN_GUESTS, type GoldenGuest } from '../guest/golden-guests.testing.ts';
import { oneOf, someGuest } from '../guest/some-guest.testing.ts';
import { applied } from './applied-inspection.testing.ts';
import { type ConversionTarget, planConversion } from './plan.ts';

const TARGET = {
  macAddress: '52:54:00:aa:bb:cc',
  given: { address: '10.0.2.15/24', gateway: '10.0.2.2' },
};
const KEPT = [{ address: '192.0.2.1/24', gateway: '192.0.2.254', nameServers: ['192.0.2.53'] }];

/** How many steps there were. */
function assertOnce({ found }: GoldenGuest, target: ConversionTarget): number {
  if (!('root' in found)) return 0;
  try {
    const { steps, hardware } = planConversion(found, target);
    const again = planConversion(applied(found, steps), target);
    assert.deepEqual(again.steps, []);
    assert.equal(again.hardware, hardware);
    return steps.length;
  } catch (error) {
    // A guest that is refused has no second time.
    if (error instanceof OperationError) return 0;
    throw error;
  }
}

test('golden guests: planned again, nothing is left to do', () => {
  const counts = Object.values(GOLDEN_GUESTS).map((guest) => assertOnce(guest, TARGET));
  assert.ok(counts.filter((count) => count > 0).length >= 4, String(counts));
});

test('any guest, on any hardware, with any address: planned again, nothing is left to do', (context) => {
  let stepsSeen = 0;
  const property = fc.property(
    someGuest,
    oneOf([undefined, 'VIRTIO', 'COMPATIBLE'] as const),
    fc.boolean(),
    (guest, hardware, isKept) => {
      stepsSeen += assertOnce(guest, {
        ...TARGET,
        ...(hardware === undefined ? {} : { hardware }),
        ...(isKept ? { addresses: KEPT } : {}),
      });
    },
  );
  const seed = Date.now() % 2 ** 31;
  context.diagnostic(`seed ${seed}`);
  fc.assert(property, { numRuns: 1000, seed });
  assert.ok(stepsSeen > 1000, `${stepsSeen} steps seen`);
});
