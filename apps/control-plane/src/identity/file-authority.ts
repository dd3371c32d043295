/**
 * The CA and the control plane's own server certificate as files of the state folder, made when missing and
 * renewed before their end. Each renewal replaces one file; the keys stay.
 */
import { join } from 'node:path';
import { OperationError, readIfExists, writeDurably } from '@landfall/runtime';
import {
  type AuthorityOptions,
  CERTIFICATE_LIFETIME_MS,
  type CertificateAuthority,
  createAuthorityKeys,
  describeCertificate,
  generateKeyPair,
  isRenewalDue,
  type KeyAndCertificate,
  openAuthority,
} from './certificate-authority.ts';

export interface AuthorityFiles extends AuthorityOptions {
  readonly stateDir: string;
}

export async function loadAuthority(files: AuthorityFiles): Promise<CertificateAuthority> {
  const { stateDir } = files;
  const stored = await readPair(stateDir, 'ca');
  if (stored !== undefined) {
    const authority = await openAuthority(stored, files);
    await renewAuthority(stateDir, authority);
    return authority;
  }
  const created = await createAuthorityKeys(files);
  await writeDurably(join(stateDir, 'ca-key.pem'), created.privateKeyPem);
  await writeDurably(join(stateDir, 'ca.pem'), created.certificatePem);
  return openAuthority(created, files);
}

/** Whether the root's certificate was replaced; tokens that name the old one are void then. */
export async function renewAuthority(stateDir: string, authority: CertificateAuthority): Promise<boolean> {
  const successor = await authority.successor();
  if (successor === undefined) return false;
  await writeDurably(join(stateDir, 'ca.pem'), successor);
  authority.adopt(successor);
  return true;
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
    lifetimeMs: CERTIFICATE_LIFETIME_MS,
  });
  await writeDurably(join(files.stateDir, 'server-key.pem'), keys.privateKeyPem);
  await writeDurably(join(files.stateDir, 'server.pem'), certificatePem);
  return { certificatePem, privateKeyPem: keys.privateKeyPem };
}

function isGood(stored: KeyAndCertificate, addresses: readonly string[], nowMs: number): boolean {
  const { addresses: present } = describeCertificate(stored.certificatePem);
  const same = addresses.length === present.length && addresses.every((address) => present.includes(address));
  return same && !isRenewalDue(stored.certificatePem, nowMs);
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
