/**
 * The identity of a program that has a token file: from disk, or by enrolling as soon as the control plane
 * answers. Replication servers and launch hosts begin with it; an agent enrols at its installation instead.
 */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import {
  backoffDelayMs,
  type Clock,
  describeError,
  type Logger,
  OperationError,
  systemErrorCode,
} from '@landfall/runtime';
import { certificateTerm, isBeyondRenewal } from './certificate-term.ts';
import { type Identity, preparePendingIdentity, readIdentity, writeIdentity } from './file-identity.ts';
import { enrol } from './http-enrol.ts';
import type { ProgramRole } from './messages.ts';

export interface TokenEnrolmentOptions {
  readonly role: ProgramRole;
  readonly version: string;
  readonly stateFolder: string;
  readonly tokenFile: string | undefined;
  /** Put into the certificate; a new one means a new certificate. */
  readonly addresses?: readonly string[];
  readonly logger: Logger;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const BACKOFF = { initialMs: 200, maximumMs: 3000 };

/** Waits as long as it takes for the control plane; ends only with an identity, a refusal, or the signal. */
export async function obtainIdentity(options: TokenEnrolmentOptions): Promise<Identity> {
  const existing = await readIdentity(options.stateFolder);
  if (existing !== undefined && isGood(existing, options)) return existing;
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

async function enrolOnce(options: TokenEnrolmentOptions): Promise<Identity> {
  const { role, version, stateFolder, addresses } = options;
  const token = await readToken(role, options.tokenFile);
  const pending = await preparePendingIdentity(stateFolder, role);
  const named = addresses === undefined ? {} : { addresses };
  const enrolment = await enrol({ ...pending, token, version, ...named });
  const identity = { ...pending, ...enrolment };
  await writeIdentity(stateFolder, identity);
  return identity;
}

async function readToken(role: ProgramRole, tokenFile: string | undefined): Promise<string> {
  if (tokenFile === undefined) {
    throw new OperationError('OPTION_INVALID', `this ${role} is not enrolled and has no --token-file`, {
      hint: `create a token with \`landfall token create --role ${role}\` and name its file`,
    });
  }
  try {
    return (await readFile(tokenFile, 'utf8')).trim();
  } catch (cause) {
    const retryable = systemErrorCode(cause) === 'ENOENT';
    throw new OperationError('TOKEN_FILE_UNREADABLE', `the token file ${tokenFile} cannot be read`, {
      hint: 'check the path and its permissions',
      retryable,
      cause,
    });
  }
}

/** One that has just expired is good too: the channel renews it. */
function isGood(identity: Identity, { addresses = [], clock }: TokenEnrolmentOptions): boolean {
  const term = certificateTerm(identity.certificatePem);
  return namesAll(identity, addresses) && !isBeyondRenewal(term, clock.nowMs());
}

/**
 * Others check the certificate against the address they dial, so an address that is new needs a new
 * certificate.
 */
function namesAll(identity: Identity, addresses: readonly string[]): boolean {
  const certificate = new X509Certificate(identity.certificatePem);
  return addresses.every((address) => {
    const named = isIP(address) === 0 ? certificate.checkHost(address) : certificate.checkIP(address);
    return named !== undefined;
  });
}
