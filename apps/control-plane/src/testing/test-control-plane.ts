/**
 * A real control plane over real TLS on a folder of its own, for tests; it can be stopped and started again.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type ApiClient, createApiClient } from '@landfall/api';
import { type Clock, silentLogger, systemClock } from '@landfall/runtime';
import { type ControlPlane, startControlPlane } from '../control-plane.ts';
import type { CallRate } from '../identity/call-limits.ts';
import type { S3Location } from '../objects/s3-object-store.ts';
import { cleanUpAfter } from './clean-up.ts';
import { describedClient } from './described-client.ts';
import { storedContent, testStoreLocation } from './test-store.ts';

export interface AdminCredentials {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly caFile: string;
}

export interface TestControlPlane {
  readonly stateDir: string;
  readonly url: string;
  readonly port: number;
  readonly caPem: string;
  readonly admin: AdminCredentials;
  readonly api: ApiClient;
  current(): ControlPlane;
  /** Cuts the running one off and starts another on the same state and port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
  /** Every row it has written, for tests of what must not be readable there. */
  storedContent(): Promise<Buffer>;
  token(role: 'replication-server' | 'launch-host'): Promise<string>;
}

/** Tests of other things make as many calls as they like. */
const UNLIMITED: CallRate = { perSecond: 1e9, burst: 1e9 };

const HASTE = 10;
/** Waits ten times shorter, time itself as ever. */
const hastyClock: Clock = {
  ...systemClock,
  sleep: (durationMs, signal) => systemClock.sleep(durationMs / HASTE, signal),
};

export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-control-plane-'));
  cleanUpAfter(t, () => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function startTestControlPlane(
  t: TestContext,
  options: {
    readonly agentBinary?: string;
    readonly certificateLifetimeMs?: number;
    readonly clock?: Clock;
    readonly bootGraceMs?: number;
    readonly callRate?: CallRate;
    readonly webhookNetworks?: readonly string[];
    readonly consoleDir?: string;
    readonly s3?: S3Location;
  } = {},
): Promise<TestControlPlane> {
  const stateDir = await temporaryFolder(t);
  const store = await testStoreLocation(t);
  const start = (port: number) =>
    startControlPlane({
      clock: hastyClock,
      callRate: UNLIMITED,
      // Simulated guests have nothing to boot.
      bootGraceMs: 0,
      ...(store === undefined ? {} : { store }),
      ...options,
      stateDir,
      listen: '127.0.0.1',
      port,
      addresses: ['127.0.0.1', 'localhost'],
      region: 'us-east-1',
      log: silentLogger,
    });
  let running = await start(0);
  const { port } = running;
  let restarting: Promise<unknown> = Promise.resolve();
  let isOver = false;
  cleanUpAfter(t, async () => {
    isOver = true;
    await restarting;
    await running.close();
  });
  const admin: AdminCredentials = JSON.parse(
    await readFile(join(stateDir, 'admin-credentials.json'), 'utf8'),
  );
  const caPem = await readFile(admin.caFile, 'utf8');
  const { endpoint, region } = admin;
  return {
    stateDir,
    url: endpoint,
    port,
    caPem,
    admin,
    api: describedClient(createApiClient({ endpoint, region, caPem, credentials: admin })),
    current: () => running,
    restart: () => {
      // One after the other, and none after the test: nobody would end what it starts.
      const restarted = restarting.then(async () => {
        await running.close();
        if (!isOver) running = await start(port);
      });
      restarting = Promise.allSettled([restarted]);
      return restarted;
    },
    stop: () => running.close(),
    storedContent: () => storedContent(store, stateDir),
    token: async (role) => (await readFile(join(stateDir, 'tokens', role), 'utf8')).trim(),
  };
}
