/** What both ends of port 1500 demand: TLS 1.3 with AES-256-GCM, and who a peer's certificate says it is. */
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { OperationError } from '@landfall/runtime';
import type { LinkPeer } from './link.ts';

export const TLS_OPTIONS = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_256_GCM_SHA384',
  rejectUnauthorized: true,
} as const;

export const REPLICATION_SERVER_ROLE = 'replication-server';

/** The peer of a verified connection. Errors: PEER_UNTRUSTED when its certificate names nobody. */
export function peerOf(socket: TLSSocket): LinkPeer {
  const certificate = socket.getPeerCertificate();
  const programId = nameOf(certificate, 'CN');
  const role = nameOf(certificate, 'OU');
  if (programId === undefined || role === undefined)
    throw untrusted('its certificate names no program or no role');
  const fingerprint = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
  return { programId, role, fingerprint, address: socket.remoteAddress ?? 'unknown' };
}

/** Why the certificate is not that of the replication server we were told to use, if it is not. */
export function replicationServerMismatch(
  certificate: PeerCertificate,
  programId: string,
): OperationError | undefined {
  const name = nameOf(certificate, 'CN');
  const role = nameOf(certificate, 'OU');
  if (name === programId && role === REPLICATION_SERVER_ROLE) return undefined;
  return untrusted(`it is ${role ?? 'of no role'} "${name ?? 'without a name'}", expected "${programId}"`);
}

function nameOf(certificate: PeerCertificate, field: 'CN' | 'OU'): string | undefined {
  const value: unknown = certificate.subject?.[field];
  return typeof value === 'string' && value.length > 0 ? value : undefined;
}

export function untrusted(why: string, cause?: unknown): OperationError {
  return new OperationError(
    'PEER_UNTRUSTED',
    `the peer of the replication connection is not trusted: ${why}`,
    {
      hint: 'check the address, and that the replication server was enrolled with the same control plane',
      cause,
    },
  );
}
