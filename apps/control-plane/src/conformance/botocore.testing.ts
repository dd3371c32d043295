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
from awscli.botocore.session import Session
asked = json.load(sys.stdin)
client = Session().create_client(asked['service'], endpoint_url=asked['endpoint'])
answers = []
for name, parameters in asked['calls']:
    try:
        answers.append({'result': getattr(client, xform_name(name))(**parameters)})
    except client.exceptions.ClientError as error:
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
  const { stdout } = await runChecked(['/usr/bin/python3', '-c', SAMPLE, service, shape], {
    env: { AWS_DEFAULT_REGION: 'us-east-1' },
    timeoutMs: 300_000,
  });
  return JSON.parse(stdout);
}
