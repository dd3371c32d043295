/**
 * Buckets at an S3 endpoint: Amazon's, or any server that speaks its protocol. O1 is S3's own: an object that
 * is put is there whole or not at all. A bucket is never made here: who keeps the endpoint makes it.
 *
 * S1 Every call ends by one deadline, retries and the last byte of an answer included.
 * S2 The endpoint is not trusted: no more of an object is taken than was asked for, of any other answer no
 *    more than a MiB, and of its words no more than a line.
 * S3 The control plane's key may open more than imports and exports are for: only buckets of the list are
 *    ever asked for. Whether another one is there, nobody learns.
 * S4 No call outlives the control plane: one that is under way when it stops ends at once.
 */
import type { GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import { type Clock, OperationError } from '@landfall/runtime';
import { isObjectName, type ObjectName, type ObjectStore } from './object-store.ts';
import { boundAnswers } from './s3-answers.ts';
import { s3Failure } from './s3-failure.ts';

export interface S3Location {
  /** `https://s3.example.org:9000` */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** `https://ENDPOINT/BUCKET/KEY`; otherwise `https://BUCKET.ENDPOINT/KEY`. */
  readonly pathStyle: boolean;
  /** What imports and exports may name. */
  readonly buckets: readonly string[];
}

const ATTEMPTS_MAX = 3;
const DEADLINE_MS = 30_000;
/** An export is put in one piece. */
const WRITE_BYTES_MAX = 64 * 1024 * 1024;

export interface S3Surroundings {
  readonly clock: Clock;
  /** S4 */
  readonly closing: AbortSignal;
}

/** The client is loaded when it is needed, because it costs memory that most installations can spare. */
export async function createS3ObjectStore(
  location: S3Location,
  surroundings: S3Surroundings,
): Promise<ObjectStore> {
  const s3 = await import('@aws-sdk/client-s3');
  const { endpoint, region, pathStyle, accessKeyId, secretAccessKey } = location;
  const client = new s3.S3Client({
    ...{ endpoint, region, maxAttempts: ATTEMPTS_MAX, forcePathStyle: pathStyle },
    credentials: { accessKeyId, secretAccessKey },
    followRegionRedirects: false,
  });
  boundAnswers(client);
  const call = <Result>(name: ObjectName, send: (client: S3Client, signal: AbortSignal) => Promise<Result>) =>
    withinDeadline(name, surroundings, (signal) => send(client, signal));
  const check = (name: ObjectName) => {
    if (!isObjectName(name)) throw invalidName(name);
    if (!location.buckets.includes(name.bucket)) throw notListed(name);
  };
  return {
    read: async (name, bytesMax) => {
      check(name);
      const { bucket: Bucket, key: Key } = name;
      return call(name, async (sender, abortSignal) => {
        const answer = await orMissing(
          sender.send(new s3.GetObjectCommand({ Bucket, Key }), { abortSignal }),
        );
        return answer === undefined ? undefined : readBody(name, answer, bytesMax, abortSignal);
      });
    },
    write: async (name, pieces) => {
      check(name);
      const { bucket: Bucket, key: Key } = name;
      const Body = await collect(name, pieces);
      const put = new s3.PutObjectCommand({ Bucket, Key, Body, ContentType: 'text/csv' });
      await call(name, (sender, abortSignal) => sender.send(put, { abortSignal }));
    },
  };
}

/** S1, S4, whatever the client does with the signal. Errors: those of `s3Failure`, SHUTTING_DOWN. */
async function withinDeadline<Result>(
  name: ObjectName,
  { clock, closing }: S3Surroundings,
  send: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const over = new AbortController();
  const late = new AbortController();
  const deadline = abortLater(late, clock, over.signal);
  const signal = AbortSignal.any([late.signal, closing]);
  try {
    return await Promise.race([send(signal), rejectOnAbort(signal, over.signal)]);
  } catch (error) {
    if (closing.aborted) throw shuttingDown();
    throw s3Failure(name, late.signal.aborted ? late.signal.reason : error);
  } finally {
    over.abort();
    await deadline;
  }
}

async function abortLater(sending: AbortController, clock: Clock, isOver: AbortSignal): Promise<void> {
  try {
    await clock.sleep(DEADLINE_MS, isOver);
  } catch (error) {
    if (isOver.aborted) return;
    throw error;
  }
  sending.abort(new Error(`no answer within ${DEADLINE_MS / 1000} s`));
}

/** Never resolves; rejects when the first is aborted, and listens no more when the second is. */
function rejectOnAbort(signal: AbortSignal, isOver: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true, signal: isOver });
  });
}

/** `undefined` for an object that is not there. A bucket that is not there stays an error. */
async function orMissing<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
    throw error;
  }
}

/** S2 */
async function readBody(
  name: ObjectName,
  { Body, ContentLength = 0 }: GetObjectCommandOutput,
  bytesMax: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const body = Body as (AsyncIterable<Uint8Array> & { destroy(error?: Error): void }) | undefined;
  if (body === undefined) return Buffer.alloc(0);
  const stop = () => body.destroy(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    if (ContentLength > bytesMax) throw tooLarge(name, bytesMax);
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw tooLarge(name, bytesMax);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } finally {
    signal.removeEventListener('abort', stop);
    body.destroy();
  }
}

async function collect(name: ObjectName, pieces: AsyncIterable<string>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    const chunk = Buffer.from(piece);
    bytes += chunk.length;
    if (bytes > WRITE_BYTES_MAX) throw tooLarge(name, WRITE_BYTES_MAX);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function invalidName({ bucket, key }: ObjectName): OperationError {
  return new OperationError('OBJECT_NAME_INVALID', `${bucket}/${key} cannot be the name of an object`, {
    hint: 'use a bucket of letters, digits, dots, dashes and underscores, and a key without . and .. as parts',
  });
}

/** The same for one that is there and one that is not. */
function notListed({ bucket, key }: ObjectName): OperationError {
  const message = `${bucket}/${key} is in none of the buckets that imports and exports may use`;
  return new OperationError('OBJECT_BUCKET_MISSING', message, {
    hint: 'name one that the control plane was given with --s3-bucket, or give it this one',
  });
}

function shuttingDown(): OperationError {
  return new OperationError('SHUTTING_DOWN', 'the control plane is stopping', { retryable: true });
}

function tooLarge({ bucket, key }: ObjectName, bytesMax: number): OperationError {
  return new OperationError('OBJECT_TOO_LARGE', `${bucket}/${key} is larger than ${bytesMax} bytes`, {
    hint: 'import it in several parts',
  });
}
