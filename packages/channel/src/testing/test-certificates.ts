/**
 * Tests only: which certificates a program of the test control plane may show, and their renewal. The rules
 * are those of the real one: the next certificate is accepted beside the current one until it is used.
 */
import { createPublicKey, verify, X509Certificate } from 'node:crypto';
import { OperationError } from '@landfall/runtime';
import {
  type Renewal,
  type RenewalRequest,
  type ReplicationServerConfiguration,
  type ReplicationServerReport,
  renewalStatement,
} from '../messages.ts';
import type { TestAuthority } from './test-authority.ts';

export interface ProgramCertificate {
  readonly fingerprint: string;
  /** Names and addresses in it. */
  readonly extensions: readonly string[];
  readonly subject: string;
  readonly next?: { readonly publicKeyPem: string; readonly certificatePem: string };
  /** Told to the program until it has another. */
  readonly isExpired?: boolean;
}

export function fingerprintOf(pem: string): string {
  return new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
}

/** Checks the certificate of a call; the first use of the next makes it the current one. */
export function acceptCertificate(
  certificates: Map<string, ProgramCertificate>,
  programId: string,
  fingerprint: string,
): ProgramCertificate {
  const known = certificates.get(programId);
  if (known?.fingerprint === fingerprint) return known;
  const { next } = known ?? {};
  if (known !== undefined && next !== undefined && fingerprintOf(next.certificatePem) === fingerprint) {
    const { extensions, subject } = known;
    const followed = { fingerprint, extensions, subject };
    certificates.set(programId, followed);
    return followed;
  }
  throw new OperationError('PROGRAM_REVOKED', `the certificate of ${programId} is no longer valid here`);
}

export async function renewCertificate(
  authority: TestAuthority,
  known: ProgramCertificate,
  { publicKeyPem, proof }: RenewalRequest,
): Promise<ProgramCertificate> {
  const signed = Buffer.from(renewalStatement(known.fingerprint));
  if (!verify('sha256', signed, createPublicKey(publicKeyPem), Buffer.from(proof, 'base64')))
    throw new OperationError('PROOF_INVALID', 'the proof of possession does not hold');
  if (known.next?.publicKeyPem === publicKeyPem) return known;
  const certificatePem = await authority.issue(known.subject, publicKeyPem, known.extensions);
  return { ...known, next: { publicKeyPem, certificatePem } };
}

export function renewalAnswer(
  authority: TestAuthority,
  { next }: ProgramCertificate,
  isAccepted: (fingerprint: string) => boolean,
): Renewal {
  if (next === undefined) throw new OperationError('REQUEST_INVALID', 'nothing is being renewed');
  const { certificatePem } = next;
  return { certificatePem, caPem: authority.caPem, ready: isAccepted(fingerprintOf(certificatePem)) };
}

/** A replication server's configuration with the certificates its agents have now. */
export function withCertificates(
  configuration: ReplicationServerConfiguration,
  certificates: ReadonlyMap<string, ProgramCertificate>,
): ReplicationServerConfiguration {
  const servers = configuration.servers.map((server) => {
    const known = certificates.get(server.sourceServerId);
    if (known === undefined) return server;
    const { fingerprint: certificateFingerprint, next } = known;
    if (next === undefined) return { ...server, certificateFingerprint };
    const nextCertificateFingerprint = fingerprintOf(next.certificatePem);
    return { ...server, certificateFingerprint, nextCertificateFingerprint };
  });
  return { servers };
}

/** Whether every replication server that knows the agent has said that it accepts the certificate. */
export function isAcceptedEverywhere(
  reports: Iterable<unknown>,
  sourceServerId: string,
  fingerprint: string,
): boolean {
  const staged = [...reports].flatMap((body) => {
    const { servers } = body as Partial<ReplicationServerReport>;
    return servers?.filter((server) => server.sourceServerId === sourceServerId) ?? [];
  });
  return staged.every(({ acceptedFingerprints }) => acceptedFingerprints?.includes(fingerprint) === true);
}
