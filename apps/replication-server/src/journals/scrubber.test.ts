/**
 * How slowly journals are scrubbed, and when; on virtual time, over a real journal: reading takes what it
 * takes, so times are at least what they should be.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { CODEC_RAW, payloadChecksum } from '@landfall/block';
import { type JournalGroup, openJournalGroup } from '@landfall/journal';
import { createLogger, silentLogger } from '@landfall/runtime';
import { VirtualClock } from '@landfall/runtime/virtual-clock';
import { StagedServer } from '../staging/staged-server.ts';
import { Scrubber } from './scrubber.ts';

const MIB = 1024 * 1024;
const DISK = { diskId: 'disk-0', deviceName: '/dev/sda', sizeBytes: 24 * MIB, isBootDisk: true };
const HOUR_MS = 3_600_000;

async function stagedServer(t: TestContext, lines: string[] = []): Promise<StagedServer> {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-scrubber-'));
  const disks = [{ diskId: DISK.diskId, sizeBytes: DISK.sizeBytes }];
  const options = { disks, create: true, reserveBytes: 0, logger: silentLogger };
  const group = await openJournalGroup({ folder: join(folder, 'journal'), ...options });
  t.after(async () => {
    await group.close();
    await rm(folder, { recursive: true });
  });
  for (let chunk = 0; chunk < 24; chunk += 1) await putChunk(group, chunk);
  const commit = { epoch: 1, cutTimeMs: 1, cutMonotonicNs: 1n, consistency: 'CRASH_CONSISTENT' as const };
  await group.commit({ ...commit, extentCount: 24 });
  const logger = createLogger({ program: 'test', write: (line) => lines.push(line) });
  return new StagedServer('s-1', [DISK], { group, logger });
}

async function putChunk(group: JournalGroup, chunk: number): Promise<void> {
  const payload = Buffer.alloc(MIB, chunk + 1);
  const place = { diskIndex: 0, offsetBytes: chunk * MIB, lengthBytes: MIB };
  await group.putExtent({ ...place, codec: CODEC_RAW, checksum: payloadChecksum(payload) }, payload);
}

interface Running {
  readonly clock: VirtualClock;
  until(condition: () => boolean, pollMs?: number): Promise<number>;
  end(): Promise<void>;
}

/** `until` answers how long it took, in virtual ms. */
function startScrubber(server: StagedServer, bytesPerSecond: number, clock = new VirtualClock()): Running {
  const stop = new AbortController();
  const scrubber = new Scrubber({
    servers: () => [server],
    ...{ bytesPerSecond, passIntervalMs: 24 * HOUR_MS, resend: () => false },
    ...{ logger: silentLogger, clock },
  });
  const running = scrubber.run(stop.signal);
  return {
    clock,
    until: async (condition, pollMs = 20) => {
      const beganMs = clock.nowMs();
      const waiting = async () => {
        while (!condition()) await clock.sleep(pollMs);
      };
      await clock.settle(waiting(), 100 * HOUR_MS);
      return clock.nowMs() - beganMs;
    },
    end: async () => {
      stop.abort();
      await clock.settle(running, HOUR_MS);
    },
  };
}

test('a pass takes as long as the rate says, four times as long beside an agent that sends', async (t) => {
  const server = await stagedServer(t);
  const { until, end } = startScrubber(server, 2 * MIB);
  const quietMs = await until(() => server.scrub.status.passes === 1);
  assert.ok(quietMs >= 11_000, `24 MiB at 2 MiB a second took ${quietMs} ms`);
  assert.equal(server.scrub.status.bytesDone, server.scrub.status.bytesTotal);
  const before = server.scrub.status.passStartedAtMs;
  const untilNextMs = await until(() => server.scrub.status.passStartedAtMs > before, 60_000);
  assert.ok(untilNextMs > 23 * HOUR_MS, 'a pass begins a day after the last began');
  const busyMs = await until(() => {
    server.progressCount += 1;
    return server.scrub.status.passes === 2;
  });
  assert.ok(busyMs >= 40_000, `beside writing it took ${busyMs} ms`);
  await end();
});

test('what was read is written down at the end, and the next process goes on there', async (t) => {
  const server = await stagedServer(t);
  const first = startScrubber(server, 2 * MIB);
  await first.until(() => server.scrub.status.bytesDone > 8 * MIB);
  await first.end();
  const { bytesDone } = server.scrub.status;
  const next = new StagedServer('s-1', [DISK], { group: server.group, logger: silentLogger });
  const second = startScrubber(next, 2 * MIB, first.clock);
  await second.until(() => next.scrub.status.passStartedAtMs > 0);
  assert.ok(next.scrub.status.bytesDone >= bytesDone, `${next.scrub.status.bytesDone} of ${bytesDone} bytes`);
  await second.until(() => next.scrub.status.passes === 1);
  assert.equal(next.scrub.status.bytesDone, next.scrub.status.bytesTotal, 'no byte was read twice');
  await second.end();
});

test('with a rate of 0 nothing is read', async (t) => {
  const server = await stagedServer(t);
  const { clock, end } = startScrubber(server, 0);
  await clock.settle(clock.sleep(48 * HOUR_MS), 100 * HOUR_MS);
  assert.equal(server.scrub.status.bytesDone, 0);
  await end();
});
