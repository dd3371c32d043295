import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { FaultyDevice, MemoryDevice, ReadOnlyDevice } from '@landfall/block';
import fc from 'fast-check';
import { temporaryFolder } from './file-fixture.ts';
import { encodeGreeting, encodeOption, GREETING_BYTES } from './handshake-codec.ts';
import { COMMAND, ERRNO, OPTION } from './protocol.ts';
import { connectNbd } from './tcp-client.ts';
import { connectRaw, connectSimple, type ServerFixture, serve } from './tcp-fixture.ts';
import { listenOn } from './tcp-listener.ts';
import type { TcpStream } from './tcp-stream.ts';
import { decodeReplyHeader, encodeRequest, SIMPLE_REPLY_BYTES } from './transmission-codec.ts';

const MIB = 1024 * 1024;

function request(command: number, offsetBytes = 0, lengthBytes = 0): Buffer {
  return encodeRequest({ command, flags: 0, cookie: 9n, offsetBytes, lengthBytes });
}

async function replyErrno(stream: TcpStream): Promise<number> {
  const header = decodeReplyHeader((await stream.next(SIMPLE_REPLY_BYTES)) ?? Buffer.alloc(0));
  assert.ok(header.kind === 'SIMPLE' && header.cookie === 9n);
  return header.errno;
}

/** Whatever a client did before, the next one is served. */
async function assertServes({ uri }: ServerFixture): Promise<void> {
  const device = await connectNbd(uri('disk'));
  await device.read(0, Buffer.alloc(4096));
  await device.close();
}

/** The server ends the connection; what it may have said before does not matter. */
async function assertDropped(stream: TcpStream): Promise<void> {
  try {
    while ((await stream.next(1)) !== undefined);
  } catch (error) {
    assert.match(String(error), /NBD connection was lost/);
  }
}

function serveDisk(context: TestContext, options = {}) {
  const disk = async () => new ReadOnlyDevice(await MemoryDevice.from(Buffer.alloc(4 * MIB, 7)));
  return serve(context, { disk }, options);
}

describe('a client with simple replies', () => {
  it('reads, and gets an errno for each mistake on a connection that goes on', async (context) => {
    const fixture = await serveDisk(context);
    const stream = await connectSimple(context, fixture.socketPath, 'disk');
    const mistakes: [Buffer[], number][] = [
      [[request(COMMAND.READ, 4 * MIB, 1)], ERRNO.EINVAL],
      [[request(COMMAND.READ, 0, 2 ** 32 - 1)], ERRNO.EINVAL],
      [[request(COMMAND.WRITE, 0, 5), Buffer.from('bytes')], ERRNO.EPERM],
      [[request(COMMAND.BLOCK_STATUS, 0, 512)], ERRNO.EINVAL],
      [[request(77)], ERRNO.EINVAL],
      [[request(COMMAND.FLUSH)], 0],
      [[request(COMMAND.CACHE, 0, 512)], 0],
    ];
    for (const [message, errno] of mistakes) {
      await stream.write(...message);
      assert.equal(await replyErrno(stream), errno);
    }
    await stream.write(request(COMMAND.READ, 100, 300_000));
    assert.equal(await replyErrno(stream), 0);
    assert.deepEqual(await stream.next(300_000), Buffer.alloc(300_000, 7));
    await stream.write(request(COMMAND.DISC));
    assert.equal(await stream.next(1), undefined);
  });
});

describe('a bad client', () => {
  it('that speaks something else is dropped, logged once', async (context) => {
    const fixture = await serveDisk(context);
    const stream = connectRaw(context, fixture.socketPath);
    await stream.write(Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'));
    await assertDropped(stream);
    await assertServes(fixture);
    assert.equal(fixture.events.filter((event) => event === 'nbd-connection-dropped').length, 1);
  });

  it('that claims an oversized option, write or magic number is dropped', async (context) => {
    const fixture = await serveDisk(context);
    const option = encodeOption(OPTION.GO);
    option.writeUInt32BE(2 ** 32 - 1, 12);
    const inHandshake = connectRaw(context, fixture.socketPath);
    await inHandshake.next(GREETING_BYTES);
    await inHandshake.write(Buffer.from([0, 0, 0, 3]), option);
    await assertDropped(inHandshake);
    const wrongMagic = request(COMMAND.READ, 0, 512);
    wrongMagic[0] = 0;
    for (const message of [request(COMMAND.WRITE, 0, 2 ** 32 - 1), wrongMagic]) {
      const stream = await connectSimple(context, fixture.socketPath, 'disk');
      await stream.write(message);
      await assertDropped(stream);
    }
    await assertServes(fixture);
    assert.equal(fixture.events.filter((event) => event === 'nbd-connection-dropped').length, 3);
  });

  it('that asks by EXPORT_NAME for what there is not is dropped', async (context) => {
    const fixture = await serveDisk(context);
    await assertDropped(await connectSimple(context, fixture.socketPath, 'tape'));
    await assertServes(fixture);
  });

  it('that never finishes its handshake is dropped', async (context) => {
    const fixture = await serveDisk(context, { handshakeTimeoutMs: 500 });
    await assertDropped(connectRaw(context, fixture.socketPath));
    await assertServes(fixture);
  });

  it('that stops in the middle of a request is dropped, one that is idle between requests is not', async (context) => {
    const fixture = await serveDisk(context, { stallTimeoutMs: 250 });
    const idle = await connectSimple(context, fixture.socketPath, 'disk');
    const stalled = await connectSimple(context, fixture.socketPath, 'disk');
    await stalled.write(request(COMMAND.READ, 0, 512).subarray(0, 20));
    await assertDropped(stalled);
    await idle.write(request(COMMAND.READ, 0, 512));
    assert.equal(await replyErrno(idle), 0);
    await idle.next(512);
    await idle.write(request(COMMAND.READ, 0, 512).subarray(0, 20));
    await assertDropped(idle);
  });

  it('that takes no replies costs bounded memory, holds up nobody, and is dropped', async (context) => {
    let readBytes = 0;
    const inner = await MemoryDevice.from(Buffer.alloc(4 * MIB, 7));
    const count = ({ lengthBytes }: { lengthBytes: number }) => {
      readBytes += lengthBytes;
    };
    const disk = () => new FaultyDevice(inner, count);
    const fixture = await serve(context, { disk }, { stallTimeoutMs: 600 });
    const stuck = await connectSimple(context, fixture.socketPath, 'disk');
    const requests = Buffer.concat(Array.from({ length: 20_000 }, () => request(COMMAND.READ, 0, 4 * MIB)));
    const sent = stuck.write(requests);
    await assertServes(fixture);
    while (fixture.server.connectionCount > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    // What is in flight at most, and what the socket's own buffers took.
    assert.ok(readBytes <= 80 * MIB, `${readBytes / MIB} MiB were read for it`);
    await Promise.allSettled([sent]);
    assert.ok(fixture.events.includes('nbd-connection-dropped'));
  });

  it('that disconnects in the middle of anything leaves nothing behind', async (context) => {
    const fixture = await serveDisk(context);
    const messages = [
      Buffer.alloc(0),
      request(COMMAND.READ, 0, 4 * MIB),
      request(COMMAND.READ, 0, 512).subarray(0, 7),
      Buffer.concat([request(COMMAND.WRITE, 0, MIB), Buffer.alloc(1000)]),
    ];
    for (const message of messages) {
      const stream = await connectSimple(context, fixture.socketPath, 'disk');
      if (message.length > 0) await stream.write(message);
      stream.destroy(new Error('gone'));
    }
    while (fixture.server.connectionCount > 0) await new Promise((resolve) => setImmediate(resolve));
    await assertServes(fixture);
  });

  it('that sends any bytes, in the handshake or after it, does not stop the server', async (context) => {
    const fixture = await serveDisk(context, { handshakeTimeoutMs: 5000, stallTimeoutMs: 5000 });
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 }).map((content) => Buffer.from(content));
    const requestLike = fc
      .tuple(fc.nat(9), fc.maxSafeNat(), fc.nat(2 ** 32 - 1), bytes)
      .map(([command, offset, length, tail]) => Buffer.concat([request(command, offset, length), tail]));
    const property = fc.asyncProperty(
      fc.constantFrom('first', 'options', 'transmission'),
      fc.array(fc.oneof(bytes, requestLike), { minLength: 1, maxLength: 4 }),
      async (phase, messages) => {
        const stream =
          phase === 'transmission'
            ? await connectSimple(context, fixture.socketPath, 'disk')
            : connectRaw(context, fixture.socketPath);
        const opening = phase === 'options' ? [Buffer.from([0, 0, 0, 3])] : [];
        const sent = stream.write(...opening, ...messages);
        await Promise.allSettled([sent]);
        stream.destroy(new Error('enough'));
      },
    );
    await fc.assert(property, { numRuns: Number(process.env.LANDFALL_PROPERTY_RUNS ?? 100) });
    while (fixture.server.connectionCount > 0) await new Promise((resolve) => setImmediate(resolve));
    await assertServes(fixture);
  });
});

describe('a bad server', () => {
  it('that greets wrongly, or answers nonsense, is an error with a code', async (context) => {
    const replies = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 400 }).map((content) => Buffer.from(content)),
      fc
        .uint8Array({ minLength: 1, maxLength: 400 })
        .map((content) => Buffer.concat([encodeGreeting(), Buffer.from(content)])),
    );
    const socketPath = `${await temporaryFolder(context)}/bad.sock`;
    let reply = Buffer.alloc(0);
    const onStream = (stream: TcpStream) => {
      // Whether the client took it all does not matter.
      stream.write(reply).catch((error) => assert.match(String(error), /lost/));
      stream.end();
    };
    const listener = await listenOn({ socketPath }, { stallTimeoutMs: 1000, onStream });
    context.after(() => listener.close());
    const codes = new Set<string>();
    const property = fc.asyncProperty(replies, async (content) => {
      reply = content;
      await assert.rejects(connectNbd({ socketPath, exportName: 'x' }), (error: NodeJS.ErrnoException) => {
        codes.add(String(error.code));
        return true;
      });
    });
    await fc.assert(property, { numRuns: 100 });
    for (const code of codes) {
      assert.ok(['NBD_PROTOCOL_VIOLATION', 'NBD_CONNECTION_LOST', 'NBD_CONNECT_FAILED'].includes(code), code);
    }
  });

  it('that says nothing is given up on', async (context) => {
    const socketPath = `${await temporaryFolder(context)}/silent.sock`;
    const onStream = async (stream: TcpStream) => {
      while ((await stream.next(1)) !== undefined);
      stream.end();
    };
    const listener = await listenOn({ socketPath }, { stallTimeoutMs: 1000, onStream });
    context.after(() => listener.close());
    const options = { connectTimeoutMs: 50 };
    await assert.rejects(connectNbd({ socketPath, exportName: 'x' }, options), { code: 'NBD_TIMEOUT' });
  });

  it('that does not answer a request is given up on, with everything under way', async (context) => {
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const disk = () => new FaultyDevice(new MemoryDevice(MIB), () => answered);
    const fixture = await serve(context, { disk });
    const device = await connectNbd(fixture.uri('disk'), { requestTimeoutMs: 300 });
    const reads = [device.read(0, Buffer.alloc(512)), device.read(512, Buffer.alloc(512))];
    for (const read of reads) await assert.rejects(read, { code: 'NBD_TIMEOUT' });
    await assert.rejects(device.read(0, Buffer.alloc(512)), { code: 'NBD_TIMEOUT' });
    await device.close();
    answer();
  });
});
