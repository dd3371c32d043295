/**
 * Whether somebody answers on a port. A connection alone is no sign: what publishes the port accepts it
 * whether or not the guest does. So a byte has to come, by itself or after an empty line.
 */
import { createConnection } from 'node:net';
import { after } from '@landfall/runtime';

export interface LifeTarget {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
}

const QUIET_MS = 700;
const EMPTY_LINES = '\r\n\r\n';
const SHOWN_CHARACTERS_MAX = 60;

/** What it said first; `undefined`: nothing in time. */
export async function tcpAnswers({ host, port, timeoutMs }: LifeTarget): Promise<string | undefined> {
  const socket = createConnection({ host, port });
  return await new Promise<string | undefined>((resolve) => {
    const end = (said: string | undefined) => {
      for (const cancel of timers) cancel();
      socket.destroy();
      resolve(said);
    };
    const timers = [
      after(timeoutMs, () => end(undefined)),
      after(QUIET_MS, () => {
        if (socket.writable) socket.write(EMPTY_LINES);
      }),
    ];
    socket.once('error', () => end(undefined));
    socket.once('close', () => end(undefined));
    socket.once('data', (bytes) => end(printable(bytes)));
  });
}

function printable(bytes: Buffer): string {
  const [line = ''] = bytes.toString('latin1').split(/[\r\n]/);
  return `it said: ${line.replace(/[^ -~]/g, '.').slice(0, SHOWN_CHARACTERS_MAX)}`;
}
