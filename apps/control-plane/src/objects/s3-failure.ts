/** What went wrong at an S3 endpoint, in our words, with its remedy. Codes: the public list of S3's. */
import { OperationError, systemErrorCode } from '@landfall/runtime';
import type { ObjectName } from './object-store.ts';

const TEXT_CHARACTERS_MAX = 200;

interface Kind {
  readonly code: string;
  readonly hint: string;
}

const BUCKET_MISSING: Kind = {
  code: 'OBJECT_BUCKET_MISSING',
  hint: 'make the bucket at the S3 endpoint, or name one that is there',
};
const ACCESS_DENIED: Kind = {
  code: 'OBJECT_ACCESS_DENIED',
  hint: "allow the control plane's access key s3:GetObject, s3:PutObject and s3:ListBucket on the bucket",
};
const KEY_REFUSED: Kind = {
  code: 'OBJECT_STORE_KEY_REFUSED',
  hint: 'check what --s3-key names, --s3-region, and the clocks of both machines',
};

/** By the code the endpoint gives. */
const KINDS: Readonly<Record<string, Kind>> = {
  NoSuchBucket: BUCKET_MISSING,
  AccessDenied: ACCESS_DENIED,
  AllAccessDisabled: ACCESS_DENIED,
  Forbidden: ACCESS_DENIED,
  AuthorizationHeaderMalformed: KEY_REFUSED,
  ExpiredToken: KEY_REFUSED,
  InvalidAccessKeyId: KEY_REFUSED,
  InvalidSecurity: KEY_REFUSED,
  RequestTimeTooSkewed: KEY_REFUSED,
  SignatureDoesNotMatch: KEY_REFUSED,
};

/** What TLS says of a certificate that it does not trust; OpenSSL's names. */
const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/;

const PASSING = ['InternalError', 'RequestTimeout', 'ServiceUnavailable', 'SlowDown', 'Throttling'];

/** One of ours is left as it is. */
export function s3Failure({ bucket, key }: ObjectName, error: unknown): OperationError {
  if (error instanceof OperationError) return error;
  const { name = '', status } = factsOf(error);
  const what = `${bucket}/${key}`;
  const said = textOf(error);
  const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  if (kind !== undefined) {
    return new OperationError(kind.code, `the S3 endpoint refused ${what}: ${said}`, {
      ...{ hint: kind.hint, cause: error },
    });
  }
  if (name === 'EntityTooLarge') {
    const hint = 'import it in several parts';
    return new OperationError('OBJECT_TOO_LARGE', `${what} is too large for the S3 endpoint`, { hint });
  }
  if (status === undefined || status >= 500 || PASSING.includes(name)) {
    const message = `the S3 endpoint of buckets gives no answer for ${what}: ${said}`;
    const hint = UNTRUSTED.test(systemErrorCode(error) ?? '')
      ? "start the control plane with NODE_EXTRA_CA_CERTS, a file with the endpoint's authority, or check its address"
      : 'check that the address of --s3-endpoint is right and answers, and try again';
    return new OperationError('OBJECT_STORE_UNAVAILABLE', message, { hint, retryable: true, cause: error });
  }
  const message = `the S3 endpoint refused ${what} with ${status}: ${said}`;
  const hint = 'check --s3-endpoint, --s3-region and how buckets are named there (--s3-virtual-hosts)';
  return new OperationError('OBJECT_STORE_REFUSED', message, { hint, cause: error });
}

/** Of an answer of the endpoint; without a status there was none. */
function factsOf(error: unknown): { readonly name?: string; readonly status?: number | undefined } {
  if (!(error instanceof Error)) return {};
  const { $metadata } = error as { readonly $metadata?: { readonly httpStatusCode?: number } };
  return { name: error.name, status: $metadata?.httpStatusCode };
}

/** A line of it; an error of the connection by its code, because its text has addresses. */
function textOf(error: unknown): string {
  const system = systemErrorCode(error);
  if (system !== undefined) return system;
  if (!(error instanceof Error)) return 'an unknown failure';
  const line = error.message.replaceAll(/\s+/g, ' ').trim().slice(0, TEXT_CHARACTERS_MAX);
  const name = error.name === 'Error' ? '' : error.name;
  return [name, line].filter((part) => part !== '').join(': ');
}
