/**
 * The botocore that Debian's aws is made of, in one process for many calls: each `aws` takes a second to
 * start. A call is a line of JSON and so is its answer; the process ends with whoever started it, because its
 * input does.
 */
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { ApiError } from '@landfall/api';
import { runChecked, systemClock } from '@landfall/runtime';
import { cleanUpAfter } from '../testing/clean-up.ts';
import type { AdminCredentials } from '../testing/test-control-plane.ts';

const REPLAYED = 'This request was received before.';
const NEXT_SECOND_MS = 1000;
const PYTHON = '/usr/bin/python3';
const LIBRARY = '/usr/lib/python3/dist-packages';

export const skip = existsSync(`${LIBRARY}/awscli/botocore`)
  ? false
  : 'awscli is not installed; install it with apt-get install awscli';

/** First the operations it knows; then, of each call, what the client made of the answer, or the error. */
const PROGRAM = `
import json, sys
sys.path.insert(0, '${LIBRARY}')
from awscli.botocore import xform_name
from awscli.botocore.session import Session
service, endpoint = sys.argv[1:]
client = Session().create_client(service, endpoint_url=endpoint)
def say(value):
    print(json.dumps(value, default=str), flush=True)
say(client.meta.service_model.operation_names)
for line in sys.stdin:
    name, parameters = json.loads(line)
    try:
        say({'result': getattr(client, xform_name(name))(**parameters)})
    except client.exceptions.ClientError as error:
        status = error.response['ResponseMetadata']['HTTPStatusCode']
        say({'status': status, **{key.lower(): value for key, value in error.response['Error'].items()}})
`;

export type BotocoreParameters = Readonly<Record<string, unknown>>;
export type BotocoreCall = readonly [operation: string, parameters: BotocoreParameters];
export type BotocoreCredentials = AdminCredentials & { readonly sessionToken?: string };

interface BotocoreAnswer {
  readonly result?: Readonly<Record<string, unknown>>;
  readonly status?: number;
  readonly code?: string;
  readonly message?: string;
}

export class BotocoreClient {
  readonly operations: readonly string[];
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcessWithoutNullStreams, lines: AsyncIterator<string>, first: string) {
    this.#child = child;
    this.#lines = lines;
    this.operations = JSON.parse(first);
  }

  static async open(
    t: TestContext,
    service: string,
    { endpoint, region, accessKeyId, secretAccessKey, sessionToken, caFile }: BotocoreCredentials,
  ): Promise<BotocoreClient> {
    const child = spawn(PYTHON, ['-c', PROGRAM, service, endpoint], {
      env: {
        ...{ AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
        ...(sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: sessionToken }),
        ...{ AWS_DEFAULT_REGION: region, AWS_CA_BUNDLE: caFile, AWS_MAX_ATTEMPTS: '1' },
        ...{ AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' },
      },
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    cleanUpAfter(t, async () => {
      child.stdin.end();
      await ended;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => t.diagnostic(`botocore: ${text}`));
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const { value } = await lines.next();
    return new BotocoreClient(child, lines, String(value ?? '[]'));
  }

  /** One at a time. What the service refuses is an ApiError. */
  async call(operation: string, parameters: BotocoreParameters): Promise<Readonly<Record<string, unknown>>> {
    this.#child.stdin.write(`${JSON.stringify([operation, parameters])}\n`);
    const { value, done } = await this.#lines.next();
    assert.ok(done !== true, `botocore ended at ${operation}`);
    const { result, status = 0, code = '', message = '' } = JSON.parse(String(value)) as BotocoreAnswer;
    // Signatures are of whole seconds: the same call within one has the same, and is taken for a replay.
    if (message.startsWith(REPLAYED)) {
      await systemClock.sleep(NEXT_SECOND_MS);
      return await this.call(operation, parameters);
    }
    if (result === undefined) throw new ApiError(code, status, message);
    const { ResponseMetadata: _metadata, ...members } = result;
    return members;
  }
}

/** A value for a shape of the client's own model, in which every member is there. */
const SAMPLE = `
import json, sys
sys.path.insert(0, '${LIBRARY}')
from awscli.botocore.session import Session
service, name = sys.argv[1:]
def sample(shape):
    if shape.type_name == 'structure':
        return {name: sample(member) for name, member in shape.members.items()}
    if shape.type_name == 'list':
        return [sample(shape.member)]
    if shape.type_name == 'string':
        return (shape.enum or ['text'])[0]
    return {'boolean': True, 'double': 1.5, 'float': 1.5, 'timestamp': '2031-02-03T04:05:06Z'}.get(shape.type_name, 7)
print(json.dumps(sample(Session().get_service_model(service).shape_for(name))))
`;

export async function sampleOfShape(service: string, shape: string): Promise<Record<string, unknown>> {
  const { stdout } = await runChecked([PYTHON, '-c', SAMPLE, service, shape], {
    env: { AWS_DEFAULT_REGION: 'us-east-1' },
    timeoutMs: 300_000,
  });
  return JSON.parse(stdout);
}
