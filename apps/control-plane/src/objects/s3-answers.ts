/**
 * How much of an answer the S3 client reads before anybody of us sees it: of an object nothing, which is read
 * piece by piece; of everything else, which it takes whole into memory, no more than a MiB.
 */
import { pipeline, type Readable, Transform } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { MIB } from '@landfall/runtime';

const ANSWER_BYTES_MAX = MIB;

interface HttpAnswer {
  readonly statusCode: number;
  body?: Readable;
}

/** Before the client has read anything of an answer. */
export function boundAnswers(client: S3Client): void {
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (call) => {
        const result = await next(call);
        const answer = result.response as HttpAnswer;
        const isObject = commandName === 'GetObjectCommand' && answer.statusCode === 200;
        if (!isObject && answer.body !== undefined) answer.body = bounded(answer.body);
        return result;
      },
    { step: 'deserialize', priority: 'low', name: 'boundAnswers' },
  );
}

function bounded(body: Readable): Readable {
  let bytes = 0;
  const limit = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length;
      if (bytes <= ANSWER_BYTES_MAX) done(null, chunk);
      else done(new Error(`an answer of more than ${ANSWER_BYTES_MAX} bytes`));
    },
  });
  // What goes wrong is told to whoever reads the end.
  pipeline(body, limit, (error) => error && limit.destroy(error));
  return limit;
}
