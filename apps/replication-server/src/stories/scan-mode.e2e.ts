/**
 * Scan mode with real processes over a loop device: what is written is found, points say what they are, and
 * any of them can be exported. Run as root: `node --test scan-mode.e2e.ts`.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { MIB, run, runChecked, systemClock } from '@landfall/runtime';
import { unmount } from '../testing/linux-unmount.ts';
import { TestRig, until } from '../testing/test-rig.ts';

let rig: TestRig;

beforeEach(async () => {
  rig = await TestRig.create();
});

afterEach(async () => {
  await rig.close();
});

async function write(offsetBytes: number): Promise<void> {
  const file = await open(rig.disks[0]?.deviceName ?? '', 'r+');
  await file.write(randomBytes(8192), 0, 8192, offsetBytes);
  await file.sync();
  await file.close();
}

/** Writes until it is told to stop. */
async function keepWriting(signal: AbortSignal): Promise<void> {
  for (let round = 0; !signal.aborted; round += 1) {
    await write((round % 60) * MIB);
    await systemClock.sleep(2);
  }
}

test('a disk is replicated by scanning it; a point that was written into says so, a quiet one is a cut', async () => {
  await unmount(await rig.addDisk(64));
  await rig.startServer();
  await rig.installAgent(['--scan-mode']);
  rig.pair();
  await rig.startAgent();
  await until('replication is continuous', () => rig.agentReport()?.replication.state === 'CONTINUOUS');
  const { capture } = rig.agentReport()?.replication ?? {};
  assert.equal(capture?.mode, 'SCAN');
  assert.match(capture?.reason ?? '', /--scan-mode/);
  assert.match(capture?.warnings.join() ?? '', /no cuts/);
  const stop = new AbortController();
  const writing = keepWriting(stop.signal);
  const busy = await rig.takeRecoveryPoint();
  assert.equal(busy.consistency, 'SCANNED');
  stop.abort();
  await writing;
  const quiet = await rig.takeRecoveryPoint();
  assert.equal(quiet.consistency, 'CRASH_CONSISTENT');
  const [disk] = await rig.openExport(quiet.epoch);
  const formats = ['-T', 'none', '-f', 'raw', '-F', 'raw'];
  const image = rig.path('disk-0.img');
  const compared = await run(['qemu-img', 'compare', ...formats, image, disk?.nbdUri ?? ''], {
    timeoutMs: 60_000,
  });
  assert.equal(compared.exitCode, 0, `${compared.stdout}${compared.stderr}`);
  const [scanned] = await rig.openExport(busy.epoch);
  const info = await runChecked(['nbdinfo', '--size', scanned?.nbdUri ?? '']);
  assert.equal(Number(info.stdout), 64 * MIB, 'a scanned point can be launched as well');
  const { passDurationMs } = rig.agentReport()?.replication.capture ?? {};
  assert.ok(passDurationMs !== undefined && passDurationMs > 0);
});

/** Writes files in the mounted file system, a few a second. */
class FileWriter {
  count = 0;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;

  constructor(mountPoint: string) {
    this.#ended = this.#run(mountPoint);
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #run(mountPoint: string): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const path = join(mountPoint, `file-${this.count % 40}`);
      await writeFile(path, randomBytes(40_000), { flush: true });
      this.count += 1;
      await systemClock.sleep(5);
    }
  }
}

test('with --freeze a point of a file system that is always written is a cut, and a killed agent leaves it thawed', async () => {
  const disk = await rig.addDisk(64);
  await rig.startServer();
  await rig.installAgent(['--scan-mode', '--freeze', '--freeze-limit', '60', '--freeze-interval', '0']);
  rig.pair();
  const writer = new FileWriter(disk.mountPoint);
  await rig.startAgent();
  await until('replication is continuous', () => rig.agentReport()?.replication.state === 'CONTINUOUS');
  const point = await rig.takeRecoveryPoint();
  assert.equal(
    point.consistency,
    'CRASH_CONSISTENT',
    rig.agentReport()?.replication.capture?.warnings.join(),
  );
  const [exported] = await rig.openExport(point.epoch);
  const copy = rig.path('copy.img');
  await runChecked(['qemu-img', 'convert', '-f', 'raw', '-O', 'raw', exported?.nbdUri ?? '', copy]);
  await runChecked(['e2fsck', '-f', '-n', copy]);

  const record = join(rig.path('agent'), 'frozen.json');
  await until('the file system is frozen', () => existsSync(record));
  await rig.killAgent();
  await until('it is thawed', () => !existsSync(record));
  const written = writer.count;
  await until('writing goes on', () => writer.count > written + 3);
  await writer.end();
});

test('an agent whose state and log are on the file system it freezes does not wait for itself', async () => {
  const disk = await rig.addDisk(64);
  await mkdir(join(disk.mountPoint, 'agent'));
  await symlink(join(disk.mountPoint, 'agent'), rig.path('agent'));
  await writeFile(join(disk.mountPoint, 'agent.log'), '');
  await symlink(join(disk.mountPoint, 'agent.log'), rig.path('agent.log'));
  await rig.startServer();
  await rig.installAgent(['--scan-mode', '--freeze', '--freeze-limit', '300', '--freeze-interval', '0']);
  rig.pair();
  const writer = new FileWriter(disk.mountPoint);
  await rig.startAgent();
  await until('replication is continuous', () => rig.agentReport()?.replication.state === 'CONTINUOUS');
  for (let points = 0; points < 3; points += 1) {
    const { consistency } = await rig.takeRecoveryPoint();
    assert.equal(consistency, 'CRASH_CONSISTENT', rig.agentReport()?.replication.capture?.warnings.join());
  }
  await writer.end();
});
