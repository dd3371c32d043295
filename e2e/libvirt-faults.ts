/** What a libvirt host has to bear besides: a launch host killed at every step, a libvirtd that goes away. */
import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createOverlay, type LaunchRequest, type MachineHost } from '../packages/launch/src/index.ts';
import { run, runChecked, systemClock } from '../packages/runtime/src/index.ts';
import type { GuestAction } from './boot-sector.ts';
import { beginLibvirtd, endLibvirtd } from './libvirt-process.ts';
import { MachineView } from './machine-views.ts';

const MIB = 2 ** 20;
const TIMEOUT = { timeout: 900_000 };
const STEPS_MAX = 40;

/** Kills whoever calls it, before the step whose number the file says. */
const DEADLY_VIRSH = `#!/bin/sh
left=$(cat "$STEP_FILE")
echo $((left - 1)) > "$STEP_FILE"
if [ "$left" -eq 0 ]; then kill -9 $PPID; exit 1; fi
exec /usr/bin/virsh "$@"
`;

export function describeLibvirtFaults(reopen: () => MachineHost): void {
  describe('faults of a libvirt host', () => {
    let folder = '';
    let view: MachineView;
    let count = 0x100;

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'lf-'));
    });

    after(async () => {
      await rm(folder, { recursive: true, force: true });
    });

    async function withMachine(
      action: GuestAction,
      use: (request: LaunchRequest) => Promise<void>,
    ): Promise<void> {
      count += 1;
      const place = join(folder, String(count));
      await mkdir(place);
      view = await MachineView.serve(place, { diskId: 'disk-0', sizeBytes: 4 * MIB, action });
      const request = requestFor(place, count, view.nbdUri);
      for (const { overlayPath } of request.disks) {
        await createOverlay({ path: overlayPath, nbdUri: view.nbdUri, sizeBytes: view.sizeBytes });
      }
      try {
        await use(request);
      } finally {
        await reopen().remove(request);
        await view.end();
      }
    }

    test('a launch host killed at every step starts the machine all the same', TIMEOUT, async (context) => {
      await withMachine('REST', async (request) => {
        let step = 0;
        while (await diesAtStep(folder, request, step)) {
          const host = reopen();
          if (!(await host.find(request))) await host.start(request);
          assert.equal(await host.readRunState(request), 'RUNNING', `killed before step ${step}`);
          await host.remove(request);
          step += 1;
          assert.ok(step < STEPS_MAX);
        }
        context.diagnostic(`killed before each of ${step} steps`);
        assert.ok(step > 5);
        assert.equal(await reopen().find(request), true, 'and without being killed');
      });
    });

    test('a libvirtd that is gone is said so; its machines go on and are found again', TIMEOUT, async () => {
      await withMachine('READ_AGAIN', async (request) => {
        const host = reopen();
        await host.start(request);
        await endLibvirtd();
        await assert.rejects(host.find(request), {
          code: 'HOST_UNREACHABLE',
          retryable: true,
          hint: /start libvirtd/,
        });
        await beginLibvirtd();
        assert.equal(await host.readRunState(request), 'RUNNING');
      });
    });

    test('M4: a guest that powers off is known to have, whatever libvirtd forgot', TIMEOUT, async () => {
      await withMachine('POWER_OFF', async (request) => {
        const host = reopen();
        await host.start(request);
        while ((await host.readRunState(request)) !== 'POWERED_OFF') await systemClock.sleep(50);
        await endLibvirtd();
        await beginLibvirtd();
        assert.equal(await host.readRunState(request), 'POWERED_OFF');
        await host.stop(request);
        assert.equal(await host.find(request), false);
      });
    });

    test('a QEMU that was killed is gone, and its machine starts again', TIMEOUT, async () => {
      await withMachine('REST', async (request) => {
        const host = reopen();
        await host.start(request);
        const pid = await readFile(`/run/libvirt/qemu/landfall-${request.machineId}.pid`, 'utf8');
        process.kill(Number(pid), 'SIGKILL');
        while (await host.find(request)) await systemClock.sleep(50);
        assert.match(await host.readLastWords(request), /shutting down, reason=crashed/);
        await host.start(request);
        assert.equal(await host.readRunState(request), 'RUNNING');
      });
    });

    test('only a CUTOVER machine starts by itself with its host', TIMEOUT, async () => {
      await withMachine('REST', async (request) => {
        const host = reopen();
        await host.start(request);
        assert.equal(await startsByItself(), '');
        await host.stop(request);
        await host.start({ ...request, purpose: 'CUTOVER', networkName: 'landfall-isolated' });
        assert.equal(await startsByItself(), `landfall-${request.machineId}`);
        await host.stop(request);
        assert.equal(await startsByItself(), '');
      });
    });
  });
}

/** Whether the child was killed; at a step past its last it ends well. */
async function diesAtStep(folder: string, request: LaunchRequest, step: number): Promise<boolean> {
  const stepFile = join(folder, 'step');
  const wrapper = join(folder, 'virsh');
  await writeFile(stepFile, `${step}\n`);
  await writeFile(wrapper, DEADLY_VIRSH);
  await chmod(wrapper, 0o755);
  const script = join(import.meta.dirname, 'start-on-libvirt.ts');
  const env = { PATH: `${folder}:${process.env.PATH}`, STEP_FILE: stepFile };
  const result = await run([process.execPath, script, JSON.stringify(request)], { env });
  assert.ok(result.exitCode === 0 || result.killedBy === 'SIGKILL', result.stderr);
  return result.killedBy === 'SIGKILL';
}

async function startsByItself(): Promise<string> {
  return (await runChecked(['virsh', '--quiet', 'list', '--all', '--autostart', '--name'])).stdout.trim();
}

function requestFor(folder: string, number: number, nbdUri: string): LaunchRequest {
  return {
    machineId: `i-${number.toString(16).padStart(17, '0')}`,
    purpose: 'TEST',
    disks: [{ diskId: 'disk-0', isBootDisk: true, overlayPath: join(folder, 'overlay.qcow2'), nbdUri }],
    cpuCount: 1,
    memoryBytes: 64 * MIB,
    bootMode: 'LEGACY_BIOS',
    publishedPorts: [],
    folder,
    onlyHydrate: false,
  };
}
