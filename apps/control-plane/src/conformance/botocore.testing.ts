/** The botocore that Debian's aws is made of, told many calls at once: each `aws` takes a second to start. */
import { existsSync } from 'node:fs';
import { runChecked } from '@landfall/runtime';
import type { AdminCredentials } from '../testing/test-control-plane.ts';

const LIBRARY = '/usr/lib/python3/dist-packages';

export const skip = existsSync(`${LIBRARY}/awscli/botocore`)
  ? false
  : 'awscli is not installed; install it with apt-get install awscli';

/** Answers in the order of the calls: what the client made of it, or the code of the error. */
const PROGRAM = `
import json, sys
sys.path.insert(0, '${LIBRARY}')
from awscli.botocore import xform_name
from awscli.botocore.exceptions import ClientError
from awscli.botocore.session import Session
asked = json.load(sys.stdin)
client = Session().create_client(asked['service'], endpoint_url=asked['endpoint'])
answers = []
for name, parameters in asked['calls']:
    try:
        answers.append({'result': getattr(client, xform_name(name))(**parameters)})
    except ClientError as error:
        answers.append({'code': error.response['Error']['Code']})
print(json.dumps(answers, default=str))
`;

export type BotocoreCall = readonly [operation: string, parameters: Readonly<Record<string, unknown>>];

export interface BotocoreAnswer {
  readonly result?: Readonly<Record<string, unknown>>;
  readonly code?: string;
}

export async function callBotocore(
  service: string,
  { endpoint, region, accessKeyId, secretAccessKey, caFile }: AdminCredentials,
  calls: readonly BotocoreCall[],
): Promise<readonly BotocoreAnswer[]> {
  const { stdout } = await runChecked(['/usr/bin/python3', '-c', PROGRAM], {
    input: JSON.stringify({ service, endpoint, calls }),
    env: {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_DEFAULT_REGION: region,
      AWS_CA_BUNDLE: caFile,
      AWS_MAX_ATTEMPTS: '1',
    },
    timeoutMs: 300_000,
  });
  return JSON.parse(stdout);
}
