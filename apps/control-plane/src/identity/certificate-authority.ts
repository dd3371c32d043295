/**
 * The control plane's own certificate authority: P-256, one root that signs everything directly.
 *
 * I1 A program's private key never comes here: only its public key does, with a proof that the program holds
 *    the other half.
 * I2 A certificate says who (CN = program id) and what (OU = role); whether it is still wanted is the
 *    database's word.
 */
import 'reflect-metadata';
import { createHash, type webcrypto } from 'node:crypto';
import { type Clock, OperationError, type Random } from '@landfall/runtime';
import * as x509 from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const AUTHORITY_YEARS = 10;
const DAY_MS = 86_400_000;
/** Clocks of machines that enrol may be a little behind. */
const CLOCK_SKEW_MS = 3_600_000;
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

export interface KeyAndCertificate {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

export interface CertificateRequest {
  readonly commonName: string;
  readonly organizationalUnit: string;
  readonly publicKeyPem: string;
  /** Addresses and names it may serve under; with at least one the certificate is a server's too. */
  readonly addresses: readonly string[];
}

export interface CertificateAuthority {
  readonly certificatePem: string;
  /** SHA-256 of the CA certificate's DER, lower-case hexadecimal. */
  readonly fingerprint: string;
  issue(request: CertificateRequest): Promise<string>;
}

export interface AuthorityOptions {
  readonly clock: Clock;
  readonly random: Random;
}

export async function createAuthorityKeys({ clock, random }: AuthorityOptions): Promise<KeyAndCertificate> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const nowMs = clock.nowMs();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(random),
    name: 'CN=Landfall certificate authority',
    notBefore: new Date(nowMs - CLOCK_SKEW_MS),
    notAfter: new Date(nowMs + AUTHORITY_YEARS * 365 * DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    certificatePem: certificate.toString('pem'),
    privateKeyPem: await exportPrivateKey(keys.privateKey),
  };
}

export async function openAuthority(
  stored: KeyAndCertificate,
  { clock, random }: AuthorityOptions,
): Promise<CertificateAuthority> {
  const authority = new x509.X509Certificate(stored.certificatePem);
  const signingKey = await importPrivateKey(stored.privateKeyPem);
  return {
    certificatePem: stored.certificatePem,
    fingerprint: certificateFingerprint(stored.certificatePem),
    issue: async (request) => {
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: serialNumber(random),
        subject: [{ CN: [request.commonName] }, { OU: [request.organizationalUnit] }],
        issuer: authority.subject,
        notBefore: new Date(clock.nowMs() - CLOCK_SKEW_MS),
        notAfter: authority.notAfter,
        signingAlgorithm: ALGORITHM,
        publicKey: parsePublicKey(request.publicKeyPem),
        signingKey,
        extensions: await programExtensions(request, authority),
      });
      return certificate.toString('pem');
    },
  };
}

/** A P-256 key pair, PEM. */
export async function generateKeyPair(): Promise<{ publicKeyPem: string; privateKeyPem: string }> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const spki = await crypto.subtle.exportKey('spki', keys.publicKey);
  return {
    publicKeyPem: x509.PemConverter.encode(spki, 'PUBLIC KEY'),
    privateKeyPem: await exportPrivateKey(keys.privateKey),
  };
}

/** SHA-256 of a certificate's DER, lower-case hexadecimal. */
export function certificateFingerprint(certificatePem: string): string {
  const der = new x509.X509Certificate(certificatePem).rawData;
  return createHash('sha256').update(Buffer.from(der)).digest('hex');
}

/** base64 SHA-256 of the public key's SPKI: what `curl --pinnedpubkey` compares. */
export function publicKeyPin(certificatePem: string): string {
  const spki = new x509.X509Certificate(certificatePem).publicKey.rawData;
  return createHash('sha256').update(Buffer.from(spki)).digest('base64');
}

export interface CertificateSummary {
  readonly publicKeyPem: string;
  readonly notAfterMs: number;
  /** IP addresses and DNS names, as written in the certificate. */
  readonly addresses: readonly string[];
}

export function describeCertificate(certificatePem: string): CertificateSummary {
  const certificate = new x509.X509Certificate(certificatePem);
  const names = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.toJSON() ?? [];
  return {
    publicKeyPem: certificate.publicKey.toString('pem'),
    notAfterMs: certificate.notAfter.getTime(),
    addresses: names.map((name) => name.value),
  };
}

async function programExtensions(
  request: CertificateRequest,
  authority: x509.X509Certificate,
): Promise<x509.Extension[]> {
  const serves = request.addresses.length > 0;
  const names = request.addresses.map((address) => ({
    type: isIpAddress(address) ? ('ip' as const) : ('dns' as const),
    value: address,
  }));
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension(serves ? [CLIENT_AUTH, SERVER_AUTH] : [CLIENT_AUTH]),
    await x509.AuthorityKeyIdentifierExtension.create(authority),
    ...(serves ? [new x509.SubjectAlternativeNameExtension(names)] : []),
  ];
}

function isIpAddress(address: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(address) || address.includes(':');
}

function parsePublicKey(publicKeyPem: string): x509.PublicKey {
  try {
    return new x509.PublicKey(publicKeyPem);
  } catch (cause) {
    throw new OperationError('KEY_INVALID', 'the public key is not a P-256 key in PEM form', {
      hint: 'remove the identity files of this program and enrol again',
      cause,
    });
  }
}

/** 126 random bits; the leading byte keeps it positive and of full length. */
function serialNumber(random: Random): string {
  const bytes = random.bytes(16);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x40, 0);
  return bytes.toString('hex');
}

async function exportPrivateKey(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

async function importPrivateKey(pem: string): Promise<webcrypto.CryptoKey> {
  return crypto.subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(pem), ALGORITHM, false, ['sign']);
}
