/**
 * Buckets at an S3 endpoint: Amazon's, or any server that speaks its protocol. O1 is S3's own: an object that
 * is put is there whole or not at all. A bucket is never made here: who keeps the endpoint makes it.
 *
 * S1 Every call ends by one deadline, retries and the last byte of an answer included.
 * S2 The endpoint is not trusted: no more of an object is taken than was asked for, and of its words no more
 *    than a line.
 */
import type { GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import { type Clock, OperationError } from '@landfall/runtime';
import { isObjectName, type ObjectName, type ObjectStore } from './object-store.ts';
import { s3Failure } from './s3-failure.ts';

export interface S3Location {
  /** `https://s3.example.org:9000` */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** `https://ENDPOINT/BUCKET/KEY`; otherwise `https://BUCKET.ENDPOINT/KEY`. */
  readonly pathStyle: boolean;
}

const ATTEMPTS_MAX = 3;
const DEADLINE_MS = 30_000;
/** An export is put in one piece. */
const WRITE_BYTES_MAX = 64 * 1024 * 1024;

/** The client is loaded when it is needed, because it costs memory that most installations can spare. */
export async function createS3ObjectStore(location: S3Location, clock: Clock): Promise<ObjectStore> {
  const s3 = await import('@aws-sdk/client-s3');
  const { endpoint, region, pathStyle, accessKeyId, secretAccessKey } = location;
  const client = new s3.S3Client({
    ...{ endpoint, region, maxAttempts: ATTEMPTS_MAX, forcePathStyle: pathStyle },
    credentials: { accessKeyId, secretAccessKey },
    followRegionRedirects: false,
  });
  const call = <Result>(name: ObjectName, send: (client: S3Client, signal: AbortSignal) => Promise<Result>) =>
    withinDeadline(name, clock, (signal) => send(client, signal));
  return {
    read: async (name, bytesMax) => {
      if (!isObjectName(name)) throw invalidName(name);
      const { bucket: Bucket, key: Key } = name;
      return call(name, async (sender, abortSignal) => {
        const answer = await orMissing(
          sender.send(new s3.GetObjectCommand({ Bucket, Key }), { abortSignal }),
        );
        return answer === undefined ? undefined : readBody(name, answer, bytesMax, abortSignal);
      });
    },
    write: async (name, pieces) => {
      if (!isObjectName(name)) throw invalidName(name);
      const { bucket: Bucket, key: Key } = name;
      const Body = await collect(name, pieces);
      const put = new s3.PutObjectCommand({ Bucket, Key, Body, ContentType: 'text/csv' });
      await call(name, (sender, abortSignal) => sender.send(put, { abortSignal }));
    },
  };
}

/** S1. Errors: those of `s3Failure`. */
async function withinDeadline<Result>(
  name: ObjectName,
  clock: Clock,
  send: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const over = new AbortController();
  const sending = new AbortController();
  const deadline = abortLater(sending, clock, over.signal);
  try {
    return await send(sending.signal);
  } catch (error) {
    throw s3Failure(name, sending.signal.aborted ? sending.signal.reason : error);
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

function tooLarge({ bucket, key }: ObjectName, bytesMax: number): OperationError {
  return new OperationError('OBJECT_TOO_LARGE', `${bucket}/${key} is larger than ${bytesMax} bytes`, {
    hint: 'import it in several parts',
  });
}
