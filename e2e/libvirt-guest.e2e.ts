/**
 * A guest of the matrix on libvirt: Debian that was installed on SATA and an e1000 with a static address, as
 * a launch host converts it and a real libvirtd boots it, to what it says of itself over HTTP. One guest:
 * what differs between guests is conversion, which knows nothing of the host.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLaunchHost } from '../apps/launch-host/src/launch-host.ts';
import { createLogger, run, runChecked, systemClock } from '../packages/runtime/src/index.ts';
import type { BuiltGuest } from './guests/guest-disks.ts';
import { GUEST_ROWS } from './guests/guest-row.ts';
import { tryRow } from './guests/row-trial.ts';
import { besideLibvirt } from './libvirt-bed.ts';

const LAUNCHER = join(import.meta.dirname, '../landfall');
const ROW = '12-bios-ext4-static';
const BUILT = 'LANDFALL_TEST_BUILT_GUEST';
const TIMEOUT_MS = 30 * 60_000;

besideLibvirt(
  import.meta.filename,
  () => {
    test('a guest made for other hardware starts on libvirt, whole', {
      timeout: TIMEOUT_MS,
    }, async (context) => {
      const row = GUEST_ROWS.find(({ name }) => name === ROW);
      assert.ok(row !== undefined);
      const guest: BuiltGuest = JSON.parse(process.env[BUILT] ?? '');
      const folder = await mkdtemp(join(tmpdir(), 'lg-'));
      context.after(() => rm(folder, { recursive: true, force: true }));
      const host = createLaunchHost({
        ...{ stateDir: join(folder, 'state'), clock: systemClock, accelerator: 'tcg' },
        ...{ logger: createLogger({ program: 'launch-host', level: 'warn' }), host: { kind: 'libvirt' } },
      });
      await host.start();
      context.after(() => host.stop());
      const say = (line: string) => void process.stderr.write(`${line}\n`);
      // Its proofs on hardware of its own are QEMU's business, and the matrix has made them.
      const { provesSource: _source, provesNeed: _need, ...plain } = row;
      const ground = { folder, host, accelerator: 'tcg', wish: {}, say } as const;
      const { reasons, conversionMs, bootMs, conversion } = await tryRow(ground, plain, guest);
      context.diagnostic(`converted in ${conversionMs} ms, booted in ${bootMs} ms`);
      assert.deepEqual(reasons, []);
      assert.ok(conversion.some(({ step }) => step === 'Boot drivers'));
      assert.equal((await runChecked(['virsh', '--quiet', 'list', '--all', '--name'])).stdout.trim(), '');
    });
  },
  buildGuest,
);

/** Outside, where a mirror can be reached. */
async function buildGuest(): Promise<Readonly<Record<string, string>>> {
  const built = await run([LAUNCHER, 'guest-matrix', '--build', '--only', ROW], {
    timeoutMs: TIMEOUT_MS,
    onOutput: (text) => void process.stderr.write(text),
  });
  assert.equal(built.exitCode, 0, built.stderr.slice(-2000));
  return { [BUILT]: JSON.stringify(JSON.parse(built.stdout)[ROW]) };
}
