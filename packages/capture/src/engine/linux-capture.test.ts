/** The engine on the real kernel: loop devices, tracefs, direct reads. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readSync,
  rmdirSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { describe, type TestContext, test } from 'node:test';
import { runChecked, silentLogger, systemClock } from '@landfall/runtime';
import { type LoopDisk, whyNoLoopDevices } from '../disks/linux-loop.testing.ts';
import { openCapture } from './linux-capture.ts';
import {
  dirtyBytes,
  endWriter,
  MIB,
  markAllDirty,
  NEVER,
  openRig,
  type Rig,
  replicate,
  replicateToTheEnd,
  replicateUntil,
  startWriter,
} from './linux-rig.testing.ts';
import { STAMP_BLOCK_BYTES, STAMP_BLOCKS } from './linux-stamped-writer.testing.ts';

const INSTANCES = '/sys/kernel/tracing/instances';
const WRITER = new URL('./linux-stamped-writer.testing.ts', import.meta.url).pathname;

/** How long a busy machine may take to look at its trace again. */
const NOTICE_MS = 60_000;

function instancesOf(stateName: string): string[] {
  return readdirSync(INSTANCES).filter((name) => name.startsWith(`landfall-${stateName}-`));
}

function instanceFolder(stateName: string): string {
  return `${INSTANCES}/${instancesOf(stateName)[0]}`;
}

function startStampedWriter(context: TestContext, { loops }: Rig): Promise<ChildProcess> {
  const paths = loops.disks.map(({ devicePath }) => devicePath);
  return startWriter(context, [process.execPath, WRITER, 'write', ...paths]);
}

/** The stamps of a disk as of a cut: the header, and every block as old as the header says. */
function checkStamps(image: Buffer, at: string): number {
  const header = image.readUInt32LE(0);
  for (let sector = 0; sector < 8; sector += 1) {
    const stamp = image.readUInt32LE(sector * 512);
    assert.ok(stamp === header || stamp === header + 1 || stamp === header - 1, `${at}: header ${stamp}`);
  }
  for (let position = 0; position < STAMP_BLOCKS; position += 1) {
    const stamp = image.readUInt32LE((1 + position) * STAMP_BLOCK_BYTES);
    const latest = header - ((((header - position) % STAMP_BLOCKS) + STAMP_BLOCKS) % STAMP_BLOCKS);
    const isNext = stamp === header + 1 && (header + 1) % STAMP_BLOCKS === position;
    assert.ok(
      isNext || stamp === Math.max(0, latest),
      `${at}: block ${position} holds ${stamp} under ${header}`,
    );
  }
  return header;
}

describe('capture on the real kernel', { skip: whyNoLoopDevices(), concurrency: 4, timeout: 180_000 }, () => {
  test('two disks written in turn are in order in every cut', async (context) => {
    const current = await openRig(context, [16 * MIB, 16 * MIB]);
    const writer = await startStampedWriter(context, current);
    markAllDirty(current);
    let cuts = 0;
    let changed = 0;
    await replicateUntil(current, (sawCut) => {
      if (!sawCut) return false;
      const at = `cut ${cuts}`;
      const first = checkStamps(current.replica.imageOf(0), at);
      const second = checkStamps(current.replica.imageOf(1), at);
      assert.ok(first === second || first === second + 1, `${at}: A holds ${first}, B ${second}`);
      changed = Math.max(changed, first);
      cuts += 1;
      return cuts >= 12;
    });
    await endWriter(writer);
    await replicateToTheEnd(current);
    const { lateEvents, versionsKept, versionsRejected, generation } = current.engine.stats();
    context.diagnostic(
      `${changed} stamps, ${JSON.stringify({ lateEvents, versionsKept, versionsRejected })}`,
    );
    assert.equal(generation, 0, 'sight was never lost');
    assert.ok(changed > 30, 'the writer wrote meanwhile');
  });

  test('ext4 in every tried cut is clean after its journal is replayed, files in order', async (context) => {
    const current = await openRig(context, [64 * MIB]);
    const [disk] = current.loops.disks;
    assert.ok(disk !== undefined);
    await runChecked(['mkfs.ext4', '-q', '-F', '-E', 'lazy_itable_init=0', disk.devicePath]);
    const script = `set -e; mkdir -p "$2"; mount "$1" "$2"; cd "$2"; n=1000000
      end=$(($(date +%s) + 30)); echo started
      while [ $(date +%s) -lt $end ]; do n=$((n + 1))
        echo $n > first.new; sync first.new; mv first.new first; sync -f .
        echo $n > second.new; sync second.new; mv second.new second; sync -f .
        head -c $((n % 90000)) /dev/urandom > noise-$((n % 40)); rm -f noise-$(((n + 7) % 40)); fstrim .
      done`;
    const mountFolder = `${current.loops.folder}/mnt`;
    const shell = ['unshare', '--mount', 'sh', '-c', script, 'sh', disk.devicePath, mountFolder];
    const writer = await startWriter(context, shell);
    markAllDirty(current);
    let cuts = 0;
    const numbers: number[] = [];
    const image = `${current.loops.folder}/replica.img`;
    while (numbers.length < 3) {
      await replicateUntil(current, (sawCut) => {
        cuts += sawCut ? 1 : 0;
        return sawCut;
      });
      if (cuts % 3 !== 0) continue;
      writeFileSync(image, current.replica.imageOf(0));
      numbers.push(await checkFileSystem(image));
    }
    await endWriter(writer);
    await replicateToTheEnd(current);
    context.diagnostic(
      `${cuts} cuts; numbers ${numbers.join(', ')}; ${JSON.stringify(current.engine.stats())}`,
    );
    assert.ok((numbers.at(-1) ?? 0) > (numbers[0] ?? 0), 'the files changed meanwhile');
  });

  test('after an overflow everything is dirty again, and the replica becomes equal', async (context) => {
    const doubts: string[] = [];
    const onDoubt = (reason: string) => doubts.push(reason);
    const current = await openRig(context, [16 * MIB], { bufferKibPerCpu: 8, onDoubt });
    const writer = await startStampedWriter(context, current);
    markAllDirty(current);
    await replicateUntil(current, (sawCut) => sawCut);
    const before = current.engine.generation;
    const endMs = Date.now() + NOTICE_MS;
    // On a busy machine tracking may be just about to begin anew when nothing runs, and the buffer doubles
    // with every overflow that came before: then once more, for longer.
    for (let stamps = 300; current.engine.generation === before && Date.now() < endMs; stamps *= 2) {
      blockUntilStamps(current.loops.disks[0], stamps);
      await systemClock.sleep(500);
    }
    assert.ok(current.engine.generation > before, 'the generation rose');
    assert.match(doubts.at(-1) ?? '', /overflowed|lost/);
    assert.equal(dirtyBytes(current), 16 * MIB);
    await endWriter(writer);
    await replicateToTheEnd(current);
    assert.ok(current.engine.stats().lostEvents > 0);
  });

  test('altered tracing is noticed within two seconds and tracking goes on anew', async (context) => {
    const alterations = [
      ['tracing_on', '0'],
      ['events/block/block_rq_complete/filter', 'dev == 1'],
      ['trace', ''],
    ] as const;
    const notice = async ([path, value]: (typeof alterations)[number]) => {
      const current = await openRig(context, [MIB]);
      const folder = instanceFolder(current.stateName);
      writeFileSync(`${folder}/${path}`, value);
      const endMs = Date.now() + 2000;
      while (current.engine.generation === 0 && Date.now() < endMs) await systemClock.sleep(20);
      assert.equal(current.engine.generation, 1, `${path} was noticed`);
      assert.equal(dirtyBytes(current), MIB);
      await replicateToTheEnd(current);
    };
    await Promise.all(alterations.map(notice));
  });

  test('a busy instance is left behind at stop, and tracking can begin again', async (context) => {
    const { loops, engine, stateName } = await openRig(context, [MIB]);
    const folder = instanceFolder(stateName);
    const reader = openSync(`${folder}/per_cpu/cpu0/trace_pipe_raw`, 'r');
    await engine.stop();
    closeSync(reader);
    assert.ok(existsSync(folder));
    const devices = loops.disks.map(({ devicePath }) => devicePath);
    const next = await openCapture({ devices, stateName, logger: silentLogger });
    context.after(() => next.stop());
    await next.start();
    rmdirSync(folder);
  });

  test('with nothing written the cuts are empty and come at their interval', async (context) => {
    const current = await openRig(context, [4 * MIB], { cutIntervalMs: 100 });
    await replicateUntil(current, (sawCut) => sawCut);
    const startMs = Date.now();
    const before = process.cpuUsage();
    const times: bigint[] = [];
    for (let index = 0; index < 10; index += 1) {
      const cut = await current.engine.nextCut({ waitMs: 1000, signal: NEVER });
      assert.deepEqual(cut?.extents, []);
      times.push(cut?.cutMonotonicNs ?? 0n);
      assert.ok(Math.abs((cut?.cutTimeMs ?? 0) - Date.now()) < 500);
    }
    const { user, system } = process.cpuUsage(before);
    context.diagnostic(
      `${Date.now() - startMs} ms, ${(user + system) / 1000} ms of CPU (with the other tests)`,
    );
    assert.ok(Date.now() - startMs >= 900);
    assert.ok(times.every((time, index) => index === 0 || time > (times[index - 1] ?? 0n)));
  });

  test('discards without pause do not hold up cuts', async (context) => {
    const current = await openRig(context, [16 * MIB, 64 * MIB]);
    const writer = await startStampedWriter(context, current);
    const [, trimmed] = current.loops.disks;
    const script = 'echo started; for n in $(seq 1 400); do blkdiscard "$1"; sleep 0.02; done';
    const trimmer = await startWriter(context, ['sh', '-c', script, 'sh', trimmed?.devicePath ?? '']);
    markAllDirty(current);
    await replicateUntil(current, (sawCut) => sawCut);
    const startMs = Date.now();
    for (let cuts = 0; cuts < 5; ) cuts += (await replicate(current)) ? 1 : 0;
    assert.ok(Date.now() - startMs < 8000, 'five cuts in eight seconds');
    await endWriter(trimmer);
    await endWriter(writer);
    await replicateToTheEnd(current);
  });

  test('a disk that cannot be read is named, and nothing is lost', async (context) => {
    const current = await openRig(context, [4 * MIB]);
    markAllDirty(current);
    const [disk] = current.loops.disks;
    assert.ok(disk !== undefined);
    truncateSync(disk.backingPath, 0);
    const failure = { code: 'DISK_UNREADABLE', message: new RegExp(disk.devicePath) };
    await assert.rejects(() => current.engine.takeBulk(8 * MIB), failure);
    assert.equal(dirtyBytes(current), 4 * MIB);
    await assert.rejects(async () => {
      for (;;) await current.engine.nextCut({ waitMs: 100, signal: NEVER });
    }, failure);
    assert.equal(dirtyBytes(current), 4 * MIB);
    truncateSync(disk.backingPath, disk.sizeBytes);
    await replicateToTheEnd(current);
  });

  test('the instance is removed at stop, and that of a killed process at the next start', async (context) => {
    const { loops, engine, stateName } = await openRig(context, [MIB]);
    assert.equal(instancesOf(stateName).length, 1);
    await engine.stop();
    assert.equal(instancesOf(stateName).length, 0);
    const device = loops.disks[0]?.devicePath;
    const index = JSON.stringify(new URL('../index.ts', import.meta.url).href);
    const devices = JSON.stringify([device]);
    const program = `import { openCapture } from ${index};
      import { silentLogger } from '@landfall/runtime';
      const engine = await openCapture({ devices: ${devices}, stateName: 'killed', logger: silentLogger });
      await engine.start(); console.log('started'); setInterval(() => {}, 1000);`;
    const killed = await startWriter(context, [process.execPath, '--input-type=module', '--eval', program]);
    assert.equal(instancesOf('killed').length, 1);
    await endWriter(killed);
    assert.equal(instancesOf('killed').length, 1);
    const next = await openCapture({ devices: [device ?? ''], stateName: 'next', logger: silentLogger });
    context.after(() => next.stop());
    await next.start();
    assert.equal(instancesOf('killed').length, 0);
  });

  test('calls after stop and aborted calls reject with their reason', async (context) => {
    const { engine } = await openRig(context, [MIB]);
    const reason = new Error('enough');
    await assert.rejects(() => engine.nextCut({ waitMs: 1000, signal: AbortSignal.abort(reason) }), reason);
    const pending = engine.nextCut({ waitMs: 10_000, signal: NEVER });
    await Promise.all([assert.rejects(pending, { code: 'CAPTURE_STOPPED' }), engine.stop()]);
    await assert.rejects(() => engine.takeBulk(MIB), { code: 'CAPTURE_STOPPED' });
  });
});

/** Lets nothing run in this process until the writer has written so many more stamps, or has ended. */
function blockUntilStamps(disk: LoopDisk | undefined, count: number): void {
  const file = openSync(disk?.backingPath ?? '', 'r');
  const header = Buffer.alloc(4);
  const stampNow = () => {
    readSync(file, header, 0, 4, 0);
    return header.readUInt32LE(0);
  };
  const until = stampNow() + count;
  const endMs = Date.now() + NOTICE_MS;
  while (stampNow() < until && Date.now() < endMs);
  closeSync(file);
}

/** Replays the journal of an image, checks it, and compares the two files' numbers; the number. */
async function checkFileSystem(image: string): Promise<number> {
  await runChecked(['e2fsck', '-E', 'journal_only', '-y', image]);
  await runChecked(['e2fsck', '-f', '-n', image]);
  const numberIn = async (file: string) => {
    const { stdout } = await runChecked(['debugfs', '-R', `cat /${file}`, image]);
    return Number(stdout);
  };
  const [first, second] = [await numberIn('first'), await numberIn('second')];
  assert.ok(first === second || first === second + 1, `first holds ${first}, second ${second}`);
  return first;
}
