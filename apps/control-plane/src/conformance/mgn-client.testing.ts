/** Clients of others that call MGN, behind one function: the JavaScript SDK and Debian's botocore. */
import { readFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import type { TestContext } from 'node:test';
import * as sdk from '@aws-sdk/client-mgn';
import type { ApiClient } from '@landfall/api';
import { cleanUpAfter } from '../testing/clean-up.ts';
import type { AdminCredentials } from '../testing/test-control-plane.ts';
import { BotocoreClient } from './botocore.testing.ts';

export type CallMgn = ApiClient['mgn'];

export interface MgnClient {
  /** Operations it knows. */
  readonly operations: readonly string[];
  /** What the service refuses is thrown as an error with the name of the exception. */
  readonly call: CallMgn;
}

export type OpenMgnClient = (t: TestContext, credentials: AdminCredentials) => Promise<MgnClient>;

export const SDK_OPERATIONS: readonly string[] = Object.keys(sdk)
  .filter((name) => name.endsWith('Command') && name !== '$Command')
  .map((name) => name.slice(0, -'Command'.length))
  .sort();

export const openSdk: OpenMgnClient = async (t, { endpoint, region, caFile, ...credentials }) => {
  const client = new sdk.MgnClient({
    ...{ endpoint, region, credentials, maxAttempts: 1 },
    requestHandler: { httpsAgent: new Agent({ ca: await readFile(caFile), keepAlive: true }) },
  });
  cleanUpAfter(t, () => client.destroy());
  const call = async (name: string, input: object) => {
    const Command = Reflect.get(sdk, `${name}Command`) as new (input: object) => never;
    const { $metadata: _metadata, ...answer } = Object(await client.send(new Command(input)));
    return answer;
  };
  return { operations: SDK_OPERATIONS, call: call as CallMgn };
};

export const openBotocore: OpenMgnClient = async (t, credentials) => {
  const client = await BotocoreClient.open(t, 'mgn', credentials);
  const call = (name: string, input: object) => client.call(name, { ...input });
  return { operations: client.operations, call: call as CallMgn };
};
