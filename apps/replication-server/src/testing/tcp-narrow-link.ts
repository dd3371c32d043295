/**
 * Tests only: a way to a TCP port on which one connection is slow, however fast the machine, and several are
 * as many times faster: what a window is on a long link. Each connection passes at most NARROW_BYTES every
 * NARROW_MS towards the port; the way back is free.
 */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { systemClock } from '@landfall/runtime';

export const NARROW_BYTES = 32 * 1024;
export const NARROW_MS = 20;

export interface NarrowLink {
  readonly port: number;
  /** Of every connection there was, towards the port. */
  readonly bytesPassed: readonly number[];
  /** Ends one of those that are open; false when there is none of that number. */
  cut(index: number): boolean;
  close(): Promise<void>;
}

export async function openNarrowLink(targetPort: number): Promise<NarrowLink> {
  const bytesPassed: number[] = [];
  const open = new Map<number, Socket>();
  const server = createServer((near) => {
    const index = bytesPassed.push(0) - 1;
    open.set(index, near);
    const far = connect(targetPort, '127.0.0.1');
    const end = () => {
      open.delete(index);
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) socket.on('error', end).on('close', end);
    far.pipe(near);
    pass(near, far, (bytes) => {
      bytesPassed[index] = (bytesPassed[index] ?? 0) + bytes;
    }).catch(end);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    bytesPassed,
    cut: (index) => open.get(index)?.destroy() !== undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open.values()) socket.destroy();
      }),
  };
}

async function pass(near: Socket, far: Socket, onPassed: (bytes: number) => void): Promise<void> {
  for await (const arrived of near) {
    const bytes: Buffer = arrived;
    for (let at = 0; at < bytes.length; at += NARROW_BYTES) {
      const piece = bytes.subarray(at, at + NARROW_BYTES);
      far.write(piece);
      onPassed(piece.length);
      await systemClock.sleep(NARROW_MS);
    }
  }
  far.end();
}
