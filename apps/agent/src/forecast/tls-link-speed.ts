/** What can be learnt of the way to the replication server without replicating. */
import type { Identity } from '@landfall/channel';
import { probeLink } from '@landfall/replication';
import { type Clock, type ConnectionTarget, type Dial, describeError, type Random } from '@landfall/runtime';
import { connectTls } from '@landfall/wire';
import type { ReplicationServerAddress } from '../replicator.ts';
import { checkReachable } from '../tcp-reachable.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const PROBE_MS = 10_000;
/** Of the probe. Replication may use more: it is faster where packets are lost. */
export const LINK_CONNECTIONS = 1;
const PROBE_BYTES_MAX = 512 * 1024 * 1024;

export type LinkSpeed =
  | { readonly kind: 'MEASURED'; readonly to: string; readonly bytesPerSecond: readonly number[] }
  /** A connection opens; how fast it is, it does not say. */
  | { readonly kind: 'REACHABLE'; readonly to: string; readonly roundTripMs: number }
  | { readonly kind: 'FAILED'; readonly to: string; readonly why: string }
  | { readonly kind: 'UNKNOWN'; readonly why: string };

export interface MeasureLinkOptions {
  readonly identity: Identity;
  readonly server: ReplicationServerAddress;
  readonly dial: Dial;
  readonly clock: Clock;
  readonly random: Random;
}

/** Over the port and with the certificates that replication uses. */
export async function measureLink(options: MeasureLinkOptions): Promise<LinkSpeed> {
  const { identity, server, dial, clock, random } = options;
  const { caPem: ca, certificatePem: cert, keyPem: key } = identity;
  const { host, port, replicationServerId: serverName } = server;
  const to = `${host}:${port}`;
  try {
    const timeoutMs = CONNECT_TIMEOUT_MS;
    const link = await connectTls({ host, port, ca, cert, key, serverName, timeoutMs, dial });
    const durationMs = PROBE_MS;
    const bytesPerSecond = await probeLink(link, { clock, random, durationMs, bytesMax: PROBE_BYTES_MAX });
    return { kind: 'MEASURED', to, bytesPerSecond };
  } catch (error) {
    return { kind: 'FAILED', to, why: describeError(error) };
  }
}

/** Without an identity nobody over there talks to us: whether TCP connects, and how long that takes. */
export async function reach(to: ConnectionTarget, dial: Dial, clock: Clock): Promise<LinkSpeed> {
  const { host, port } = to;
  const beganNs = clock.monotonicNs();
  const why = await checkReachable(to, dial);
  const roundTripMs = Number(clock.monotonicNs() - beganNs) / 1e6;
  const address = `${host}:${port}`;
  if (why !== undefined) return { kind: 'FAILED', to: address, why };
  return { kind: 'REACHABLE', to: address, roundTripMs };
}
