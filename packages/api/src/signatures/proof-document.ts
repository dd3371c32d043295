/**
 * A proof of equality as a file that anybody can check without us: JSON, signed by the certificate authority
 * of the control plane.
 *
 *     file       JSON.stringify({ …document, signature }, undefined, 1) and a line feed, byte for byte
 *     signature  base64 of the 64 bytes r ‖ s of ECDSA over P-256 with SHA-256, by the key of the authority,
 *                over the UTF-8 of STATEMENT and JSON.stringify(document)
 *
 * STATEMENT keeps the signature from ever meaning anything else: what a certificate is signed over is DER and
 * begins with another byte. The key stays when the authority's certificate is renewed, so any of its
 * certificates verifies.
 */
import { verify, X509Certificate } from 'node:crypto';
import type { DifferenceKind, ProofDifference, ProvedDisk } from '@landfall/model';
import { OperationError } from '@landfall/runtime';

const STATEMENT = 'landfall equality proof v1\n';
export const PROOF_FORMAT = 'landfall-equality-proof';
const VERSION = 1;

export const PROOF_CLAIM =
  'For every chunk of 1 MiB of every disk there is a recovery point from firstPoint to lastPoint at which the bytes of ' +
  'the replica, read from the journal and verified, and the bytes of the source at the cut of that point have the same ' +
  'SHA-256: the leaf of the chunk in the hash tree. At lastPoint this holds of every chunk but those counted in ' +
  'chunksChangedSince, which the source wrote again after they were compared. Differences that were met are listed; ' +
  'each was sent again, and the chunk was then found equal.';

export const PROOF_HASH_TREE =
  'RFC 6962, section 2.1, SHA-256, over the SHA-256 of each chunk of 1,048,576 bytes in order (the last may be short)';

export interface ProofPoint {
  readonly epoch: number;
  readonly cutDateTime: string;
  readonly consistency: string;
}

export interface ProofDocument {
  readonly format: typeof PROOF_FORMAT;
  readonly version: number;
  readonly proofId: string;
  readonly sourceServerId: string;
  readonly hostname: string;
  readonly replicationServerId: string;
  readonly journalId: string;
  readonly claim: string;
  readonly startedDateTime: string;
  readonly endedDateTime: string;
  readonly firstPoint: ProofPoint;
  readonly lastPoint: ProofPoint;
  readonly hashTree: string;
  readonly disks: readonly ProvedDisk[];
  /** REPAIRED: a difference or damage was found, and mended. */
  readonly verdict: 'EQUAL' | 'REPAIRED';
  readonly differenceCounts: Readonly<Record<DifferenceKind, number>>;
  readonly differences: readonly ProofDifference[];
  readonly issuedDateTime: string;
}

export type UnsignedProof = Omit<ProofDocument, 'format' | 'version' | 'claim' | 'hashTree'>;

/** `sign`: ECDSA with SHA-256 by the authority, r ‖ s. Resolves to the file. */
export async function signProof(
  proof: UnsignedProof,
  sign: (bytes: Buffer) => Promise<Buffer>,
): Promise<string> {
  const head = { format: PROOF_FORMAT, version: VERSION, claim: PROOF_CLAIM, hashTree: PROOF_HASH_TREE };
  const document = { ...head, ...proof };
  const signature = await sign(signedBytes(document));
  return encode(document, signature.toString('base64'));
}

/** The document of a file no byte of which has changed since then. Errors: EQUALITY_PROOF_INVALID. */
export function verifyProof(text: string, authorityPem: string): ProofDocument {
  const { signature, ...document } = parse(text);
  if (document.format !== PROOF_FORMAT || document.version !== VERSION) {
    throw invalid(`it is not a proof of equality of version ${VERSION}`);
  }
  if (typeof signature !== 'string' || Buffer.from(signature, 'base64').toString('base64') !== signature) {
    throw invalid('it has no signature');
  }
  if (encode(document, signature) !== text) throw invalid('it is not as it was written');
  const key = { key: authorityKey(authorityPem), dsaEncoding: 'ieee-p1363' } as const;
  const holds = verify('sha256', signedBytes(document), key, Buffer.from(signature, 'base64'));
  if (!holds) throw invalid('the signature is not that of this certificate authority over this text');
  // Signed by the authority: it is what the control plane wrote.
  return document as Record<string, unknown> & ProofDocument;
}

function authorityKey(pem: string) {
  try {
    return new X509Certificate(pem).publicKey;
  } catch (cause) {
    throw invalid('the certificate of the authority cannot be read', cause);
  }
}

function parse(text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) return { ...parsed };
  } catch (cause) {
    throw invalid('it is not JSON', cause);
  }
  throw invalid('it is not a JSON object');
}

function signedBytes(document: object): Buffer {
  return Buffer.from(`${STATEMENT}${JSON.stringify(document)}`, 'utf8');
}

function encode(document: object, signature: string): string {
  return `${JSON.stringify({ ...document, signature }, undefined, 1)}\n`;
}

function invalid(why: string, cause?: unknown): OperationError {
  return new OperationError('EQUALITY_PROOF_INVALID', `the proof does not hold: ${why}`, {
    hint: 'get the file again with `landfall proof show ID --out FILE`; compare with the ca.pem of the control plane',
    cause,
  });
}
