/** The CA and the control plane's own server certificate as files of the state folder, made when missing. */
import { join } from 'node:path';
import { type Clock, OperationError, type Random, readIfExists, writeDurably } from '@landfall/runtime';
import {
  type CertificateAuthority,
  createAuthorityKeys,
  describeCertificate,
  generateKeyPair,
  type KeyAndCertificate,
  openAuthority,
} from './certificate-authority.ts';

const RENEW_BEFORE_MS = 30 * 86_400_000;

export interface AuthorityFiles {
  readonly stateDir: string;
  readonly clock: Clock;
  readonly random: Random;
}

export async function loadAuthority({
  stateDir,
  clock,
  random,
}: AuthorityFiles): Promise<CertificateAuthority> {
  const stored = await readPair(stateDir, 'ca');
  if (stored !== undefined) return openAuthority(stored, { clock, random });
  const created = await createAuthorityKeys({ clock, random });
  await writeDurably(join(stateDir, 'ca-key.pem'), created.privateKeyPem);
  await writeDurably(join(stateDir, 'ca.pem'), created.certificatePem);
  return openAuthority(created, { clock, random });
}

/**
 * Reissued when the addresses change or its end is near; the key stays, so that pins of earlier installers
 * stay valid.
 */
export async function loadServerCertificate(
  files: AuthorityFiles,
  authority: CertificateAuthority,
  addresses: readonly string[],
): Promise<KeyAndCertificate> {
  const stored = await readPair(files.stateDir, 'server');
  if (stored !== undefined && isGood(stored, addresses, files.clock.nowMs())) return stored;
  const keys =
    stored === undefined
      ? await generateKeyPair()
      : { ...stored, publicKeyPem: describeCertificate(stored.certificatePem).publicKeyPem };
  const certificatePem = await authority.issue({
    commonName: 'Landfall control plane',
    organizationalUnit: 'control-plane',
    publicKeyPem: keys.publicKeyPem,
    addresses,
  });
  await writeDurably(join(files.stateDir, 'server-key.pem'), keys.privateKeyPem);
  await writeDurably(join(files.stateDir, 'server.pem'), certificatePem);
  return { certificatePem, privateKeyPem: keys.privateKeyPem };
}

function isGood(stored: KeyAndCertificate, addresses: readonly string[], nowMs: number): boolean {
  const { addresses: present, notAfterMs } = describeCertificate(stored.certificatePem);
  const same = addresses.length === present.length && addresses.every((address) => present.includes(address));
  return same && notAfterMs - nowMs > RENEW_BEFORE_MS;
}

async function readPair(stateDir: string, name: string): Promise<KeyAndCertificate | undefined> {
  const certificatePem = await readIfExists(join(stateDir, `${name}.pem`));
  const privateKeyPem = await readIfExists(join(stateDir, `${name}-key.pem`));
  if (certificatePem === undefined) return undefined;
  if (privateKeyPem !== undefined) return { certificatePem, privateKeyPem };
  throw new OperationError(
    'STATE_UNREADABLE',
    `${name}-key.pem is missing beside ${name}.pem in ${stateDir}`,
    {
      hint: 'restore the state folder from a backup',
    },
  );
}
