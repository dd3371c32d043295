import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InFlightRequests } from './in-flight-requests.ts';

test('a request completes in parts and stays in flight for the rest', () => {
  const requests = new InFlightRequests();
  requests.issue(100, 64, 1);
  assert.equal(requests.end(100, 16), true);
  assert.equal(requests.overlaps(100, 16), false);
  assert.equal(requests.overlaps(116, 1), true);
  assert.equal(requests.end(116, 48), true);
  assert.equal(requests.count, 0);
});

test('two writes of one range are in flight until both are complete', () => {
  const requests = new InFlightRequests();
  requests.issue(8, 8, 1);
  requests.issue(8, 8, 2);
  requests.end(8, 8);
  assert.equal(requests.overlaps(8, 8), true);
  requests.end(8, 8);
  assert.equal(requests.overlaps(8, 8), false);
});

test('a requeue takes the issue back until it is issued again', () => {
  const requests = new InFlightRequests();
  requests.issue(8, 8, 1);
  requests.end(8, 8);
  assert.equal(requests.count, 0);
  requests.issue(8, 8, 5);
  assert.equal(requests.oldestIssueNs, 5);
});

test('a completion of a request issued before tracking is told from the others', () => {
  const requests = new InFlightRequests();
  assert.equal(requests.end(8, 8), false);
  requests.issue(0, 8, 1);
  assert.equal(requests.end(8, 8), false);
  assert.equal(requests.count, 1);
});

test('a part taken for another request is made good by the next completion', () => {
  const requests = new InFlightRequests();
  requests.issue(0, 16, 1);
  requests.issue(0, 8, 2);
  requests.end(0, 8);
  assert.equal(requests.overlaps(0, 16), true);
  requests.end(8, 8);
  assert.equal(requests.overlaps(8, 8), false);
  assert.equal(requests.overlaps(0, 8), true);
  requests.end(0, 8);
  assert.equal(requests.count, 0);
});

test('a part taken for a request that is then requeued is made good by the requeue', () => {
  const requests = new InFlightRequests();
  requests.issue(24, 24, 1);
  requests.issue(24, 16, 2);
  requests.end(24, 16);
  requests.end(24, 16);
  assert.equal(requests.overlaps(24, 16), false);
  assert.equal(requests.overlaps(40, 8), true);
});

test('what a quiet disk proves finished is forgotten, younger requests are kept', () => {
  const requests = new InFlightRequests();
  for (const issuedNs of [5, 20, 7, 30]) requests.issue(issuedNs * 8, 8, issuedNs);
  requests.forgetIssuedBefore(10);
  assert.equal(requests.count, 2);
  assert.equal(requests.oldestIssueNs, 20);
});
