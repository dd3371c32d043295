/** Every kind of change a disk can see, through the real kernel: the replica must follow each. */
import assert from 'node:assert/strict';
import { closeSync, constants, fsyncSync, openSync, writeSync } from 'node:fs';
import { describe, test } from 'node:test';
import { runChecked } from '@landfall/runtime';
import { whyNoLoopDevices } from '../disks/linux-loop.testing.ts';
import {
  MIB,
  markAllDirty,
  openRig,
  type Rig,
  replicate,
  replicateToTheEnd,
  startWriter,
} from '../engine/linux-rig.testing.ts';

function deviceOf({ loops }: Rig): string {
  const [disk] = loops.disks;
  assert.ok(disk !== undefined);
  return disk.devicePath;
}

/** Writes whole sectors of `byte` with these flags, then closes. */
function write(device: string, flags: number, byte: number, place: { at: number; bytes: number }): void {
  const file = openSync(device, constants.O_WRONLY | flags);
  try {
    writeSync(file, Buffer.alloc(place.bytes, byte), 0, place.bytes, place.at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

const CHANGES: readonly (readonly [string, (device: string) => Promise<unknown> | unknown])[] = [
  [
    'write zeroes, which older kernels show as N',
    (device) =>
      runChecked(['blkdiscard', '--zeroout', '--offset', String(MIB), '--length', String(MIB), device]),
  ],
  [
    'a discard, followed by a write into the same range',
    async (device) => {
      await runChecked(['blkdiscard', '--offset', '0', '--length', String(4 * MIB), device]);
      write(device, 0, 7, { at: 2 * MIB + 512, bytes: 8192 });
    },
  ],
  ['buffered writes of single sectors', (device) => write(device, 0, 1, { at: 3 * 512, bytes: 512 })],
  [
    'writes with a flush before and after (O_DSYNC)',
    (device) => write(device, constants.O_DSYNC, 2, { at: 8 * MIB, bytes: 64 * 1024 }),
  ],
  [
    'a write larger than one request, split by the kernel',
    (device) => write(device, 0, 3, { at: 5 * MIB, bytes: 9 * MIB }),
  ],
  ['the last sectors of the disk', (device) => write(device, 0, 4, { at: 16 * MIB - 1536, bytes: 1536 })],
  [
    'a file system made, and zeroed in part',
    async (device) => {
      await runChecked(['mkfs.ext4', '-q', '-F', '-E', 'nodiscard', device]);
      await runChecked(['blkdiscard', '--zeroout', '--offset', String(12 * MIB), '--length', '4096', device]);
    },
  ],
];

describe('changes of every kind', { skip: whyNoLoopDevices(), timeout: 180_000 }, () => {
  for (const [what, change] of CHANGES) {
    test(`the replica follows ${what}`, async (context) => {
      const current = await openRig(context, [16 * MIB]);
      write(deviceOf(current), 0, 9, { at: 0, bytes: 16 * MIB });
      markAllDirty(current);
      await replicateToTheEnd(current);
      await change(deviceOf(current));
      await replicateToTheEnd(current);
    });
  }

  test('the replica follows requests of many threads at once, buffered and direct', async (context) => {
    const current = await openRig(context, [32 * MIB]);
    markAllDirty(current);
    const jobs = ['--numjobs=4', '--iodepth=8', '--rw=randwrite', '--bsrange=512-64k', '--number_ios=400'];
    for (const direct of ['0', '1']) {
      const command = [
        'fio',
        '--name=load',
        `--filename=${deviceOf(current)}`,
        `--direct=${direct}`,
        ...jobs,
      ];
      const writer = await startWriter(context, [
        'sh',
        '-c',
        `echo started; exec "$@" >/dev/null`,
        'sh',
        ...command,
        '--ioengine=libaio',
        '--end_fsync=1',
      ]);
      while (writer.exitCode === null) await replicate(current);
      await replicateToTheEnd(current);
    }
  });
});
