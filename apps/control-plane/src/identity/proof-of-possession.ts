/** Proof that whoever wants a certificate holds the private key of it: ECDSA-SHA256 over a statement. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { type EnrolmentRequest, type RenewalRequest, renewalStatement } from '@landfall/channel';
import { OperationError } from '@landfall/runtime';

/** The statement is `token + '\n' + installId`. Errors: KEY_INVALID, PROOF_INVALID. */
export function verifyProof(request: EnrolmentRequest): void {
  verifyStatement(request, `${request.token}\n${request.installId}`);
}

/** Errors: KEY_INVALID, PROOF_INVALID. */
export function verifyRenewalProof(request: RenewalRequest, currentFingerprint: string): void {
  verifyStatement(request, renewalStatement(currentFingerprint));
}

function verifyStatement({ publicKeyPem, proof }: RenewalRequest, statement: string): void {
  const key = readPublicKey(publicKeyPem);
  if (signatureFits(key, Buffer.from(statement, 'utf8'), Buffer.from(proof, 'base64'))) return;
  throw new OperationError(
    'PROOF_INVALID',
    'the request is not signed with the private key of its public key',
    {
      hint: 'remove the identity files of this program and enrol again',
    },
  );
}

/** Node signs DER by default, WebCrypto the two numbers side by side; both are the same signature. */
function signatureFits(key: KeyObject, signed: Buffer, signature: Buffer): boolean {
  const dsaEncoding = signature.length === 64 ? 'ieee-p1363' : 'der';
  return verify('sha256', signed, { key, dsaEncoding }, signature);
}

function readPublicKey(publicKeyPem: string): KeyObject {
  try {
    const key = createPublicKey(publicKeyPem);
    if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  } catch (cause) {
    throw invalidKey(cause);
  }
  throw invalidKey();
}

function invalidKey(cause?: unknown): OperationError {
  return new OperationError('KEY_INVALID', 'the public key is not a P-256 key in PEM form', {
    hint: 'remove the identity files of this program and enrol again',
    cause,
  });
}
