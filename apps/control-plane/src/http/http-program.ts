/**
 * Who is calling on the channel, from the certificate of the connection. TLS has proved that the caller holds
 * its key; that it is ours and wanted, the fingerprint on record says, whatever OpenSSL thinks of dates.
 */
import { createHash, type X509Certificate } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import { certificateTerm, isBeyondRenewal, isExpired } from '@landfall/channel';
import { OperationError } from '@landfall/runtime';
import type { FastifyRequest } from 'fastify';
import { acceptCertificate, type Caller } from '../channel/renewal.ts';
import type { Service } from '../service.ts';

/** Errors: CERTIFICATE_REQUIRED, PROGRAM_REVOKED, CERTIFICATE_EXPIRED. */
export async function authenticate(service: Service, request: FastifyRequest): Promise<Caller> {
  const caller = await authenticateForRenewal(service, request);
  if (isExpired(certificateTerm(caller.certificatePem), service.clock.nowMs())) throw expired(caller);
  return caller;
}

/** One that has expired may be renewed, for a while. Errors: as above. */
export async function authenticateForRenewal(service: Service, request: FastifyRequest): Promise<Caller> {
  const certificate = certificateOf(request);
  if (certificate === undefined) throw certificateRequired();
  const fingerprint = createHash('sha256').update(certificate.raw).digest('hex');
  const programId = /^CN=(.+)$/m.exec(certificate.subject)?.[1] ?? '';
  const program = await acceptCertificate(service, programId, fingerprint);
  const caller = { program, certificatePem: certificate.toString() };
  if (isBeyondRenewal(certificateTerm(caller.certificatePem), service.clock.nowMs())) throw expired(caller);
  return caller;
}

function certificateOf({ raw: { socket } }: FastifyRequest): X509Certificate | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const isOurs = socket.authorized || isOutOfDate(socket);
  return isOurs ? socket.getPeerX509Certificate() : undefined;
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

function expired({ program, certificatePem }: Caller): OperationError {
  const ended = new Date(certificateTerm(certificatePem).notAfterMs).toISOString();
  const message = `the certificate of ${program.programId} expired at ${ended}`;
  return new OperationError('CERTIFICATE_EXPIRED', message, {
    hint:
      'the program renews it by itself; if it was off for too long, install it again with a new token: ' +
      'its identity and its replica are kept',
    retryable: true,
  });
}
