/** Keeps the control plane's own certificates from lapsing while it runs; programs renew theirs. */
import { type Clock, describeError, type Logger } from '@landfall/runtime';
import type { CertificateAuthority, KeyAndCertificate } from './certificate-authority.ts';
import { type AuthorityFiles, loadServerCertificate, renewAuthority } from './file-authority.ts';

export interface UpkeepOptions {
  readonly files: AuthorityFiles;
  readonly authority: CertificateAuthority;
  readonly addresses: readonly string[];
  readonly serverCertificate: KeyAndCertificate;
  /** New connections are to be answered with these; the root's certificate is `authority.certificatePem`. */
  readonly onRenewed: (serverCertificate: KeyAndCertificate) => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

const LOOK_INTERVAL_MS = 3_600_000;

/** Looks every hour, until the signal. What fails is tried again an hour later, weeks before it matters. */
export async function keepCertificates(options: UpkeepOptions): Promise<void> {
  const { clock, log, signal } = options;
  let serving = options.serverCertificate;
  while (!signal.aborted) {
    try {
      await clock.sleep(LOOK_INTERVAL_MS, signal);
      serving = await lookAfter(options, serving);
    } catch (error) {
      if (signal.aborted) return;
      log.error('certificates-not-renewed', { error, explanation: describeError(error) });
    }
  }
}

async function lookAfter(options: UpkeepOptions, serving: KeyAndCertificate): Promise<KeyAndCertificate> {
  const { files, authority, addresses, log } = options;
  const isNewAuthority = await renewAuthority(files.stateDir, authority);
  const certificate = await loadServerCertificate(files, authority, addresses);
  if (!isNewAuthority && certificate.certificatePem === serving.certificatePem) return serving;
  await options.onRenewed(certificate);
  log.info('certificates-renewed', { isNewAuthority });
  return certificate;
}
