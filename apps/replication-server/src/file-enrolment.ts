/** The replication server's identity: from disk, or by enrolling with a token as soon as the control plane answers. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { enrol, type Identity, preparePendingIdentity, readIdentity, writeIdentity } from '@landfall/channel';
import {
  backoffDelayMs,
  type Clock,
  describeError,
  type Logger,
  OperationError,
  systemErrorCode,
} from '@landfall/runtime';
import { VERSION } from './version.ts';

export interface EnrolmentOptions {
  readonly stateFolder: string;
  readonly tokenFile: string | undefined;
  readonly addresses: readonly string[];
  readonly logger: Logger;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const BACKOFF = { initialMs: 200, maximumMs: 3000 };

/** Waits as long as it takes for the control plane; ends only with an identity, a refusal, or the signal. */
export async function obtainIdentity(options: EnrolmentOptions): Promise<Identity> {
  const existing = await readIdentity(options.stateFolder);
  if (existing !== undefined && namesAll(existing, options.addresses)) return existing;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await enrolOnce(options);
    } catch (error) {
      if (!(error instanceof OperationError) || !error.retryable) throw error;
      options.logger.warn('not-enrolled-yet', { error, explanation: describeError(error) });
    }
    await options.clock.sleep(backoffDelayMs(BACKOFF, attempt), options.signal);
  }
}

async function enrolOnce(options: EnrolmentOptions): Promise<Identity> {
  const token = await readToken(options.tokenFile);
  const pending = await preparePendingIdentity(options.stateFolder, 'replication-server');
  const { addresses } = options;
  const enrolment = await enrol({ ...pending, token, version: VERSION, addresses });
  const identity = { ...pending, ...enrolment };
  await writeIdentity(options.stateFolder, identity);
  return identity;
}

async function readToken(tokenFile: string | undefined): Promise<string> {
  if (tokenFile === undefined) {
    throw new OperationError('USAGE', 'this replication server is not enrolled and has no --token-file', {
      hint: 'create a token with `landfall token create --role replication-server` and name its file',
    });
  }
  try {
    return await readFile(tokenFile, 'utf8');
  } catch (cause) {
    const retryable = systemErrorCode(cause) === 'ENOENT';
    throw new OperationError('TOKEN_FILE_UNREADABLE', `the token file ${tokenFile} cannot be read`, {
      hint: 'check the path and its permissions',
      retryable,
      cause,
    });
  }
}

/** Agents check the certificate against the address they dial, so an address that is new needs a new certificate. */
function namesAll(identity: Identity, addresses: readonly string[]): boolean {
  const certificate = new X509Certificate(identity.certificatePem);
  return addresses.every((address) => {
    const named = isIP(address) === 0 ? certificate.checkHost(address) : certificate.checkIP(address);
    return named !== undefined;
  });
}
