/**
 * Who is calling on the channel, from the certificate of the connection. TLS has proved that the caller holds
 * its key; that it is ours and wanted, the fingerprint on record says, whatever OpenSSL thinks of dates.
 */
import { createHash, type X509Certificate } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import { type CertificateTerm, certificateTerm, isBeyondRenewal, isExpired } from '@landfall/channel';
import { OperationError } from '@landfall/runtime';
import type { FastifyRequest } from 'fastify';
import { acceptCertificate, type Caller } from '../channel/renewal.ts';
import type { Service } from '../service.ts';

/** What the certificate of a connection says. */
interface Shown {
  readonly certificatePem: string;
  readonly fingerprint: string;
  readonly programId: string;
  readonly term: CertificateTerm;
}

/** Read once a connection: reading a certificate costs as much as everything else of a report. */
const shownBy = new WeakMap<TLSSocket, Shown>();

/** Errors: CERTIFICATE_REQUIRED, PROGRAM_REVOKED, CERTIFICATE_EXPIRED. */
export async function authenticate(service: Service, request: FastifyRequest): Promise<Caller> {
  const caller = await authenticateForRenewal(service, request);
  const { term } = requireShown(request);
  if (isExpired(term, service.clock.nowMs())) throw expired(caller, term);
  return caller;
}

/** One that has expired may be renewed, for a while. Errors: as above. */
export async function authenticateForRenewal(service: Service, request: FastifyRequest): Promise<Caller> {
  const { certificatePem, fingerprint, programId, term } = requireShown(request);
  const program = await acceptCertificate(service, programId, fingerprint);
  const caller = { program, certificatePem };
  if (isBeyondRenewal(term, service.clock.nowMs())) throw expired(caller, term);
  return caller;
}

function requireShown({ raw: { socket } }: FastifyRequest): Shown {
  if (!(socket instanceof TLSSocket)) throw certificateRequired();
  const known = shownBy.get(socket);
  if (known !== undefined) return known;
  const isOurs = socket.authorized || isOutOfDate(socket);
  const certificate = isOurs ? socket.getPeerX509Certificate() : undefined;
  if (certificate === undefined) throw certificateRequired();
  const shown = readCertificate(certificate);
  shownBy.set(socket, shown);
  return shown;
}

function readCertificate(certificate: X509Certificate): Shown {
  const certificatePem = certificate.toString();
  return {
    certificatePem,
    fingerprint: createHash('sha256').update(certificate.raw).digest('hex'),
    programId: /^CN=(.+)$/m.exec(certificate.subject)?.[1] ?? '',
    term: certificateTerm(certificatePem),
  };
}

/** OpenSSL's verdict when nothing but the dates is against it; our own clock decides about them. */
function isOutOfDate(socket: TLSSocket): boolean {
  const verdict = String(socket.authorizationError);
  return verdict.includes('CERT_HAS_EXPIRED') || verdict.includes('CERT_NOT_YET_VALID');
}

export function certificateRequired(): OperationError {
  return new OperationError(
    'CERTIFICATE_REQUIRED',
    'this needs the client certificate of an enrolled program',
    {
      hint: 'enrol the program with a token first',
    },
  );
}

function expired({ program }: Caller, { notAfterMs }: CertificateTerm): OperationError {
  const ended = new Date(notAfterMs).toISOString();
  const message = `the certificate of ${program.programId} expired at ${ended}`;
  return new OperationError('CERTIFICATE_EXPIRED', message, {
    hint:
      'the program renews it by itself; if it was off for too long, install it again with a new token: ' +
      'its identity and its replica are kept',
    retryable: true,
  });
}
