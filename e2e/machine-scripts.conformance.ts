/** What every machine host must do with the disk of scripts, by a guest that runs them as a converted one. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parseReports, scriptsDisk } from '../packages/conversion/src/index.ts';
import {
  CONSOLE_LOG,
  createOverlay,
  type LaunchRequest,
  type MachineHost,
  REPORT_LOG,
} from '../packages/launch/src/index.ts';
import { systemClock } from '../packages/runtime/src/index.ts';
import { MachineView } from './machine-views.ts';
import { GUEST_SCRIPT, makeScriptsGuest, SCRIPTS_GUEST_BYTES } from './scripts-guest.ts';

const TIMEOUT = { timeout: 600_000 };

export function describeMachineScripts(name: string, reopen: () => MachineHost): void {
  describe(`scripts of a machine of ${name}`, () => {
    let folder = '';
    let view: MachineView | undefined;
    let request: LaunchRequest | undefined;

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'ms-'));
      const imagePath = await makeScriptsGuest(folder);
      view = await MachineView.serveImage(folder, {
        ...{ diskId: 'disk-0', sizeBytes: SCRIPTS_GUEST_BYTES, imagePath },
      });
    });

    after(async () => {
      if (request !== undefined) await reopen().remove(request);
      await view?.end();
      await rm(folder, { recursive: true, force: true });
    });

    test('it takes them from a disk of its own, after all others, and empties that', TIMEOUT, async () => {
      const { nbdUri } = view ?? assert.fail();
      const scriptsDiskPath = join(folder, 'scripts.raw');
      const disk = scriptsDisk([GUEST_SCRIPT]);
      await writeFile(scriptsDiskPath, disk);
      request = await requestFor(folder, nbdUri, scriptsDiskPath);
      await reopen().start(request);
      const said = await untilDone(folder);
      assert.match(said, /DISK vda disk-0\r?\nDISK vdb landfall-scripts/);
      const reports = parseReports(await readFile(join(folder, REPORT_LOG), 'latin1'));
      const { state, output } = reports.get(GUEST_SCRIPT.actionId) ?? {};
      assert.deepEqual([state, output], ['SUCCEEDED', "it's here\n"]);
      await reopen().stop(request);
      assert.deepEqual(await readFile(scriptsDiskPath), Buffer.alloc(disk.length), 'it is empty');
    });
  });
}

async function requestFor(folder: string, nbdUri: string, scriptsDiskPath: string): Promise<LaunchRequest> {
  const overlayPath = join(folder, 'overlay.qcow2');
  await createOverlay({ path: overlayPath, nbdUri, sizeBytes: SCRIPTS_GUEST_BYTES });
  return {
    ...{ machineId: 'i-00000000000005c71', purpose: 'TEST', bootMode: 'LEGACY_BIOS' },
    ...{ disks: [{ diskId: 'disk-0', isBootDisk: true, overlayPath, nbdUri }], scriptsDiskPath },
    ...{ cpuCount: 1, memoryBytes: 192 * 2 ** 20, publishedPorts: [], folder, onlyHydrate: false },
  };
}

async function untilDone(folder: string): Promise<string> {
  for (;;) {
    const said = await readFile(join(folder, CONSOLE_LOG), 'latin1');
    if (/^DONE/m.test(said)) return said;
    await systemClock.sleep(250);
  }
}
