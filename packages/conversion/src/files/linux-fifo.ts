/**
 * A named pipe that a tool writes into and we read, without a thread that waits: what is not read stays in
 * the tool, so memory is bounded by the pipe.
 */
import { constants, openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { runChecked } from '@landfall/runtime';

export interface Fifo {
  readonly path: string;
  /** Ends when the writer has closed it. Destroy it and the writer is told that its pipe is broken. */
  readonly stream: Socket;
}

export async function createFifo(path: string): Promise<Fifo> {
  await rm(path, { force: true });
  await runChecked(['mkfifo', '-m', '600', path]);
  // Not blocking: it opens before there is a writer, and is no end of file until one has come and gone.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const stream = new Socket({ fd, readable: true, writable: false });
  // It may break before there is a reader, who is told when it comes; without a listener the process ends.
  stream.on('error', () => undefined);
  return { path, stream };
}
