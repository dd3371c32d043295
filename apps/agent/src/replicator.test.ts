import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentConfiguration } from '@landfall/channel';
import { OperationError, silentLogger, systemClock } from '@landfall/runtime';
import { assignDiskIds, type FoundDisk } from './disk-mapping.ts';
import { idleReplication, type ReplicationFacts } from './replication-report.ts';
import { Replicator, type SendingSettings, type Tracking } from './replicator.ts';

const DISK: FoundDisk = { deviceName: '/dev/sda', sizeBytes: 4096, serial: 'A', isBootDisk: true };
const SERVER = { replicationServerId: 'rs-1', host: 'h', port: 1500 };
const CONFIGURATION: AgentConfiguration = {
  desired: 'REPLICATE',
  replicationServer: SERVER,
  bandwidthThrottlingMbps: 0,
  epochIntervalMs: 100,
};
const POINT = { epoch: 3, cutTimeMs: 1, consistency: 'CRASH_CONSISTENT' } as const;

interface World {
  found: readonly FoundDisk[];
  trackingError: unknown;
  readonly opened: string[];
  readonly settings: SendingSettings[];
  facts: ReplicationFacts;
}

function createWorld(): World {
  const continuous = { ...idleReplication('CONTINUOUS', [DISK]), lagMs: 5, connected: true, bytesSent: 10 };
  return { found: [DISK], trackingError: undefined, opened: [], settings: [], facts: continuous };
}

function start(world: World): { replicator: Replicator<Tracking>; stop: () => Promise<void> } {
  const replicator = new Replicator<Tracking>({
    disks: assignDiskIds([DISK]),
    logger: silentLogger,
    clock: { ...systemClock, sleep: (_durationMs, signal) => systemClock.sleep(5, signal) },
    findDisks: async () => world.found,
    openTracking: async (disks) => {
      if (world.trackingError !== undefined) throw world.trackingError;
      world.opened.push(`tracking ${disks.map((disk) => disk.deviceName).join()}`);
      return {
        failure: () => undefined,
        capture: (sent) => ({
          mode: 'TRACKING',
          warnings: sent === undefined ? [] : [`lag ${sent.lagMs} ms`],
        }),
        close: async () => void world.opened.push('tracking closed'),
      };
    },
    endTracking: async () => void world.opened.push('ended for good'),
    openSending: async (_tracking, server) => {
      world.opened.push(`sending to ${server.host}`);
      return {
        facts: () => world.facts,
        takeRecoveryPoint: async () => POINT,
        configure: (settings) => void world.settings.push(settings),
        failure: () => undefined,
        close: async () => void world.opened.push('sending closed'),
      };
    },
  });
  const abort = new AbortController();
  const running = replicator.run(abort.signal);
  const stop = async () => {
    abort.abort();
    await running;
  };
  return { replicator, stop };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = AbortSignal.timeout(5000);
  while (!condition()) await systemClock.sleep(2, deadline);
}

test('nothing is opened before a configuration, and sending waits for a replication server', async () => {
  const world = createWorld();
  const { replicator, stop } = start(world);
  await systemClock.sleep(20);
  assert.deepEqual(world.opened, []);
  assert.equal(replicator.facts().state, 'INITIATING');
  const { replicationServer: _absent, ...unassigned } = CONFIGURATION;
  replicator.want(unassigned);
  await until(() => world.opened.length === 1);
  await assert.rejects(replicator.takeRecoveryPoint(), { code: 'REPLICATION_NOT_RUNNING', retryable: true });
  replicator.want(CONFIGURATION);
  await until(() => world.opened.includes('sending to h'));
  assert.deepEqual(await replicator.takeRecoveryPoint(), POINT);
  await stop();
  assert.deepEqual(world.opened, ['tracking /dev/sda', 'sending to h', 'sending closed', 'tracking closed']);
});

test('a pause silences the sender and keeps tracking; STOP closes both', async () => {
  const world = createWorld();
  const { replicator, stop } = start(world);
  replicator.want(CONFIGURATION);
  await until(() => world.opened.includes('sending to h'));
  replicator.want({ ...CONFIGURATION, desired: 'PAUSE' });
  await until(() => world.settings.some((settings) => settings.paused));
  assert.ok(!world.opened.includes('sending closed'));
  replicator.want({ ...CONFIGURATION, desired: 'STOP' });
  await until(() => world.opened.includes('ended for good'));
  assert.equal(replicator.facts().state, 'STOPPED');
  await systemClock.sleep(30);
  assert.deepEqual(world.opened.slice(2), ['sending closed', 'tracking closed', 'ended for good'], 'once');
  await stop();
});

test('tracking says what it has to say of how the sending goes', async () => {
  const world = createWorld();
  const { replicator, stop } = start(world);
  replicator.want(CONFIGURATION);
  await until(() => world.opened.includes('sending to h'));
  assert.deepEqual(replicator.facts().capture?.warnings, ['lag 5 ms']);
  await stop();
});

test('another replication server gets a sender of its own, and bytes sent before still count', async () => {
  const world = createWorld();
  const { replicator, stop } = start(world);
  replicator.want(CONFIGURATION);
  await until(() => world.opened.includes('sending to h'));
  replicator.want({ ...CONFIGURATION, replicationServer: { ...SERVER, host: 'other' } });
  await until(() => world.opened.includes('sending to other'));
  assert.equal(replicator.facts().bytesSent, 20);
  await stop();
});

test('a vanished disk is STALLED with its name and remedy until it is back', async () => {
  const world = createWorld();
  const { replicator, stop } = start(world);
  replicator.want(CONFIGURATION);
  await until(() => world.opened.includes('sending to h'));
  world.found = [];
  await until(() => replicator.facts().state === 'STALLED');
  const { error, lagMs, connected } = replicator.facts();
  assert.match(error?.rawError ?? '', /DISK_VANISHED: disk-0 \(\/dev\/sda\).*attach the disk again/);
  assert.ok(lagMs !== null && lagMs >= 5, 'the age of the last recovery point is still told');
  assert.equal(connected, false);
  world.found = [{ ...DISK, deviceName: '/dev/sdb' }];
  await until(() => replicator.facts().state === 'CONTINUOUS');
  assert.ok(world.opened.includes('tracking /dev/sdb'), 'under the name it has now');
  assert.equal(replicator.facts().error, undefined);
  const changes = replicator.facts().diskChanges?.map(({ kind }) => kind);
  assert.deepEqual(changes, ['VANISHED', 'RETURNED', 'RENAMED']);
  await stop();
});

test('tracking that cannot begin is told with its code and tried again', async () => {
  const world = createWorld();
  world.trackingError = new OperationError('TRACEFS_UNAVAILABLE', 'no tracefs', { hint: 'mount it' });
  const { replicator, stop } = start(world);
  replicator.want(CONFIGURATION);
  await until(() => replicator.facts().state === 'STALLED');
  assert.match(replicator.facts().error?.rawError ?? '', /TRACEFS_UNAVAILABLE: no tracefs \(mount it\)/);
  world.trackingError = undefined;
  await until(() => replicator.facts().state === 'CONTINUOUS');
  await stop();
});
