import { test } from 'node:test';
import fc from 'fast-check';
import { runHistory } from './journal-history.testing.ts';

const HISTORIES = Number(process.env.LANDFALL_JOURNAL_HISTORIES ?? 120);

test(`${HISTORIES} random histories with crashes keep every acknowledged epoch and show no half one`, async () => {
  const property = fc.asyncProperty(fc.integer({ min: 0 }), runHistory);
  await fc.assert(property, { numRuns: HISTORIES, endOnFailure: true });
});
