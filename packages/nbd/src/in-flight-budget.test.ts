import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { InFlightBudget } from './in-flight-budget.ts';

describe('an in-flight budget', () => {
  it('never admits more than its limits, keeps the order, and admits everybody in the end', async () => {
    const limits = { requestsMax: 4, bytesMax: 100 };
    const property = fc.asyncProperty(fc.array(fc.nat(120), { maxLength: 50 }), async (sizes) => {
      const budget = new InFlightBudget(limits);
      const admitted: number[] = [];
      let bytes = 0;
      const run = async (size: number, index: number) => {
        await budget.acquire(size);
        admitted.push(index);
        bytes += size;
        assert.ok(budget.requests <= limits.requestsMax);
        assert.ok(bytes <= limits.bytesMax || budget.requests === 1, 'only one alone may be larger');
        await new Promise((resolve) => setImmediate(resolve));
        bytes -= size;
        budget.release(size);
      };
      await Promise.all(sizes.map(run));
      assert.equal(budget.requests, 0);
      assert.deepEqual(admitted.length, sizes.length);
    });
    await fc.assert(property, { numRuns: 50 });
  });

  it('lets nobody overtake', async () => {
    const budget = new InFlightBudget({ requestsMax: 10, bytesMax: 100 });
    assert.equal(budget.acquire(60), undefined);
    const order: string[] = [];
    const large = Promise.resolve(budget.acquire(90)).then(() => order.push('large'));
    const small = Promise.resolve(budget.acquire(10)).then(() => order.push('small'));
    budget.release(60);
    await Promise.all([large, small]);
    assert.deepEqual(order, ['large', 'small']);
  });
});
