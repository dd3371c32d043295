import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import {
  createFileDevice,
  FaultyDevice,
  isWritable,
  MemoryDevice,
  openFileDevice,
  openReadableFileDevice,
  type ReadableBlockDevice,
  ReadOnlyDevice,
} from '@landfall/block';
import { retry, run, runChecked } from '@landfall/runtime';
import { temporaryFolder } from './file-fixture.ts';
import { nbdUri } from './nbd-uri.ts';
import { connectNbd, type NbdConnectOptions } from './tcp-client.ts';
import { serve } from './tcp-fixture.ts';

const MIB = 1024 * 1024;

/** 24 MiB: data, a large hole, data; its size is no multiple of 64 KiB. */
const SIZE_BYTES = 24 * MIB + 512;

async function makeDisk(context: TestContext): Promise<string> {
  const path = join(await temporaryFolder(context), 'disk.raw');
  const device = await createFileDevice(path, SIZE_BYTES);
  await device.write(0, Buffer.from(crypto.getRandomValues(new Uint8Array(65_536))));
  await device.write(16 * MIB, Buffer.alloc(2 * MIB, 0x5a));
  await device.write(SIZE_BYTES - 512, Buffer.alloc(512, 0xff));
  await device.close();
  return path;
}

async function serveFile(context: TestContext) {
  const path = await makeDisk(context);
  const disk = () => openReadableFileDevice(path);
  return { path, ...(await serve(context, { disk, 'other disk': () => new MemoryDevice(MIB) })) };
}

for (const transport of ['Unix socket', 'TCP'] as const) {
  describe(`over ${transport}`, () => {
    async function serveOver(context: TestContext) {
      const { tcpUri, uri, ...rest } = await serveFile(context);
      return { ...rest, uriOf: transport === 'TCP' ? tcpUri : uri };
    }

    it('nbdinfo lists the exports and tells size, flags and map', async (context) => {
      const { uriOf } = await serveOver(context);
      const list = JSON.parse((await runChecked(['nbdinfo', '--list', '--json', uriOf('')])).stdout);
      assert.deepEqual(
        list.exports.map((entry: Record<string, unknown>) => entry['export-name']),
        ['disk', 'other disk'],
      );
      const [disk] = list.exports;
      assert.equal(disk['export-size'], SIZE_BYTES);
      assert.deepEqual(disk.contexts, ['base:allocation']);
      assert.deepEqual([disk.is_read_only, disk.can_multi_conn, disk.can_df], [true, true, true]);
      assert.deepEqual([disk.block_size_minimum, disk.block_size_preferred], [1, 4096]);
      assert.equal(disk.block_size_maximum, 32 * MIB);
      assert.equal(Number((await runChecked(['nbdinfo', '--size', uriOf('other disk')])).stdout), MIB);
      const map = JSON.parse((await runChecked(['nbdinfo', '--map', '--json', uriOf('disk')])).stdout);
      assert.deepEqual(
        map.map(({ offset, length, type }: Record<string, number>) => [offset, length, type]),
        [
          [0, 65_536, 0],
          [65_536, 16 * MIB - 65_536, 3],
          [16 * MIB, 2 * MIB, 0],
          [18 * MIB, 6 * MIB, 3],
          [24 * MIB, 512, 0],
        ],
      );
    });

    it('nbdcopy copies the disk, with and without extents', async (context) => {
      const { uriOf, folder, path } = await serveOver(context);
      const copy = join(folder, 'copy.raw');
      for (const parameters of [[], ['--no-extents'], ['--synchronous'], ['--request-size=33554432']]) {
        await runChecked(['nbdcopy', ...parameters, uriOf('disk'), copy]);
        assert.ok((await readFile(copy)).equals(await readFile(path)), parameters.join(' '));
        await writeFile(copy, '');
      }
    });

    it('qemu-img shows, converts and compares the disk', async (context) => {
      const { uriOf, folder, path } = await serveOver(context);
      const facts = JSON.parse(
        (await runChecked(['qemu-img', 'info', '--output=json', uriOf('disk')])).stdout,
      );
      assert.equal(facts['virtual-size'], SIZE_BYTES);
      const converted = join(folder, 'converted.qcow2');
      await runChecked(['qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', uriOf('disk'), converted]);
      await runChecked(['qemu-img', 'compare', '-f', 'raw', '-F', 'qcow2', path, converted]);
      await runChecked(['qemu-img', 'compare', '-f', 'raw', '-F', 'raw', path, uriOf('disk')]);
      const map = JSON.parse(
        (await runChecked(['qemu-img', 'map', '-f', 'raw', '--output=json', uriOf('disk')])).stdout,
      );
      assert.ok(map.some(({ zero, length }: Record<string, unknown>) => zero && length === 6 * MIB));
    });

    it('a qcow2 overlay on the export takes writes and the export stays as it is', async (context) => {
      const { uriOf, folder, path } = await serveOver(context);
      const before = await readFile(path);
      const overlay = join(folder, 'overlay.qcow2');
      await runChecked([
        'qemu-img',
        'create',
        '-q',
        '-f',
        'qcow2',
        '-F',
        'raw',
        '-b',
        uriOf('disk'),
        overlay,
      ]);
      await qemuIo(
        overlay,
        ['-f', 'qcow2'],
        [
          'write -P 0x77 1000 200000',
          'write -P 0x78 16M 64k',
          'flush',
          'read -P 0x77 1000 200000',
          'read -P 0x5a 17M 64k',
          'read -P 0 10M 64k',
        ],
      );
      assert.ok((await readFile(path)).equals(before));
      const compared = await run(['qemu-img', 'compare', '-f', 'qcow2', '-F', 'raw', overlay, uriOf('disk')]);
      assert.equal(compared.exitCode, 1, compared.stdout + compared.stderr);
    });
  });
}

/** Each command in one qemu-io process, on one connection. */
async function qemuIo(image: string, parameters: string[], commands: string[]): Promise<string> {
  const each = commands.flatMap((command) => ['-c', command]);
  const { stdout, stderr } = await runChecked(['qemu-io', ...parameters, ...each, image]);
  assert.doesNotMatch(stdout, /Pattern verification failed/);
  return stdout + stderr;
}

describe('qemu-io', () => {
  it('writes, zeroes, discards and flushes a writable export', async (context) => {
    const path = await makeDisk(context);
    const { uri } = await serve(context, { disk: () => openFileDevice(path) });
    await qemuIo(
      uri('disk'),
      ['-f', 'raw'],
      [
        'write -P 0x31 512 1M',
        'write -f -P 0x32 20M 4M',
        'write -z 16M 1M',
        'write -z -u 20M 64k',
        'discard 21M 1M',
        'flush',
        'read -P 0x31 512 1M',
        'read -P 0 16M 1M',
        'read -P 0 20M 64k',
        'read -P 0x32 22M 2M',
      ],
    );
    const content = await readFile(path);
    assert.ok(content.subarray(512, 512 + MIB).equals(Buffer.alloc(MIB, 0x31)));
    assert.ok(content.subarray(16 * MIB, 17 * MIB).equals(Buffer.alloc(MIB)));
    assert.ok(content.subarray(22 * MIB, 24 * MIB).equals(Buffer.alloc(2 * MIB, 0x32)));
  });

  it('cannot write a read-only export', async (context) => {
    const { uri } = await serveFile(context);
    const { stdout, stderr } = await run(['qemu-io', '-f', 'raw', '-c', 'write 0 512', uri('disk')]);
    assert.match(stdout + stderr, /read-only|Permission denied|Operation not permitted/i);
  });

  it('sees EIO where the device fails, and reads on over the same connection', async (context) => {
    let opened = 0;
    const { uri } = await serve(context, {
      disk: async () => {
        opened += 1;
        const inner = await MemoryDevice.from(Buffer.alloc(8 * MIB, 0x44));
        return new ReadOnlyDevice(
          new FaultyDevice(inner, ({ kind, offsetBytes }) => {
            if (kind === 'read' && offsetBytes === 4 * MIB) throw new Error('unreadable sector');
          }),
        );
      },
    });
    const commands = ['read -P 0x44 0 64k', 'read 4M 4k', 'read -P 0x44 5M 64k'].flatMap((it) => ['-c', it]);
    const { stdout, stderr } = await run(['qemu-io', '-r', '-f', 'raw', ...commands, uri('disk')]);
    const output = stdout + stderr;
    assert.match(output, /read failed: Input\/output error/);
    assert.equal(output.match(/read 65536\/65536 bytes/g)?.length, 2, output);
    assert.equal(opened, 1);
  });
});

describe('our client', () => {
  const servers = {
    nbdkit: (socketPath: string, path: string) => ['nbdkit', '-f', '-r', '-U', socketPath, 'file', path],
    'nbdkit without structured replies': (socketPath: string, path: string) => [
      'nbdkit',
      '-f',
      '--no-sr',
      '-U',
      socketPath,
      'file',
      path,
    ],
    'qemu-nbd': (socketPath: string, path: string) => [
      'qemu-nbd',
      '-t',
      '-f',
      'raw',
      '-x',
      '',
      '-k',
      socketPath,
      path,
    ],
  };
  for (const [name, argvOf] of Object.entries(servers)) {
    it(`reads, and where it may writes, an export of ${name}`, async (context) => {
      const path = await makeDisk(context);
      const socketPath = join(await temporaryFolder(context), 'peer.sock');
      const abort = new AbortController();
      const running = run(argvOf(socketPath, path), { signal: abort.signal });
      context.after(async () => {
        abort.abort();
        await running;
      });
      const device = await connectPatiently(nbdUri({ socketPath, exportName: '' }));
      const content = Buffer.alloc(device.sizeBytes);
      await device.read(0, content);
      assert.ok(content.subarray(0, SIZE_BYTES).equals(await readFile(path)));
      const extents = await device.allocation(0, device.sizeBytes);
      const told = name !== 'nbdkit without structured replies';
      assert.equal(
        extents.some(({ zero }) => zero),
        told,
      );
      assert.equal(isWritable(device), name !== 'nbdkit');
      if (isWritable(device)) await checkWrites(device);
      await device.close();
    });
  }
});

async function checkWrites(device: ReadableBlockDevice): Promise<void> {
  assert.ok(isWritable(device));
  await device.write(5 * MIB, Buffer.alloc(70_000, 3));
  await device.writeZeroes(5 * MIB + 4096, 4096);
  await device.flush();
  const target = Buffer.alloc(70_000);
  await device.read(5 * MIB, target);
  assert.ok(target.equals(Buffer.alloc(70_000, 3).fill(0, 4096, 8192)));
}

/** The peer needs a moment until it listens. */
function connectPatiently(uri: string, options: NbdConnectOptions = {}) {
  const backoff = { initialMs: 50, maximumMs: 200 };
  return retry(() => connectNbd(uri, options), { attemptsMax: 50, backoff });
}
