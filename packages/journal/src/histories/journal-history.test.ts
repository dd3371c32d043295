import { test } from 'node:test';
import fc from 'fast-check';
import { runHistory } from './journal-history.testing.ts';

const HISTORIES = Number(process.env.LANDFALL_JOURNAL_HISTORIES ?? 60);

test(`${HISTORIES} random histories with crashes keep what was acknowledged, and nothing half`, async () => {
  const property = fc.asyncProperty(fc.integer({ min: 0 }), runHistory);
  await fc.assert(property, { numRuns: HISTORIES, endOnFailure: true });
});
