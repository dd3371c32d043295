/**
 * The control plane's own certificate authority: P-256, one root that signs everything directly.
 *
 * I1 A program's private key never comes here: only its public key does, with a proof that the program holds
 *    the other half.
 * I2 A certificate says who (CN = program id) and what (OU = role); whether it is still wanted is the
 *    database's word.
 * I3 The root's certificate is renewed long before its end, over the same key and name: what was issued under
 *    the old one is verified by the new one, and the other way round.
 */
import 'reflect-metadata';
import { createHash, type webcrypto } from 'node:crypto';
import { type Clock, OperationError, type Random } from '@landfall/runtime';
import * as x509 from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;
const AUTHORITY_LIFETIME_MS = 10 * 365 * DAY_MS;
/** Of programs and of the control plane itself; they renew by themselves at two thirds of it. */
export const CERTIFICATE_LIFETIME_MS = 90 * DAY_MS;
/** Clocks of machines that enrol may be a little behind; short lifetimes begin a tenth of them earlier. */
const CLOCK_SKEW_MS = 3_600_000;
const SKEW_SHARE = 1 / 10;
/** A certificate of the authority or the control plane with less of its term left is renewed. */
const RENEW_BELOW_SHARE = 1 / 3;
const AUTHORITY_NAME = 'CN=Landfall certificate authority';
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
  /** Default: that of the authority's options. */
  readonly lifetimeMs?: number;
}

export interface CertificateAuthority {
  readonly certificatePem: string;
  /** SHA-256 of the CA certificate's DER, lower-case hexadecimal. */
  readonly fingerprint: string;
  issue(request: CertificateRequest): Promise<string>;
  /** ECDSA with SHA-256 by its key, r and s. What is signed must not be taken for a certificate. */
  sign(bytes: Buffer): Promise<Buffer>;
  /** The certificate that should take the place of the root's, when it is time (I3). */
  successor(): Promise<string | undefined>;
  /** From now on the successor is the root's certificate; it must be durable. */
  adopt(certificatePem: string): void;
}

export interface AuthorityOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Of the certificates of programs; default: CERTIFICATE_LIFETIME_MS. */
  readonly certificateLifetimeMs?: number;
}

export async function createAuthorityKeys(options: AuthorityOptions): Promise<KeyAndCertificate> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  return {
    certificatePem: await selfSign(keys, options),
    privateKeyPem: await exportPrivateKey(keys.privateKey),
  };
}

async function selfSign(keys: webcrypto.CryptoKeyPair, { clock, random }: AuthorityOptions): Promise<string> {
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(random),
    name: AUTHORITY_NAME,
    ...validity(clock.nowMs(), AUTHORITY_LIFETIME_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return certificate.toString('pem');
}

function validity(nowMs: number, lifetimeMs: number): { readonly notBefore: Date; readonly notAfter: Date } {
  const skewMs = Math.min(CLOCK_SKEW_MS, lifetimeMs * SKEW_SHARE);
  return { notBefore: new Date(nowMs - skewMs), notAfter: new Date(nowMs + lifetimeMs) };
}

export async function openAuthority(
  stored: KeyAndCertificate,
  options: AuthorityOptions,
): Promise<CertificateAuthority> {
  const { clock, random, certificateLifetimeMs = CERTIFICATE_LIFETIME_MS } = options;
  const signingKey = await importPrivateKey(stored.privateKeyPem);
  let certificatePem = stored.certificatePem;
  let authority = new x509.X509Certificate(certificatePem);
  return {
    get certificatePem() {
      return certificatePem;
    },
    get fingerprint() {
      return certificateFingerprint(certificatePem);
    },
    issue: async (request) => {
      const { notBefore, notAfter } = validity(clock.nowMs(), request.lifetimeMs ?? certificateLifetimeMs);
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: serialNumber(random),
        subject: [{ CN: [request.commonName] }, { OU: [request.organizationalUnit] }],
        issuer: authority.subject,
        notBefore,
        notAfter: notAfter < authority.notAfter ? notAfter : authority.notAfter,
        signingAlgorithm: ALGORITHM,
        publicKey: parsePublicKey(request.publicKeyPem),
        signingKey,
        extensions: await programExtensions(request, authority),
      });
      return certificate.toString('pem');
    },
    sign: async (bytes) => {
      return Buffer.from(await crypto.subtle.sign(ALGORITHM, signingKey, new Uint8Array(bytes)));
    },
    successor: async () => {
      if (!isRenewalDue(certificatePem, clock.nowMs())) return undefined;
      const publicKey = await authority.publicKey.export(ALGORITHM, ['verify']);
      return selfSign({ privateKey: signingKey, publicKey }, options);
    },
    adopt: (successorPem) => {
      authority = new x509.X509Certificate(successorPem);
      certificatePem = successorPem;
    },
  };
}

/** Whether less than a third of its term is left, or it was issued while the clock was ahead. */
export function isRenewalDue(certificatePem: string, nowMs: number): boolean {
  const { notBefore, notAfter } = new x509.X509Certificate(certificatePem);
  const termMs = notAfter.getTime() - notBefore.getTime();
  return nowMs < notBefore.getTime() || notAfter.getTime() - nowMs < termMs * RENEW_BELOW_SHARE;
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
  /** IP addresses and DNS names, as written in the certificate. */
  readonly addresses: readonly string[];
}

export function describeCertificate(certificatePem: string): CertificateSummary {
  const certificate = new x509.X509Certificate(certificatePem);
  const names = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.toJSON() ?? [];
  return {
    publicKeyPem: certificate.publicKey.toString('pem'),
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
