/** Users of a test control plane, with a client for each. */
import { type ApiClient, type Credentials, createApiClient } from '@landfall/api';
import { type Clock, systemClock } from '@landfall/runtime';
import type { TestControlPlane } from './test-control-plane.ts';

export interface TestUser {
  readonly userName: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly api: ApiClient;
}

export interface TestUserOptions {
  readonly userName: string;
  /** Names of managed policies. */
  readonly policies?: readonly string[];
  /** Put as `NAME-own` and attached. */
  readonly statements?: readonly object[];
}

export function clientOf(
  { admin, caPem }: TestControlPlane,
  credentials: Credentials,
  clock: Clock = systemClock,
): ApiClient {
  return createApiClient({ endpoint: admin.endpoint, region: admin.region, caPem, credentials, clock });
}

export function policyDocument(statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

export async function addTestUser(
  plane: TestControlPlane,
  { userName, policies = [], statements }: TestUserOptions,
): Promise<TestUser> {
  const { api } = plane;
  await api.landfall('CreateUser', { userName });
  for (const policyName of policies) await api.landfall('AttachPolicy', { policyName, userName });
  if (statements !== undefined) {
    const policyName = `${userName}-own`;
    await api.landfall('PutPolicy', { policyName, document: policyDocument(statements) });
    await api.landfall('AttachPolicy', { policyName, userName });
  }
  const { accessKey, secretAccessKey } = await api.landfall('CreateAccessKey', { userName });
  const credentials = { accessKeyId: accessKey.accessKeyID, secretAccessKey };
  return { userName, ...credentials, api: clientOf(plane, credentials) };
}
