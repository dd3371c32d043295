/**
 * Renewal: from a certificate to the next one, over a new key. Beside N1 to N3 of the program's end
 * (renewal.ts of `channel`):
 *
 * N4 At most two certificates of a program are accepted: the current one, and the next until it is used. Its
 *    first use makes it the current one and ends the one before.
 * N5 The same key asked again is answered with the same certificate: an answer that was lost is asked for
 *    again. Another key while one waits to be used is another program with a copy of this identity; it is
 *    refused for NEXT_UNUSED_MS, so that the first can finish.
 * N6 Only the holder of both keys gets a certificate: the current one proves itself in the TLS handshake, the
 *    new one signs for the current certificate.
 */
import type { Renewal, RenewalRequest } from '@landfall/channel';
import { OperationError } from '@landfall/runtime';
import {
  certificateFingerprint,
  describeCertificate,
  isRenewalDue,
} from '../identity/certificate-authority.ts';
import { verifyRenewalProof } from '../identity/proof-of-possession.ts';
import type { Service } from '../service.ts';
import {
  findProgram,
  type NextCertificate,
  type ProgramRecord,
  promoteCertificate,
  saveNextCertificate,
} from '../store/programs.ts';
import { findServer } from '../store/source-servers.ts';
import { isReplicating } from './observe-replication.ts';

export const NEXT_UNUSED_MS = 600_000;

/** Whoever asks, known by the certificate of the connection. */
export interface Caller {
  readonly program: ProgramRecord;
  readonly certificatePem: string;
}

/** Errors: KEY_INVALID, PROOF_INVALID, REQUEST_INVALID, RENEWAL_IN_PROGRESS, PROGRAM_REVOKED. */
export async function renew(
  service: Service,
  { program, certificatePem }: Caller,
  request: RenewalRequest,
): Promise<Renewal> {
  const { store, authority, log } = service;
  const { programId, role } = program;
  const fingerprint = certificateFingerprint(certificatePem);
  verifyRenewalProof(request, fingerprint);
  if (isSameKey(program.publicKeyPem, request.publicKeyPem)) throw keyNotNew();
  const next = await store.transaction(async (tx) => {
    const current = await findProgram(tx, programId);
    if (current?.revokedAtMs !== null || current.certificateFingerprint !== fingerprint)
      throw revoked(programId);
    const waiting = usableNext(service, current, request);
    if (waiting !== undefined) return waiting;
    const issued = await issueNext(service, { program: current, certificatePem }, request);
    await saveNextCertificate(tx, programId, issued);
    log.info('certificate-issued', { programId, role });
    return issued;
  });
  const ready = role !== 'agent' || (await isAccepted(service, programId, next.certificateFingerprint));
  return { certificatePem: next.certificatePem, caPem: authority.certificatePem, ready };
}

/** N5 */
function usableNext(
  { clock }: Service,
  { next, programId }: ProgramRecord,
  request: RenewalRequest,
): NextCertificate | undefined {
  if (next === null) return undefined;
  const nowMs = clock.nowMs();
  if (isSameKey(next.publicKeyPem, request.publicKeyPem))
    return isRenewalDue(next.certificatePem, nowMs) ? undefined : next;
  if (Math.abs(nowMs - next.issuedAtMs) < NEXT_UNUSED_MS) throw inProgress(programId);
  return undefined;
}

async function issueNext(
  { authority, clock }: Service,
  { program, certificatePem }: Caller,
  { publicKeyPem }: RenewalRequest,
): Promise<NextCertificate> {
  const next = await authority.issue({
    commonName: program.programId,
    organizationalUnit: program.role,
    publicKeyPem,
    addresses: describeCertificate(certificatePem).addresses,
  });
  const issuedAtMs = clock.nowMs();
  return {
    publicKeyPem,
    certificatePem: next,
    certificateFingerprint: certificateFingerprint(next),
    issuedAtMs,
  };
}

/** Whether the replication server that an agent dials has said that it knows the certificate. */
async function isAccepted(service: Service, sourceServerId: string, fingerprint: string): Promise<boolean> {
  const server = await findServer(service.store.db, sourceServerId);
  if (server === undefined || server.replicationServerId === null || !isReplicating(server)) return true;
  const report = service.reports.last('replication-server', server.replicationServerId)?.report;
  const staged = report?.servers.find((listed) => listed.sourceServerId === sourceServerId);
  return staged?.acceptedFingerprints?.includes(fingerprint) === true;
}

/** N4: the program that shows this certificate, if it is the current one or the next, which then follows. */
export async function acceptCertificate(
  { store, log }: Service,
  programId: string,
  fingerprint: string,
): Promise<ProgramRecord> {
  const program = await findProgram(store.db, programId);
  if (program?.revokedAtMs !== null) throw revoked(programId);
  if (program.certificateFingerprint === fingerprint) return program;
  if (program.next?.certificateFingerprint !== fingerprint) throw revoked(programId);
  return store.transaction(async (tx) => {
    const current = await findProgram(tx, programId);
    if (current?.revokedAtMs !== null) throw revoked(programId);
    const { next } = current;
    if (next?.certificateFingerprint === fingerprint) {
      await promoteCertificate(tx, programId, next);
      log.info('certificate-followed', { programId });
      const { publicKeyPem, certificateFingerprint: followed } = next;
      return { ...current, publicKeyPem, certificateFingerprint: followed, next: null };
    }
    // Another connection was first.
    if (current.certificateFingerprint === fingerprint) return current;
    throw revoked(programId);
  });
}

function isSameKey(one: string, other: string): boolean {
  return one.trim() === other.trim();
}

function revoked(programId: string): OperationError {
  return new OperationError('PROGRAM_REVOKED', `the certificate of ${programId} is no longer valid here`, {
    hint: 'another enrolment replaced it, or it was removed from the service; install the program again',
  });
}

function keyNotNew(): OperationError {
  return new OperationError('REQUEST_INVALID', 'a renewal needs a new key', {
    hint: 'use a program of the same version as the control plane',
  });
}

function inProgress(programId: string): OperationError {
  return new OperationError('RENEWAL_IN_PROGRESS', `${programId} is being renewed with another key`, {
    hint: 'wait some minutes; if it comes back, look for a second program or machine with the same identity',
    retryable: true,
  });
}
