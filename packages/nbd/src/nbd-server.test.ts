import assert from 'node:assert/strict';
import { chmod, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { FaultyDevice, isWritable, MemoryDevice, ReadOnlyDevice } from '@landfall/block';
import { describeBlockDevice, describeReadableBlockDevice } from '@landfall/block/conformance';
import { OperationError, runChecked, silentLogger } from '@landfall/runtime';
import { createNbdServer } from './nbd-server.ts';
import { connectNbd } from './tcp-client.ts';
import { serve } from './tcp-fixture.ts';

const MIB = 1024 * 1024;

describeBlockDevice('an NBD export of a writable device over a Unix socket', async (content, context) => {
  const { uri } = await serve(context, { disk: () => MemoryDevice.from(content) });
  const device = await connectNbd(uri('disk'));
  assert.ok(isWritable(device));
  return device;
});

describeReadableBlockDevice('an NBD export of a read-only device over TCP', async (content, context) => {
  const { tcpUri } = await serve(context, {
    disk: async () => new ReadOnlyDevice(await MemoryDevice.from(content)),
  });
  const device = await connectNbd(tcpUri('disk'));
  assert.ok(!isWritable(device));
  return device;
});

describe('an NBD server', () => {
  it('says which export there is not', async (context) => {
    const { uri } = await serve(context, { disk: () => new MemoryDevice(MIB) });
    await assert.rejects(connectNbd(uri('tape')), (error) => {
      assert.ok(error instanceof OperationError);
      assert.equal(error.code, 'NBD_EXPORT_REFUSED');
      assert.match(error.message, /no export named "tape"/);
      return true;
    });
  });

  it('tells the client why an export cannot be opened, and goes on', async (context) => {
    const { uri, events } = await serve(context, {
      disk: () => new MemoryDevice(MIB),
      broken: () => {
        throw new OperationError('EXTENT_DAMAGED', 'the manifest is damaged');
      },
    });
    await assert.rejects(connectNbd(uri('broken')), /the manifest is damaged/);
    assert.ok(events.includes('nbd-export-not-opened'));
    await (await connectNbd(uri('disk'))).close();
  });

  it('replies EIO to a read that fails, logs the first, and the connection lives on', async (context) => {
    const { uri, events } = await serve(context, {
      disk: async () =>
        new FaultyDevice(await MemoryDevice.from(Buffer.alloc(2 * MIB, 7)), ({ kind, offsetBytes }) => {
          if (kind === 'read' && offsetBytes >= MIB) throw new Error('unreadable sector');
        }),
    });
    const device = await connectNbd(uri('disk'));
    const target = Buffer.alloc(4096);
    for (let count = 0; count < 3; count += 1) {
      await assert.rejects(device.read(MIB, target), (error) => {
        assert.ok(error instanceof OperationError);
        assert.equal(error.code, 'NBD_REQUEST_FAILED');
        assert.match(error.message, /refused READ of 4096 bytes at 1048576: EIO: unreadable sector/);
        return true;
      });
    }
    // The first part of this read comes, the second does not.
    await assert.rejects(device.read(MIB - 300_000, Buffer.alloc(600_000)), /EIO/);
    await device.read(0, target);
    assert.deepEqual(target, Buffer.alloc(4096, 7));
    assert.equal(events.filter((event) => event === 'nbd-request-failed').length, 1);
    await device.close();
  });

  it('serves many requests of one connection at the same time, but no more than its maximum', async (context) => {
    let running = 0;
    let runningMax = 0;
    const { uri } = await serve(context, {
      disk: () =>
        new FaultyDevice(new MemoryDevice(MIB), async () => {
          running += 1;
          runningMax = Math.max(runningMax, running);
          await new Promise((resolve) => setTimeout(resolve, 5));
          running -= 1;
        }),
    });
    const device = await connectNbd(uri('disk'));
    await Promise.all(Array.from({ length: 60 }, () => device.read(0, Buffer.alloc(512))));
    assert.equal(runningMax, 16);
    await device.close();
  });

  it('finds one extent of a large disk without looking at all of it', async (context) => {
    let lookedAtBytes = 0;
    const inner = new MemoryDevice(2 ** 40);
    await inner.write(0, Buffer.alloc(65_536, 1));
    const { uri } = await serve(context, {
      disk: () =>
        new FaultyDevice(inner, ({ kind, lengthBytes }) => {
          if (kind === 'allocation') lookedAtBytes += lengthBytes;
        }),
    });
    await runChecked(['qemu-io', '-r', '-f', 'raw', '-c', 'alloc 0 64k', uri('disk')]);
    assert.ok(lookedAtBytes <= 4 * MIB, `${lookedAtBytes} bytes`);
  });

  it('closes the device of a connection when it ends, after its last operation', async (context) => {
    let reading = false;
    let finish = () => {};
    const started = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let gate = () => {};
    const gateOpen = new Promise<void>((resolve) => {
      gate = resolve;
    });
    const inner = new FaultyDevice(new MemoryDevice(MIB), async () => {
      reading = true;
      finish();
      await gateOpen;
      reading = false;
    });
    const closed = new Promise<boolean>((resolve) => {
      inner.close = async () => resolve(reading);
    });
    const { uri, server } = await serve(context, { disk: () => inner });
    const device = await connectNbd(uri('disk'));
    const read = device.read(0, Buffer.alloc(512));
    await started;
    await Promise.all([assert.rejects(read, { code: 'NBD_CONNECTION_LOST' }), device.close()]);
    gate();
    assert.equal(await closed, false, 'the device was closed while it was read');
    await server.close();
    assert.equal(server.connectionCount, 0);
  });

  it('refuses connections beyond its maximum and serves again when one has gone', async (context) => {
    const devices = { disk: () => new MemoryDevice(MIB) };
    const { uri, server } = await serve(context, devices, { connectionsMax: 2 });
    const first = await connectNbd(uri('disk'));
    const second = await connectNbd(uri('disk'));
    await assert.rejects(connectNbd(uri('disk')), { code: 'NBD_CONNECTION_LOST' });
    await first.close();
    while (server.connectionCount > 1) await new Promise((resolve) => setImmediate(resolve));
    const third = await connectNbd(uri('disk'));
    await Promise.all([second.close(), third.close()]);
  });

  it('ends the connections of its clients when it closes', async (context) => {
    const { uri, server } = await serve(context, { disk: () => new MemoryDevice(MIB) });
    const device = await connectNbd(uri('disk'));
    await server.close();
    await assert.rejects(device.read(0, Buffer.alloc(512)), { code: 'NBD_CONNECTION_LOST' });
    await device.close();
    await assert.rejects(connectNbd(uri('disk')), { code: 'NBD_CONNECT_FAILED' });
  });
});

describe("an NBD server's socket file", () => {
  const exports = { list: async () => [], open: async () => undefined };
  const failed = { name: 'OperationError', code: 'NBD_LISTEN_FAILED' };

  it('is for its owner alone, and goes with the server', async (context) => {
    const { socketPath, server } = await serve(context, {});
    assert.equal((await stat(socketPath)).mode & 0o777, 0o600);
    await server.close();
    await assert.rejects(stat(socketPath), { code: 'ENOENT' });
  });

  it('replaces one that a killed process left behind', async (context) => {
    const { folder } = await serve(context, {});
    const socketPath = join(folder, 'stale.sock');
    const listenAndDie = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 9))`;
    await assert.rejects(runChecked([process.execPath, '-e', listenAndDie, socketPath]));
    assert.ok((await stat(socketPath)).isSocket());
    const server = createNbdServer({ exports, logger: silentLogger });
    await server.listen({ socketPath });
    await server.close();
  });

  it('is left alone when it is in use, is no socket, or cannot be made', async (context) => {
    const { folder, socketPath } = await serve(context, {});
    const server = createNbdServer({ exports, logger: silentLogger });
    await assert.rejects(server.listen({ socketPath }), failed);
    const filePath = join(folder, 'notes.txt');
    await writeFile(filePath, 'mine');
    await chmod(filePath, 0o600);
    await assert.rejects(server.listen({ socketPath: filePath }), failed);
    await assert.rejects(server.listen({ socketPath: join(folder, 'no/such/folder.sock') }), failed);
    await assert.rejects(server.listen({ socketPath: join(folder, 'x'.repeat(120)) }), failed);
    await server.close();
  });

  it('is refused with a reason when the TCP port is taken', async (context) => {
    const { tcpUri } = await serve(context, {});
    const server = createNbdServer({ exports, logger: silentLogger });
    const port = Number(new URL(tcpUri('')).port);
    await assert.rejects(server.listen({ host: '127.0.0.1', port }), failed);
    await server.close();
  });
});
