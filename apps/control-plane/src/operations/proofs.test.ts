/** Proofs of equality from the request to the signed file. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { verifyProof } from '@landfall/api';
import type { ProofFacts } from '@landfall/model';
import { OperationError, systemClock } from '@landfall/runtime';
import { shiftedClock } from '../testing/shifted-clock.ts';
import type { SimulatedAgent } from '../testing/simulated-programs.ts';
import { startTestControlPlane } from '../testing/test-control-plane.ts';
import { startTestSite } from '../testing/test-site.ts';
import { waitFor } from '../testing/wait-for.ts';

const COUNTS = { DIFFERENT: 0, DAMAGED: 0, LEFT_OUT: 0 };
const RUNNING: Omit<ProofFacts, 'proofId'> = {
  ...{ state: 'RUNNING', chunksDone: 3, chunksTotal: 8, differenceCounts: COUNTS },
};

function complete(differences: number): Omit<ProofFacts, 'proofId'> {
  const differenceCounts = { ...COUNTS, DIFFERENT: differences };
  const point = (epoch: number) => ({
    epoch,
    cutTimeMs: 1e12 + epoch,
    consistency: 'CRASH_CONSISTENT' as const,
  });
  const place = { diskId: 'disk-0', offsetBytes: 1_048_576, lengthBytes: 1_048_576, epoch: 5 };
  const difference = { kind: 'DIFFERENT' as const, ...place };
  const disk = { diskId: 'disk-0', sizeBytes: 8_388_608, chunks: 8, rootSha256: 'ab'.repeat(32) };
  return {
    ...{ state: 'COMPLETE', chunksDone: 8, chunksTotal: 8, differenceCounts },
    result: {
      ...{ journalId: 'j-1', startedAtMs: 1e12, endedAtMs: 1e12 + 9, first: point(4), last: point(9) },
      disks: [{ ...disk, chunksChangedSince: 1, chunksSentWhole: 0 }],
      ...{ differenceCounts, differences: Array.from({ length: differences }, () => difference) },
    },
  };
}

function untilTold(agent: SimulatedAgent): Promise<unknown> {
  return waitFor('the agent to be told of the proof', () => agent.configuration?.proof, Boolean);
}

test('a proof is asked for, told of while it runs, signed, kept, and no changed byte of it verifies', async (t) => {
  const { plane, addAgent } = await startTestSite(t);
  const { api, caPem } = plane;
  const agent = await addAgent();
  const { sourceServerId: sourceServerID } = agent;
  const { proof } = await api.landfall('StartProof', { sourceServerID });
  assert.equal(proof.state, 'RUNNING');
  assert.equal((await api.landfall('StartProof', { sourceServerID })).proof.proofID, proof.proofID);
  await untilTold(agent);
  agent.proof = RUNNING;
  const { proofID } = proof;
  const get = () => api.landfall('GetProof', { proofID });
  await waitFor('its progress', get, (found) => found.proof.chunksDone === 3 && found.report === undefined);
  agent.proof = complete(0);
  const { report } = await waitFor('its end', get, (found) => found.proof.state === 'COMPLETE');
  await waitFor(
    'the agent to be done with it',
    () => agent.configuration,
    (told) => told?.proof === undefined,
  );
  assert.ok(report !== undefined);
  const document = verifyProof(report, caPem);
  assert.equal(document.verdict, 'EQUAL');
  assert.equal(document.sourceServerId, sourceServerID);
  assert.equal(document.lastPoint.epoch, 9);
  assert.equal(document.disks[0]?.rootSha256, 'ab'.repeat(32));
  assertEveryByteCounts(report, caPem);
  await plane.restart();
  const listed = await api.landfall('ListProofs', { sourceServerID });
  assert.deepEqual(
    listed.items.map((item) => [item.proofID, item.verdict, item.trigger]),
    [[proofID, 'EQUAL', 'REQUESTED']],
  );
  assert.equal((await get()).report, report);
});

function assertEveryByteCounts(report: string, caPem: string): void {
  for (let at = 0; at < report.length; at += 1) {
    const other = report[at] === 'A' ? 'B' : 'A';
    const changed = report.slice(0, at) + other + report.slice(at + 1);
    assert.throws(
      () => verifyProof(changed, caPem),
      (error) => error instanceof OperationError && error.code === 'EQUALITY_PROOF_INVALID',
      `byte ${at}`,
    );
  }
  for (const changed of [
    `${report} `,
    report.slice(0, -1),
    '',
    '{}',
    '[]',
    report.replaceAll('\n', '\r\n'),
  ]) {
    assert.throws(() => verifyProof(changed, caPem), { code: 'EQUALITY_PROOF_INVALID' });
  }
}

test('a report is verified by the authority that signed it and no other', async (t) => {
  const { plane, addAgent } = await startTestSite(t);
  const other = await startTestControlPlane(t);
  const agent = await addAgent();
  agent.proof = complete(2);
  const { sourceServerId: sourceServerID } = agent;
  const { proof } = await plane.api.landfall('StartProof', { sourceServerID });
  const get = () => plane.api.landfall('GetProof', { proofID: proof.proofID });
  const ended = await waitFor('its end', get, (found) => found.proof.state === 'COMPLETE');
  assert.equal(ended.proof.verdict, 'REPAIRED');
  assert.equal(ended.proof.differences, 2);
  const { report = '' } = ended;
  assert.equal(verifyProof(report, plane.caPem).differences.length, 2);
  assert.throws(() => verifyProof(report, other.caPem), { code: 'EQUALITY_PROOF_INVALID' });
});

test('a proof that fails says why, and another can be asked for', async (t) => {
  const { plane, addAgent } = await startTestSite(t);
  const agent = await addAgent();
  agent.proof = { ...RUNNING, state: 'FAILED', reason: 'disks that are scanned cannot be proved' };
  const { sourceServerId: sourceServerID } = agent;
  const { proof } = await plane.api.landfall('StartProof', { sourceServerID });
  const get = () => plane.api.landfall('GetProof', { proofID: proof.proofID });
  const ended = await waitFor('its end', get, (found) => found.proof.state === 'FAILED');
  assert.equal(ended.proof.reason, 'disks that are scanned cannot be proved');
  agent.proof = RUNNING;
  const next = await plane.api.landfall('StartProof', { sourceServerID });
  assert.notEqual(next.proof.proofID, proof.proofID);
});

const WEEKS_MS = 400 * 3_600_000;

/** Long enough for many reports. The API is not asked meanwhile: its client lives now. */
async function passWeeks(clock: { shiftMs: number }): Promise<void> {
  clock.shiftMs = WEEKS_MS;
  await systemClock.sleep(500);
  clock.shiftMs = 0;
}

test('a proof begins by itself when its time has come, unless the schedule says never', async (t) => {
  const clock = shiftedClock();
  const { plane, addAgent } = await startTestSite(t, { clock });
  const { api } = plane;
  const agent = await addAgent();
  agent.synced = true;
  agent.proof = RUNNING;
  const { sourceServerId: sourceServerID } = agent;
  const before = await api.landfall('ListProofs', { sourceServerID });
  assert.equal(before.intervalHours, 168);
  const dueInMs = Date.parse(before.nextDateTime ?? '') - systemClock.nowMs();
  assert.ok(Math.abs(dueInMs - 168 * 3_600_000) < 600_000, `${dueInMs}`);
  await api.landfall('UpdateProofSchedule', { sourceServerID, intervalHours: 0 });
  assert.equal((await api.landfall('ListProofs', { sourceServerID })).nextDateTime, undefined);
  await passWeeks(clock);
  assert.equal((await api.landfall('ListProofs', { sourceServerID })).items.length, 0);
  await api.landfall('UpdateProofSchedule', { sourceServerID, intervalHours: 100 });
  clock.shiftMs = WEEKS_MS;
  await untilTold(agent);
  clock.shiftMs = 0;
  const { items } = await api.landfall('ListProofs', { sourceServerID });
  assert.equal(items[0]?.trigger, 'SCHEDULED');
});

test('servers and proofs nobody knows are refused', async (t) => {
  const { plane } = await startTestSite(t);
  const sourceServerID = 's-00000000000000000';
  const notFound = { name: 'ResourceNotFoundException' };
  await assert.rejects(plane.api.landfall('StartProof', { sourceServerID }), notFound);
  await assert.rejects(plane.api.landfall('ListProofs', { sourceServerID }), notFound);
  await assert.rejects(plane.api.landfall('GetProof', { proofID: 'proof-1' }), notFound);
  await assert.rejects(
    plane.api.landfall('UpdateProofSchedule', { sourceServerID, intervalHours: 1 }),
    notFound,
  );
});
