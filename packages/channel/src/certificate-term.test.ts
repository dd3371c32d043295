import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@landfall/runtime';
import { isBeyondRenewal, isExpired, renewAtMs, termMs } from './certificate-term.ts';

const TERM = { notBeforeMs: 1_000_000, notAfterMs: 10_000_000 };

test('renewals of many programs are spread around two thirds of the term', () => {
  const seed = 20_261_126;
  const random = seededRandom(seed);
  const shares = Array.from({ length: 2000 }, () => {
    return (renewAtMs(TERM, random) - TERM.notBeforeMs) / termMs(TERM);
  });
  const [least, most] = [Math.min(...shares), Math.max(...shares)];
  assert.ok(least > 0.61 && least < 0.63, `seed ${seed}: ${least}`);
  assert.ok(most < 0.72 && most > 0.7, `seed ${seed}: ${most}`);
});

test('a certificate expires at its end, and is beyond renewal after as long again', () => {
  assert.equal(isExpired(TERM, TERM.notAfterMs), false);
  assert.equal(isExpired(TERM, TERM.notAfterMs + 1), true);
  assert.equal(isBeyondRenewal(TERM, TERM.notAfterMs + termMs(TERM)), false);
  assert.equal(isBeyondRenewal(TERM, TERM.notAfterMs + termMs(TERM) + 1), true);
});
