/**
 * What every machine host must do (M1 to M7 of `machine-host.ts`), on the smallest guest there is. `reopen`
 * stands for a restart of the launch host: a new host object that knows nothing.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  createOverlay,
  type LaunchDisk,
  type LaunchRequest,
  type MachineHost,
  REPORT_LOG,
} from '../packages/launch/src/index.ts';
import { systemClock } from '../packages/runtime/src/index.ts';
import { AGENT_GUEST_BYTES, makeAgentGuest } from './agent-guest.ts';
import type { GuestAction } from './boot-sector.ts';
import {
  assertSame,
  consoleOf,
  hydrate,
  hydrationOf,
  killMachine,
  MIB,
  requestFor,
  SIZE_BYTES,
  untilSaid,
  untilState,
} from './machine-requests.ts';
import { MachineView } from './machine-views.ts';

const PNG_SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
const TIMEOUT = { timeout: 600_000 };

interface Bed {
  readonly folder: string;
  readonly views: readonly MachineView[];
  readonly request: LaunchRequest;
}

export function describeMachineHost(name: string, reopen: () => MachineHost): void {
  describe(`the machine host ${name}`, () => {
    let parent = '';
    let count = 0;
    const beds: Bed[] = [];

    before(async () => {
      parent = await mkdtemp(join(tmpdir(), 'mh-'));
    });

    after(async () => {
      for (const bed of beds) await takeDown(bed);
      await rm(parent, { recursive: true, force: true });
    });

    async function takeDown({ views, request }: Bed): Promise<void> {
      await reopen().remove(request);
      for (const view of views) await view.end();
    }

    /** A machine that is not started yet, with a disk for each action. */
    async function prepare(
      actions: readonly GuestAction[],
      changes: Partial<LaunchRequest> = {},
    ): Promise<Bed> {
      count += 1;
      const folder = join(parent, String(count));
      await mkdir(folder);
      const views: MachineView[] = [];
      for (const [index, action] of actions.entries()) {
        const disk = { diskId: `disk-${index}`, sizeBytes: SIZE_BYTES, action };
        views.push(await MachineView.serve(folder, disk));
      }
      return await attach(folder, views, changes);
    }

    /** A machine with an agent in its guest. */
    async function prepareAgent(): Promise<Bed> {
      count += 1;
      const folder = join(parent, String(count));
      await mkdir(folder);
      const imagePath = await makeAgentGuest(folder);
      const disk = { diskId: 'disk-0', sizeBytes: AGENT_GUEST_BYTES, imagePath };
      return await attach(folder, [await MachineView.serveImage(folder, disk)], { memoryBytes: 192 * MIB });
    }

    async function attach(
      folder: string,
      views: readonly MachineView[],
      changes: Partial<LaunchRequest>,
    ): Promise<Bed> {
      const disks: LaunchDisk[] = [];
      for (const [index, { diskId, sizeBytes, nbdUri }] of views.entries()) {
        const overlayPath = join(folder, `overlay-${diskId}.qcow2`);
        await createOverlay({ path: overlayPath, nbdUri, sizeBytes });
        disks.push({ diskId, isBootDisk: index === 0, overlayPath, nbdUri });
      }
      const bed = { folder, views, request: { ...requestFor(folder, count), disks, ...changes } };
      beds.push(bed);
      return bed;
    }

    test('the probe says what there is', TIMEOUT, async () => {
      const facts = await reopen().probe();
      assert.ok(['kvm', 'tcg'].includes(facts.accelerator));
      assert.ok(facts.reason.length > 0);
      assert.deepEqual(facts.machineTypes, ['pc', 'q35']);
      assert.ok(facts.freeMemoryBytes > 0 && facts.memoryBytes >= facts.freeMemoryBytes);
      assert.ok(facts.cpuCount > 0);
      assert.match(facts.version, /QEMU \d+\.\d+/);
      assert.deepEqual(
        facts.firmware.map(({ bootMode }) => bootMode),
        ['LEGACY_BIOS', 'UEFI'],
      );
      for (const path of facts.firmware.flatMap(({ files }) => files)) assert.ok(existsSync(path), path);
    });

    test('a machine nobody knows is not found, and to stop or remove it is a success', TIMEOUT, async () => {
      const place = requestFor(parent, 999);
      const host = reopen();
      assert.equal(await host.find(place), false);
      await host.stop(place);
      await host.remove(place);
      assert.equal(await host.readLastWords(place), '');
      await assert.rejects(host.readRunState(place), { name: 'OperationError' });
      await assert.rejects(host.takeScreenshot(place), { name: 'OperationError' });
    });

    for (const hardware of ['VIRTIO', 'COMPATIBLE'] as const) {
      test(
        `M1, M2: a ${hardware} machine runs, is found after a restart, and is stopped`,
        TIMEOUT,
        async () => {
          const { request } = await prepare(['READ_AGAIN'], { hardware });
          await reopen().start(request);
          await untilSaid(request, /^B\./);
          const reports = await readFile(join(request.folder, REPORT_LOG), 'latin1');
          assert.equal(reports, 'R', 'M7: its fourth serial line is heard');
          const host = reopen();
          assert.equal(await host.find(request), true);
          assert.equal(await host.readRunState(request), 'RUNNING');
          await assert.rejects(host.start(request), { code: 'MACHINE_REFUSED' });
          assert.equal(await host.readRunState(request), 'RUNNING', 'to start it twice harms nothing');
          const png = await host.takeScreenshot(request);
          assert.deepEqual(png.subarray(0, PNG_SIGNATURE.length), PNG_SIGNATURE);
          await host.stop(request);
          await host.stop(request);
          assert.equal(await host.find(request), false);
          await host.start(request);
          assert.equal(await host.find(request), true, 'what was stopped starts again');
          await host.remove(request);
          assert.equal(await host.find(request), false);
        },
      );
    }

    test('M7: an agent in the guest answers, and where there is none nobody does', TIMEOUT, async () => {
      const { request: bare } = await prepare(['REST']);
      await reopen().start(bare);
      assert.equal(await reopen().agentAnswers(bare, 1000), false);
      await reopen().stop(bare);
      const { request } = await prepareAgent();
      await reopen().start(request);
      await untilSaid(request, /^AGENT /m);
      while (!(await reopen().agentAnswers(request, 2000))) await systemClock.sleep(250);
      await reopen().stop(request);
      assert.equal(await reopen().agentAnswers(request, 1000), false);
    });

    for (const limits of [{ bytesPerSecond: MIB }, { operationsPerSecond: 32 }]) {
      test(`a disk does not more than ${JSON.stringify(limits)}`, TIMEOUT, async (context) => {
        const { request } = await prepare(['READ_AGAIN']);
        const disks = request.disks.map((disk) => ({ ...disk, limits }));
        const startedNs = systemClock.monotonicNs();
        await reopen().start({ ...request, disks });
        await untilSaid(request, /^B\.\./);
        const tookMs = Number((systemClock.monotonicNs() - startedNs) / 1_000_000n);
        // Two passes, 32 KiB at a time: 16 MiB, 512 reads.
        context.diagnostic(`took ${tookMs} ms; 16 000 ms at the limit`);
        assert.ok(tookMs > 16_000 * 0.75, `the limit was not kept: ${tookMs} ms`);
        assert.doesNotMatch(await consoleOf(request), /E/);
      });
    }

    test('the address that a network keeps for a machine is the same always', TIMEOUT, async () => {
      const { request } = await prepare(['REST']);
      const given = await reopen().reserveAddress(request);
      assert.match(given?.address ?? '', /^(\d+\.){3}\d+\/\d+$/);
      assert.deepEqual(await reopen().reserveAddress(request), given);
      await reopen().start(request);
      const reached = await reopen().findAddress(request);
      assert.ok(reached === undefined || given?.address.startsWith(`${reached}/`), reached);
    });

    test('M4: a guest that powers itself off stays found until it is stopped', TIMEOUT, async () => {
      const { request } = await prepare(['POWER_OFF']);
      await reopen().start(request);
      await untilState(reopen, request, 'POWERED_OFF');
      assert.equal(await reopen().find(request), true);
      await reopen().stop(request);
      assert.equal(await reopen().find(request), false);
    });

    test('a guest hears its power button, if it listens', TIMEOUT, async () => {
      const { request } = await prepare(['WAIT_FOR_BUTTON']);
      await reopen().start(request);
      while ((await reopen().readRunState(request)) !== 'POWERED_OFF') {
        await reopen().pressPowerButton(request);
        await systemClock.sleep(50);
      }
      await reopen().stop(request);
      const deaf = (await prepare(['READ_AGAIN'])).request;
      await reopen().start(deaf);
      await untilSaid(deaf, /^B\./);
      await reopen().pressPowerButton(deaf);
      await untilSaid(deaf, /^B\.+/);
      assert.equal(await reopen().readRunState(deaf), 'RUNNING');
    });

    test('M4: a guest that panics stays found, and its screen can be looked at', TIMEOUT, async () => {
      const { request } = await prepare(['PANIC']);
      await reopen().start(request);
      await untilState(reopen, request, 'PANICKED');
      assert.ok((await reopen().takeScreenshot(request)).length > PNG_SIGNATURE.length);
      await reopen().stop(request);
      assert.equal(await reopen().find(request), false);
    });

    test('M3: a disk error pauses the machine, and the guest never hears of it', TIMEOUT, async () => {
      const { request, views } = await prepare(['READ_AGAIN']);
      const host = reopen();
      await host.start(request);
      await untilSaid(request, /^B\./);
      for (const view of views) await view.break();
      await untilState(reopen, request, 'DISK_ERROR');
      await host.resume(request);
      await untilState(reopen, request, 'DISK_ERROR');
      const before = await consoleOf(request);
      for (const view of views) await view.mend();
      await host.resume(request);
      await untilState(reopen, request, 'RUNNING');
      await untilSaid(request, new RegExp(`^B\\.{${before.length + 1}}`));
      assert.doesNotMatch(await consoleOf(request), /E/);
    });

    test(
      'M5: disks fill in within the limit, then the machine needs nothing of ours',
      TIMEOUT,
      async (context) => {
        const { request, views } = await prepare(['READ_AGAIN', 'REST']);
        await reopen().start(request);
        const bandwidthBytesPerSecond = 4 * MIB;
        const wanted = hydrationOf(request, bandwidthBytesPerSecond);
        const startedNs = systemClock.monotonicNs();
        const seen = await hydrate(reopen, wanted);
        const tookMs = Number((systemClock.monotonicNs() - startedNs) / 1_000_000n);
        // What a guest reads meanwhile is kept at once: of its own disk it fills in the most itself.
        const fastestMs = (SIZE_BYTES / bandwidthBytesPerSecond) * 1000;
        context.diagnostic(`${2 * SIZE_BYTES} bytes at ${bandwidthBytesPerSecond}/s: ${tookMs} ms`);
        // QEMU hands its allowance out in slices, the first at once.
        assert.ok(tookMs > fastestMs * 0.75, `the limit was not kept: ${tookMs} ms instead of ${fastestMs}`);
        assert.deepEqual(
          seen,
          [...seen].sort((left, right) => left - right),
          'progress never goes back',
        );
        assert.ok(
          seen.some((doneBytes) => doneBytes > 0 && doneBytes < 2 * SIZE_BYTES),
          'progress is told on the way',
        );
        for (const view of views) await view.end();
        const { length } = await consoleOf(request);
        await untilSaid(request, new RegExp(`^B\\.{${length + 1}}`));
        assert.doesNotMatch(await consoleOf(request), /E/);
        await reopen().stop(request);
        await assertSame(request, views);
      },
    );

    test('H3: disks that are complete one after the other do not harm the machine', TIMEOUT, async () => {
      const { request, views } = await prepare(['REST', 'REST', 'REST', 'REST', 'REST', 'REST']);
      await reopen().start(request);
      await hydrate(reopen, hydrationOf(request, undefined));
      assert.equal(await reopen().readRunState(request), 'RUNNING');
      await reopen().stop(request);
      await assertSame(request, views);
    });

    test('H6: disks that are complete are whole, also if their machine is killed then', TIMEOUT, async () => {
      // Nobody writes to the second, so nobody but us flushes it.
      const { request, views } = await prepare(['REST', 'REST']);
      await reopen().start(request);
      await hydrate(reopen, hydrationOf(request, undefined));
      await killMachine(request);
      while (await reopen().find(request)) await systemClock.sleep(50);
      await reopen().stop(request);
      await assertSame(request, views);
    });

    test(
      'a limit can be lifted while disks fill in, also of a machine that does not run',
      TIMEOUT,
      async () => {
        const { request, views } = await prepare(['READ_AGAIN'], { onlyHydrate: true });
        await reopen().start(request);
        assert.equal(await reopen().readRunState(request), 'PAUSED');
        await reopen().advanceHydration(hydrationOf(request, MIB / 16));
        const unlimited = hydrationOf(request, undefined);
        // At the first limit it would take two minutes.
        const startedNs = systemClock.monotonicNs();
        await hydrate(reopen, unlimited);
        assert.ok(systemClock.monotonicNs() - startedNs < 60_000_000_000n);
        assert.equal(await consoleOf(request), '', 'the guest has not run');
        await reopen().stop(request);
        await assertSame(request, views);
        for (const view of views) await view.end();
        const disks = request.disks.map((disk) => ({ ...disk, nbdUri: undefined }));
        await reopen().start({ ...request, disks, onlyHydrate: false });
        await untilSaid(request, /^B\./);
      },
    );

    test('a disk that is complete leaves its share of the limit to the others', TIMEOUT, async (context) => {
      const { request } = await prepare(['READ_AGAIN', 'REST'], { onlyHydrate: true });
      await reopen().start(request);
      const [first, ...others] = request.disks;
      assert.ok(first !== undefined && others.length === 1);
      await hydrate(reopen, hydrationOf({ ...request, disks: [first] }, undefined));
      const startedNs = systemClock.monotonicNs();
      await hydrate(reopen, hydrationOf(request, MIB));
      const tookMs = Number((systemClock.monotonicNs() - startedNs) / 1_000_000n);
      const allowedMs = (SIZE_BYTES / MIB) * 1000;
      context.diagnostic(`${SIZE_BYTES} bytes at ${MIB}/s: ${tookMs} ms`);
      assert.ok(tookMs > allowedMs * 0.75, `the limit was not kept: ${tookMs} ms instead of ${allowedMs}`);
      assert.ok(tookMs < allowedMs * 1.75, `half of the limit was lost: ${tookMs} ms`);
    });

    test('M5: a view that fails is told of, and tried again until it answers', TIMEOUT, async () => {
      const { request, views } = await prepare(['REST'], { onlyHydrate: true });
      const host = reopen();
      await host.start(request);
      for (const view of views) await view.break();
      const errors: string[] = [];
      while (errors.length === 0) {
        errors.push(...(await host.advanceHydration(hydrationOf(request, undefined))).errors);
        await systemClock.sleep(50);
      }
      assert.match(errors.join(), /disk-0: READ_OR_WRITE_FAILED/);
      for (const view of views) await view.mend();
      // What had failed before is still told of once.
      await hydrate(() => host, hydrationOf(request, undefined), /READ_OR_WRITE_FAILED/);
    });

    test('a machine that cannot be started says why, and leaves nothing', TIMEOUT, async () => {
      const { request } = await prepare(['REST']);
      const [disk] = request.disks;
      assert.ok(disk !== undefined);
      const missing = { ...disk, overlayPath: join(request.folder, 'nowhere.qcow2') };
      const failed = reopen().start({ ...request, disks: [missing] });
      await assert.rejects(failed, { code: 'MACHINE_START_FAILED', message: /nowhere\.qcow2/ });
      assert.equal(await reopen().find(request), false);
      const unknown = reopen().start({ ...request, networkName: 'no-such-network' });
      await assert.rejects(unknown, { code: 'NETWORK_UNKNOWN' });
      assert.equal(await reopen().find(request), false);
    });
  });
}
