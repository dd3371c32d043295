/**
 * Freezing real file systems on loop devices under writes: cuts that fsck finds in order, and a thaw whatever
 * is killed.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { MIB, OperationError, run, runChecked, systemClock } from '@landfall/runtime';
import { inOwnMounts } from '../disks/linux-own-mounts.testing.ts';
import type { Cut } from '../engine/epoch-source.ts';
import { openScan } from '../scan/linux-scan.ts';
import type { ScanSource } from '../scan/scan-source.ts';
import { HOLDER_COMMAND, TEST_GUARD_COMMAND } from './freeze-guard.testing.ts';
import { createLinuxDiskFreezer, writtenMountPoints } from './linux-disk-freezer.ts';
import { createRig, PATIENCE_MS, type Rig, SIZE_BYTES, untilThawed } from './linux-freeze-rig.testing.ts';

const LIMIT_MS = 60_000;
/** A quarter of it is enough for two tools to be started. */
const SHORT_LIMIT_MS = 6000;

/** Writes a file a few times a second until the signal, and counts. */
class Writer {
  count = 0;
  readonly #path: string;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;

  constructor(mountPoint: string) {
    this.#path = join(mountPoint, 'written');
    this.#ended = this.#run();
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const file = await open(this.#path, 'w');
    while (!this.#stop.signal.aborted) {
      await file.write(Buffer.alloc(65_536, this.count % 251), 0, 65_536, (this.count % 100) * 65_536);
      await file.sync();
      this.count += 1;
      await systemClock.sleep(2);
    }
    await file.close();
  }
}

/** What a replica made of the scan holds. */
async function replicate(scan: ScanSource, replica: Buffer, until: (cut: Cut) => boolean): Promise<Cut> {
  const { signal } = new AbortController();
  const apply = ({ extents }: Pick<Cut, 'extents'>) => {
    for (const { offsetBytes, lengthBytes, content } of extents) {
      if (content === undefined) replica.fill(0, offsetBytes, offsetBytes + lengthBytes);
      else content.copy(replica, offsetBytes);
    }
  };
  for (;;) {
    const bulk = await scan.takeBulk(8 * MIB);
    apply({ extents: bulk });
    if (bulk.length > 0) continue;
    const cut = await scan.nextCut({ waitMs: 1000, signal });
    if (cut === undefined) continue;
    apply(cut);
    if (until(cut)) return cut;
  }
}

function freezerOf({ device, recordPath }: Rig) {
  const diskNames = [basename(device)];
  return createLinuxDiskFreezer({ diskNames, recordPath, guardCommand: TEST_GUARD_COMMAND });
}

/** A program that holds a freeze, killed with the test. */
async function startHolder(context: TestContext, rig: Rig, limitMs: number): Promise<ChildProcess> {
  const [command = '', ...parameters] = [
    ...HOLDER_COMMAND,
    basename(rig.device),
    rig.recordPath,
    `${limitMs}`,
  ];
  const holder = spawn(command, parameters, { stdio: ['pipe', 'pipe', 'inherit'] });
  context.after(() => holder.kill('SIGKILL'));
  await once(holder.stdout ?? holder, 'data');
  return holder;
}

/** Of the guard that a process has started. */
function guardOf(holder: ChildProcess): number {
  const text = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8');
  return Number(text.trim().split(' ')[0]);
}

function defineTests(): void {
  test('while a file system is written all the time, freezing it makes cuts, and fsck finds nothing to do', async (context) => {
    const rig = await createRig(context);
    const freeze = { limitMs: LIMIT_MS, intervalMs: 0, guardCommand: TEST_GUARD_COMMAND, ...rig };
    const scan = await openScan({ devices: [rig.device], freeze });
    context.after(() => scan.stop());
    const replica = Buffer.alloc(SIZE_BYTES);
    scan.markDirty(0, { offsetBytes: 0, lengthBytes: SIZE_BYTES });
    const writer = new Writer(rig.mountPoint);
    const image = join(rig.folder, 'replica.img');
    for (let cuts = 1; cuts <= 2; cuts += 1) {
      await replicate(scan, replica, ({ consistency }) => consistency === 'CRASH_CONSISTENT');
      const { freeze: facts } = scan.stats();
      assert.equal(facts?.cuts, cuts, facts?.failure);
      const file = await open(image, 'w');
      await file.write(replica);
      await file.close();
      await runChecked(['e2fsck', '-f', '-n', image]);
      context.diagnostic(`frozen for ${facts?.lastFrozenMs?.toFixed(0)} ms`);
    }
    const before = writer.count;
    await systemClock.sleep(200);
    await writer.end();
    assert.ok(writer.count > before, 'the writer goes on after the thaw');
  });

  for (const fileSystem of ['ext4', 'xfs']) {
    test(`${fileSystem} is frozen until it is thawed`, async (context) => {
      const rig = await createRig(context, fileSystem);
      assert.deepEqual(writtenMountPoints([basename(rig.device)]), [rig.mountPoint]);
      const hold = await freezerOf(rig).freeze(LIMIT_MS);
      assert.ok(hold.isHeld && existsSync(rig.recordPath));
      const twice = await run(['fsfreeze', '--freeze', rig.mountPoint]);
      assert.match(twice.stderr, /busy/, 'it is frozen');
      await hold.thaw();
      assert.equal(hold.isHeld, false);
      await untilThawed(rig);
    });
  }

  test('a freeze ends when its time is over, without anybody asking', async (context) => {
    const rig = await createRig(context);
    const hold = await freezerOf(rig).freeze(SHORT_LIMIT_MS);
    await untilThawed(rig);
    assert.equal(hold.isHeld, false);
    await hold.thaw();
  });

  test('a freeze ends when who asked for it is killed', async (context) => {
    const rig = await createRig(context);
    const writer = new Writer(rig.mountPoint);
    const holder = await startHolder(context, rig, 10 * PATIENCE_MS);
    const frozenAt = writer.count;
    await systemClock.sleep(100);
    assert.ok(writer.count <= frozenAt + 1, 'nobody writes');
    holder.kill('SIGKILL');
    await untilThawed(rig);
    await writer.end();
  });

  test('a guard that is killed is found out, and what it left is thawed', async (context) => {
    const rig = await createRig(context);
    const holder = await startHolder(context, rig, 10 * PATIENCE_MS);
    process.kill(guardOf(holder), 'SIGKILL');
    await untilThawed(rig);
  });

  test('a disk without a mounted file system cannot be frozen, and nothing is left behind', async (context) => {
    const rig = await createRig(context);
    await runChecked(['umount', rig.mountPoint]);
    await assert.rejects(freezerOf(rig).freeze(LIMIT_MS), (error) => {
      return error instanceof OperationError && error.code === 'FREEZE_FAILED';
    });
    assert.ok(!existsSync(rig.recordPath));
  });

  test('a file system that somebody else froze is left to them', async (context) => {
    const rig = await createRig(context);
    await runChecked(['fsfreeze', '--freeze', rig.mountPoint]);
    await assert.rejects(freezerOf(rig).freeze(LIMIT_MS), /busy/);
    const thawed = await run(['fsfreeze', '--unfreeze', rig.mountPoint]);
    assert.equal(thawed.exitCode, 0, 'it was frozen still');
  });
}

inOwnMounts(import.meta.filename, 'file systems are frozen and thawed', defineTests);
