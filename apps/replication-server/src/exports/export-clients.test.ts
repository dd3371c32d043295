/**
 * A recovery point in the middle of a history, exported as the replication server does and read by the
 * clients that machines are launched with, while the journal is written.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { CODEC_RAW, payloadChecksum } from '@landfall/block';
import { type JournalGroup, openJournalGroup } from '@landfall/journal';
import { createNbdServer } from '@landfall/nbd';
import { KIB, MIB, run, runChecked, seededRandom, silentLogger, systemClock } from '@landfall/runtime';
import { StagedServer } from '../staging/staged-server.ts';
import { ExportRegistry } from './export-registry.ts';

const SIZE_BYTES = 12 * MIB;
const MIDDLE_EPOCH = 20;
const EPOCHS_BEFORE = 40;
const STAMP_BYTES = 64 * KIB;
const DISK = { diskId: 'disk-0', deviceName: '/dev/sda', sizeBytes: SIZE_BYTES, isBootDisk: true };

/** A journal that can be written to; `disk` is what its newest epoch has. */
class WrittenJournal {
  readonly group: JournalGroup;
  readonly disk = Buffer.alloc(SIZE_BYTES);
  readonly #random = seededRandom(7);

  constructor(group: JournalGroup) {
    this.group = group;
  }

  /** Nothing is written to the last MiB: it stays a hole. */
  async append(): Promise<void> {
    const epoch = this.group.lastEpoch + 1;
    const extents = 1 + this.#random.integer(8);
    for (let index = 0; index < extents; index += 1) {
      const lengthBytes = 4096 * (1 + this.#random.integer(40));
      const offsetBytes = this.#random.integer((SIZE_BYTES - MIB - lengthBytes) / 4096) * 4096;
      const payload = Buffer.alloc(lengthBytes, `${epoch} ${index} `);
      payload.copy(this.disk, offsetBytes);
      const checksum = payloadChecksum(payload);
      const header = { diskIndex: 0, offsetBytes, lengthBytes, codec: CODEC_RAW, checksum } as const;
      await this.group.putExtent(header, payload);
    }
    await this.group.commit({
      epoch,
      cutTimeMs: 1_700_000_000_000 + epoch * 100,
      cutMonotonicNs: BigInt(epoch),
      consistency: 'CRASH_CONSISTENT',
      extentCount: extents,
    });
  }
}

async function exportMiddle(context: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-export-'));
  const group = await openJournalGroup({
    folder: join(folder, 'journal'),
    disks: [DISK],
    logger: silentLogger,
    create: true,
    segmentBytes: MIB,
    reserveBytes: 0,
  });
  const written = new WrittenJournal(group);
  for (let epoch = 1; epoch <= MIDDLE_EPOCH; epoch += 1) await written.append();
  const expected = Buffer.from(written.disk);
  for (let epoch = MIDDLE_EPOCH; epoch < EPOCHS_BEFORE; epoch += 1) await written.append();
  const server = new StagedServer('s-1', [DISK], { group, logger: silentLogger });
  const socketPath = join(folder, 'nbd.sock');
  const registry = new ExportRegistry({
    records: [],
    clock: systemClock,
    socketPath,
    save: async () => undefined,
    disksAt: async (_server, epoch) => server.disksAt(epoch),
    openView: ({ diskId, epoch }) => server.openDisk(diskId, epoch),
  });
  const nbd = createNbdServer({ exports: registry.nbdExports, logger: silentLogger });
  await nbd.listen({ socketPath });
  context.after(async () => {
    await nbd.close();
    await group.close();
    await rm(folder, { recursive: true, force: true });
  });
  const [disk] = await registry.open({ exportId: 'job-1', sourceServerId: 's-1', epoch: MIDDLE_EPOCH });
  return { folder, written, expected, uri: disk?.nbdUri ?? '' };
}

/** Appends until `read` has ended; resolves to how many epochs that were. */
async function whileWriting(written: WrittenJournal, read: () => Promise<void>): Promise<number> {
  const state = { done: false };
  const reading = read().finally(() => {
    state.done = true;
  });
  let epochs = 0;
  for (; !state.done; epochs += 1) await written.append();
  await reading;
  return epochs;
}

test('a point in the middle of the history is what clients of NBD read while writing goes on', async (t) => {
  const { folder, written, expected, uri } = await exportMiddle(t);
  const [copy, image] = [join(folder, 'copy.raw'), join(folder, 'expected.raw')];
  await writeFile(image, expected);
  const epochs = await whileWriting(written, async () => {
    assert.equal(Number((await runChecked(['nbdinfo', '--size', uri])).stdout), SIZE_BYTES);
    await checkMap(uri);
    for (const parameters of [[], ['--no-extents'], ['--synchronous']]) {
      await runChecked(['nbdcopy', ...parameters, uri, copy]);
      assert.ok((await readFile(copy)).equals(expected), parameters.join(' '));
    }
    await runChecked(['qemu-img', 'compare', '-f', 'raw', '-F', 'raw', image, uri]);
    await checkStamps(uri, expected);
  });
  assert.ok(epochs > 0, 'nothing was written meanwhile');
  assert.ok(!written.disk.equals(expected), 'the disk is another one by now');
});

test('what is written on top of it stays in the overlay', async (t) => {
  const { folder, written, expected, uri } = await exportMiddle(t);
  const [overlay, copy] = [join(folder, 'overlay.qcow2'), join(folder, 'copy.raw')];
  await runChecked(['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', uri, overlay]);
  await whileWriting(written, async () => {
    const commands = ['write -P 0x77 1M 200k', 'flush', 'read -P 0x77 1M 200k', 'read -P 0 11M 1M'];
    const each = commands.flatMap((command) => ['-c', command]);
    const { stdout } = await runChecked(['qemu-io', '-f', 'qcow2', ...each, overlay]);
    assert.doesNotMatch(stdout, /Pattern verification failed/);
    await runChecked(['nbdcopy', uri, copy]);
    assert.ok((await readFile(copy)).equals(expected));
  });
});

/** The last MiB was never written. */
async function checkMap(uri: string): Promise<void> {
  const { stdout } = await runChecked(['nbdinfo', '--map', '--json', uri]);
  const map: readonly { offset: number; length: number; type: number }[] = JSON.parse(stdout);
  const last = map.at(-1);
  assert.equal(
    map.reduce((sum, { length }) => sum + length, 0),
    SIZE_BYTES,
  );
  assert.equal(last?.type, 3);
  assert.ok((last?.length ?? 0) >= MIB);
}

/** qemu-io's own reads, at offsets that nothing else reads at. */
async function checkStamps(uri: string, expected: Buffer): Promise<void> {
  for (const offset of [512, 5 * MIB + 3 * 512, SIZE_BYTES - STAMP_BYTES]) {
    const part = expected.subarray(offset, offset + STAMP_BYTES);
    const dump = await run(['qemu-io', '-r', '-f', 'raw', '-c', `read -v ${offset} ${STAMP_BYTES}`, uri]);
    assert.equal(dump.exitCode, 0, dump.stderr);
    assert.ok(bytesOf(dump.stdout).equals(part), `qemu-io at ${offset}`);
  }
}

/** Of `read -v`: lines of an offset, 16 bytes in hexadecimal, and the same as text. */
function bytesOf(output: string): Buffer {
  const rows = [...output.matchAll(/^[0-9a-f]{8,}:\s+((?:[0-9a-f]{2} ){16})/gm)];
  return Buffer.from(rows.map(([, hexadecimal = '']) => hexadecimal.replaceAll(' ', '')).join(''), 'hex');
}
