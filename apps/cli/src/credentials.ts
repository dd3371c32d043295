/**
 * Where the CLI finds the endpoint and its keys: the environment first, then the state folder of `landfall
 * up`.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Credentials } from '@landfall/api';
import { OperationError, readIfExists } from '@landfall/runtime';

export interface ApiAccess {
  readonly endpoint: string;
  readonly caPem: string;
  readonly region: string;
  readonly credentials: Credentials;
}

export const DEFAULT_STATE_DIR = '/var/lib/landfall';

interface CredentialsFile {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly caFile: string;
}

/** The administrator's access, as the control plane wrote it. Errors: NOT_SET_UP. */
export async function readCredentials(stateDir: string): Promise<ApiAccess> {
  const path = join(stateDir, 'control-plane/admin-credentials.json');
  const text = await readIfExists(path);
  if (text === undefined) {
    throw new OperationError('NOT_SET_UP', `there is no control plane in ${stateDir} (no ${path})`, {
      hint: 'start one with `./landfall up`, or name its folder with --state-dir, or set LANDFALL_ENDPOINT',
    });
  }
  const file = JSON.parse(text) as CredentialsFile;
  return {
    endpoint: file.endpoint,
    caPem: await readFile(file.caFile, 'utf8'),
    region: file.region,
    credentials: { accessKeyId: file.accessKeyId, secretAccessKey: file.secretAccessKey },
  };
}

/**
 * From LANDFALL_ENDPOINT, LANDFALL_CA_FILE and the AWS key variables when set; else from the state folder.
 */
export async function findAccess(stateDir: string): Promise<ApiAccess> {
  const {
    LANDFALL_ENDPOINT,
    LANDFALL_CA_FILE,
    AWS_ACCESS_KEY_ID,
    AWS_SECRET_ACCESS_KEY,
    AWS_DEFAULT_REGION,
    AWS_SESSION_TOKEN,
  } = process.env;
  if (LANDFALL_ENDPOINT === undefined || LANDFALL_CA_FILE === undefined) return readCredentials(stateDir);
  if (AWS_ACCESS_KEY_ID === undefined || AWS_SECRET_ACCESS_KEY === undefined)
    return readCredentials(stateDir);
  return {
    endpoint: LANDFALL_ENDPOINT,
    caPem: await readFile(LANDFALL_CA_FILE, 'utf8'),
    region: AWS_DEFAULT_REGION ?? 'us-east-1',
    credentials: {
      accessKeyId: AWS_ACCESS_KEY_ID,
      secretAccessKey: AWS_SECRET_ACCESS_KEY,
      ...(AWS_SESSION_TOKEN === undefined ? {} : { sessionToken: AWS_SESSION_TOKEN }),
    },
  };
}
