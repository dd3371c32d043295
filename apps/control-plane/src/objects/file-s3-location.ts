/**
 * `--s3-endpoint`, `--s3-bucket`, `--s3-region`, `--s3-key` and `--s3-virtual-hosts` of the control plane.
 * The key itself is never on a command line.
 */
import { open } from 'node:fs/promises';
import { OperationError } from '@landfall/runtime';
import { isObjectName } from './object-store.ts';
import type { S3Location } from './s3-object-store.ts';

export interface S3Options {
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  readonly key?: string | undefined;
  readonly virtualHosts?: boolean | undefined;
  readonly buckets?: readonly string[] | undefined;
}

const DEFAULT_REGION = 'us-east-1';
/** Read or written by anybody but its owner. */
const OTHERS_MODE = 0o077;
const KEY_BYTES_MAX = 4096;

/** `undefined` without an endpoint. Errors: OPTION_INVALID. */
export async function s3Location({
  endpoint,
  region = DEFAULT_REGION,
  key,
  virtualHosts = false,
  buckets = [],
}: S3Options): Promise<S3Location | undefined> {
  if (endpoint === undefined) {
    const isAsked = key !== undefined || virtualHosts || region !== DEFAULT_REGION || buckets.length > 0;
    if (!isAsked) return undefined;
    throw invalid('--s3-bucket, --s3-key, --s3-region and --s3-virtual-hosts need --s3-endpoint');
  }
  checkEndpoint(endpoint);
  if (!/^[a-z0-9-]{1,64}$/.test(region)) throw invalid('--s3-region is no name of a region');
  if (key === undefined) throw invalid('--s3-endpoint needs --s3-key, the source of its access key');
  if (buckets.length === 0) {
    throw invalid('--s3-endpoint needs --s3-bucket, each bucket that imports and exports may use');
  }
  const wrong = buckets.find((bucket) => !isObjectName({ bucket, key: 'k' }));
  if (wrong !== undefined) throw invalid(`--s3-bucket ${wrong} cannot be the name of a bucket`);
  return { endpoint, region, buckets, pathStyle: !virtualHosts, ...parseKey(await readKey(key)) };
}

function checkEndpoint(endpoint: string): void {
  const url = URL.parse(endpoint);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw invalid('--s3-endpoint is no https://HOST:PORT');
  }
  if (url.username !== '' || url.password !== '') {
    throw invalid('--s3-endpoint has a key in it, which everybody on this machine could read');
  }
  if (url.search !== '' || url.hash !== '') throw invalid('--s3-endpoint has more than a host and a path');
}

async function readKey(source: string): Promise<string> {
  const [, kind, name = ''] = /^(file|env):(.+)$/s.exec(source) ?? [];
  if (kind === 'file') return readKeyFile(name);
  if (kind !== 'env') throw invalid('--s3-key is neither file:PATH nor env:NAME');
  const value = process.env[name];
  if (value !== undefined && value !== '') return value;
  throw invalid(`the variable ${name} of --s3-key is not set`);
}

async function readKeyFile(path: string): Promise<string> {
  let text: string;
  let mode: number;
  try {
    const file = await open(path, 'r');
    try {
      mode = (await file.stat()).mode;
      const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(KEY_BYTES_MAX) });
      text = buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw invalid(`the file ${path} of --s3-key cannot be read`, { cause });
  }
  if ((mode & OTHERS_MODE) === 0) return text;
  throw invalid(`the file ${path} of --s3-key can be used by others on this machine`, {
    hint: `chmod 600 ${path}`,
  });
}

/** Id and secret, with a colon or white space between them. */
function parseKey(text: string): Pick<S3Location, 'accessKeyId' | 'secretAccessKey'> {
  const [, accessKeyId, secretAccessKey] = /^\s*([^\s:]+)[\s:]+(\S+)\s*$/.exec(text) ?? [];
  if (accessKeyId !== undefined && secretAccessKey !== undefined) return { accessKeyId, secretAccessKey };
  throw invalid('what --s3-key names is not ACCESS_KEY_ID:SECRET_ACCESS_KEY');
}

function invalid(
  message: string,
  more: { readonly hint?: string; readonly cause?: unknown } = {},
): OperationError {
  const hint =
    'give --s3-endpoint https://HOST:PORT --s3-bucket NAME --s3-key file:PATH or env:NAME; see docs/operations.md';
  return new OperationError('OPTION_INVALID', message, { hint, ...more });
}
